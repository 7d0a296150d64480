//! Refused attempts are recorded, too: in the stream of the user who tried. A bound keeps anybody from flooding the
//! ledger with them; what is beyond it is counted, and the count is recorded.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hub_domain::kernel::{Actor, TenantId, UserId};
use hub_domain::user::{CommandRefused, RefusalsCounted, RefusedAs, User, UserCommand};
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::{Caller, Permission};
use crate::dispatcher::{Dispatcher, Options};
use crate::error::CommandError;
use crate::ports::IdempotencyKey;
use crate::telemetry;

/// Refusals of one user that have an event of their own, within [`WINDOW`].
pub const RECORDED: u32 = 60;
const WINDOW: Duration = Duration::from_mins(1);
/// Users whose windows are remembered.
const USERS: u64 = 10_000;
/// The command under which counted refusals stand in the log.
const COUNT: &str = "user.count_refusals";

/// What is known of refusals that were recorded lately.
pub struct Refusals {
    users: Cache<(TenantId, Actor), Arc<Mutex<Window>>>,
    counting: TaskTracker,
    closing: CancellationToken,
}

/// The refusals of one user. Locked while one is written, so that a user's attempts do not contend with each other.
struct Window {
    began: Instant,
    recorded: u32,
    counted: u64,
}

impl Default for Refusals {
    fn default() -> Self {
        let users = Cache::builder().max_capacity(USERS).time_to_idle(2 * WINDOW).build();
        Self { users, counting: TaskTracker::new(), closing: CancellationToken::new() }
    }
}

impl Refusals {
    fn of(&self, caller: &Caller) -> Arc<Mutex<Window>> {
        let fresh = || Arc::new(Mutex::new(Window { began: Instant::now(), recorded: 0, counted: 0 }));
        self.users.get_with((caller.tenant, caller.actor.clone()), fresh)
    }
}

impl Dispatcher {
    /// Carries out a critical command; if it is refused, that is recorded. `target` is the stream that it is about, as the
    /// caller named it. Every service passes its commands through here, with all that it checks beside the ledger.
    pub async fn accountable<T>(
        self: &Arc<Self>,
        caller: &Caller,
        name: &'static str,
        target: Option<&str>,
        options: &Options,
        work: impl Future<Output = Result<T, CommandError>>,
    ) -> Result<T, CommandError> {
        let result = Box::pin(work).await;
        if let Err(error) = &result
            && !options.dry_run
            && caller.actor.as_str().parse::<UserId>().is_ok()
            && let Some((code, kind)) = refusal(error)
        {
            let (command, target) = (name.to_owned(), target.map(str::to_owned));
            let refused = CommandRefused { command, target, code: code.to_owned(), kind };
            Box::pin(self.record_refusal(caller, name, refused, options)).await;
        }
        result
    }

    /// Records counts that wait for the end of their minute. Call when no more commands come.
    pub async fn settle(&self) {
        self.refusals.closing.cancel();
        self.refusals.counting.close();
        self.refusals.counting.wait().await;
    }

    /// The caller is refused either way: what goes wrong here is logged and counted.
    async fn record_refusal(
        self: &Arc<Self>,
        caller: &Caller,
        name: &'static str,
        refused: CommandRefused,
        options: &Options,
    ) {
        let of_user = self.refusals.of(caller);
        let mut window = of_user.lock().await;
        if window.began.elapsed() >= WINDOW {
            (window.began, window.recorded) = (Instant::now(), 0);
        }
        if window.recorded >= RECORDED {
            window.counted += 1;
            telemetry::refusal("counted");
            if window.counted == 1 {
                self.count_later(caller.clone(), window.began + WINDOW, Arc::clone(&of_user));
            }
            return;
        }
        window.recorded += 1;
        let key = key(caller, &refused.code, options);
        let options = Options { if_match: None, idempotency_key: None, ..options.clone() };
        self.note(caller, name, UserCommand::NoteRefusal(refused), &options, key).await;
    }

    fn count_later(self: &Arc<Self>, caller: Caller, end: Instant, of_user: Arc<Mutex<Window>>) {
        let this = Arc::clone(self);
        self.refusals.counting.spawn(async move {
            tokio::select! {
                () = sleep_until(end) => {}
                () = this.refusals.closing.cancelled() => {}
            }
            let mut window = of_user.lock().await;
            let count = std::mem::take(&mut window.counted);
            tracing::warn!(user = %caller.actor, count, "refusals beyond the bound were only counted");
            let counted = RefusalsCounted { count, seconds: WINDOW.as_secs() };
            let command = UserCommand::CountRefusals(counted);
            this.note(&caller, COUNT, command, &Options::default(), None).await;
        });
    }

    async fn note(
        &self,
        caller: &Caller,
        name: &'static str,
        command: UserCommand,
        options: &Options,
        key: Option<IdempotencyKey>,
    ) {
        let stream = caller.actor.as_str();
        let recorded = match caller.authorise(Permission::ManageSelf) {
            Ok(()) => self.decide::<User>(caller, name, stream, command, options, key).await.map(drop),
            Err(denied) => Err(denied.into()),
        };
        match recorded {
            Ok(()) => telemetry::refusal("recorded"),
            Err(error) => {
                telemetry::refusal("failed");
                tracing::error!(user = %stream, command = name, %error, "a refusal could not be recorded");
            }
        }
    }
}

/// What of an error is a refusal: its problem code and its family. The rest was either malformed or is our own trouble.
fn refusal(error: &CommandError) -> Option<(&'static str, RefusedAs)> {
    match error {
        CommandError::Denied(_) => Some(("forbidden", RefusedAs::Forbidden)),
        CommandError::Refused(refusal) => Some((refusal.code(), refusal.kind().into())),
        CommandError::PreconditionFailed { .. } => Some(("precondition-failed", RefusedAs::Precondition)),
        CommandError::NameTaken { .. } => Some(("name-taken", RefusedAs::Conflict)),
        CommandError::Contended
        | CommandError::KeyReused
        | CommandError::TooLarge { .. }
        | CommandError::Invalid { .. }
        | CommandError::Overloaded { .. }
        | CommandError::Stopping
        | CommandError::Unavailable(_)
        | CommandError::OutcomeUnknown(_)
        | CommandError::Damaged { .. } => None,
    }
}

/// Under which key the refusal of a request is remembered. Made of all that was asked, so that nobody hides an attempt
/// behind the key of another; the space keeps it apart from the keys of commands.
fn key(caller: &Caller, code: &str, options: &Options) -> Option<IdempotencyKey> {
    let key = options.idempotency_key.as_deref()?;
    let mut digest = Sha256::new();
    for part in [code.as_bytes(), &options.fingerprint, key.as_bytes()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = data_encoding::HEXLOWER.encode(&digest.finalize());
    Some(IdempotencyKey {
        key: format!("{} refused/{digest}", caller.actor),
        fingerprint: options.fingerprint,
    })
}

#[cfg(test)]
mod tests;
