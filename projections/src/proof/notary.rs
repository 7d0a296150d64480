//! The notary: signs checkpoints over every tenant's ledger, and one over all of these.
//!
//! Several hub processes may run it. The index of a checkpoint is taken by whoever keeps it first; the other looks again.

use std::sync::Arc;
use std::time::Duration;

use hub_domain::ledger::{Checkpoint, KeyError, Note, SigningKey, origin};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::hashes::{grow, root_at};
use super::{Due, Issued, Outlook, ProofStore, Tree};
use crate::feed::FeedError;
use crate::telemetry;

/// How long the last look may take once the hub was told to stop.
const LAST: Duration = Duration::from_secs(5);

/// When checkpoints are signed.
#[derive(Clone, Copy, Debug)]
pub struct NotarySettings {
    /// Between two looks at the log.
    pub look: Duration,
    /// After so many new events.
    pub events: u64,
    /// With fewer of them after this time.
    pub within: Duration,
    /// With none at all after this time.
    pub idle: Duration,
}

impl Default for NotarySettings {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(1),
            events: 1000,
            within: Duration::from_secs(10),
            idle: Duration::from_mins(15),
        }
    }
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// What stands under an earlier checkpoint is not what was signed.
    #[error(
        "{of} has been rewritten: its first {size} leaves no longer come to the root that was signed; nothing more is signed \
         for it"
    )]
    Rewritten {
        /// Whose ledger.
        of: String,
        /// The checkpoint's size.
        size: u64,
    },
    /// Another key has signed this ledger last.
    #[error("the ledger is signed by `{theirs}`, and this hub has `{ours}`")]
    AnotherKey {
        /// The newest key.
        theirs: String,
        /// This hub's.
        ours: String,
    },
    /// The key cannot be named so.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] FeedError),
}

/// Signs.
#[derive(Clone)]
pub struct Notary {
    store: Arc<dyn ProofStore>,
    key: SigningKey,
    settings: NotarySettings,
}

impl std::fmt::Debug for Notary {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Notary")
            .field("key", &self.key)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Notary {
    /// Takes up the office. A ledger that another key signs is refused: two hubs would contradict each other.
    pub async fn open(
        store: Arc<dyn ProofStore>,
        key: SigningKey,
        settings: NotarySettings,
    ) -> Result<Self, NotaryError> {
        let ours = key.verifier().to_string();
        let theirs = store.adopt_key(&ours).await?;
        if theirs != ours {
            return Err(NotaryError::AnotherKey { theirs, ours });
        }
        Ok(Self { store, key, settings })
    }

    /// Looks at the log again and again until cancelled, and once more then, so that what was done is under a checkpoint.
    pub async fn run(self, cancel: CancellationToken) {
        if let Err(cause) = self.renew().await {
            tracing::warn!(%cause, "checkpoints of an earlier key could not be signed anew");
        }
        let mut looks = interval(self.settings.look);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(looks.tick()).await.is_some() {
            self.try_look(false).await;
        }
        if timeout(LAST, self.try_look(true)).await.is_err() {
            tracing::warn!("the newest events are not under a checkpoint yet; the next start sees to it");
        }
    }

    async fn try_look(&self, at_once: bool) {
        if let Err(cause) = self.look(at_once).await {
            tracing::warn!(%cause, "no checkpoint could be signed");
        }
    }

    /// Signs what is due, or with `at_once` whatever is new. Answers how many tenants' checkpoints that were.
    pub async fn look(&self, at_once: bool) -> Result<usize, NotaryError> {
        let idle = self.settings.idle.as_micros() as i64;
        self.sign_due(self.store.outlook(idle).await?, |due, now| at_once || self.is_due(due, now)).await
    }

    /// Signs anew what another key signed last, after a rotation: whoever asks is shown what this key vouches for.
    async fn renew(&self) -> Result<usize, NotaryError> {
        if self.store.signing_keys().await?.len() < 2 {
            return Ok(0);
        }
        let own = |due: &Due| {
            let key = self.key.verifier().named(&origin(self.key.name(), due.tenant)).ok()?;
            let note: Note = due.newest.as_ref()?.note.parse().ok()?;
            note.signed_by(&key).ok()
        };
        self.sign_due(self.store.outlook(0).await?, |due, _| own(due).is_none()).await
    }

    async fn sign_due(
        &self,
        outlook: Outlook,
        wanted: impl Fn(&Due, i64) -> bool,
    ) -> Result<usize, NotaryError> {
        let ours = self.key.verifier().to_string();
        if let Some(theirs) = outlook.signer.clone().filter(|theirs| *theirs != ours) {
            return Err(NotaryError::AnotherKey { theirs, ours });
        }
        metrics::gauge!(telemetry::UNSIGNED_SECONDS).set(waiting(&outlook));
        let mut issued = Vec::new();
        for due in &outlook.due {
            if !wanted(due, outlook.now) {
                continue;
            }
            match self.sign(due, &outlook, outlook.entries + issued.len() as u64).await {
                Ok(checkpoint) => issued.push(checkpoint),
                // One tenant's trouble is not the others'.
                Err(cause @ NotaryError::Rewritten { .. }) => report(&cause),
                Err(cause) => return Err(cause),
            }
        }
        if !issued.is_empty() {
            if !self.store.issue(&issued).await? {
                return Ok(0);
            }
            metrics::counter!(telemetry::CHECKPOINTS).increment(issued.len() as u64);
        }
        self.sign_whole(outlook.entries + issued.len() as u64, outlook.now).await?;
        Ok(issued.len())
    }

    fn is_due(&self, due: &Due, now: i64) -> bool {
        let Some(newest) = &due.newest else { return true };
        let (new, age) = (due.size.saturating_sub(newest.size), now.saturating_sub(newest.issued_at));
        let passed = |wait: Duration| age >= wait.as_micros() as i64;
        new >= self.settings.events || (new > 0 && passed(self.settings.within)) || passed(self.settings.idle)
    }

    async fn sign(&self, due: &Due, outlook: &Outlook, entry: u64) -> Result<Issued, NotaryError> {
        let (store, tree) = (&*self.store, Tree::Tenant(due.tenant));
        let origin = origin(self.key.name(), due.tenant);
        if let Some(before) = &due.newest
            && (due.size < before.size || root_at(store, tree, before.size).await? != before.root)
        {
            return Err(NotaryError::Rewritten { of: origin, size: before.size });
        }
        grow(store, tree, due.size).await?;
        let root = root_at(store, tree, due.size).await?;
        let note =
            Checkpoint { origin: origin.clone(), size: due.size, root }.sign(&self.key.named(&origin)?);
        Ok(Issued {
            entry,
            tenant: due.tenant,
            size: due.size,
            root,
            position: outlook.position,
            issued_at: outlook.now,
            note: note.to_string(),
        })
    }

    /// Signs the log over all checkpoints, where it has grown.
    async fn sign_whole(&self, size: u64, now: i64) -> Result<(), NotaryError> {
        let newest = self.store.newest_whole().await?;
        if size == 0 || newest.is_some_and(|(newest, _)| newest >= size) {
            return Ok(());
        }
        let origin = self.key.name().to_owned();
        if let Some((size, root)) = newest
            && root_at(&*self.store, Tree::Whole, size).await? != root
        {
            let cause = NotaryError::Rewritten { of: origin, size };
            report(&cause);
            return Err(cause);
        }
        grow(&*self.store, Tree::Whole, size).await?;
        let root = root_at(&*self.store, Tree::Whole, size).await?;
        let note = Checkpoint { origin, size, root }.sign(&self.key).to_string();
        Ok(self.store.issue_whole(size, root, now, &note).await?)
    }
}

/// Seconds since the oldest checkpoint that no longer covers its ledger.
fn waiting(outlook: &Outlook) -> f64 {
    let behind =
        outlook.due.iter().filter_map(|due| due.newest.as_ref().filter(|newest| newest.size < due.size));
    let oldest = behind.map(|newest| outlook.now - newest.issued_at).max();
    oldest.unwrap_or(0) as f64 / 1e6
}

fn report(cause: &NotaryError) {
    metrics::gauge!(telemetry::REWRITTEN).set(1.0);
    tracing::error!(%cause, "the ledger is not what was signed");
}
