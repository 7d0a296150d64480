//! What the routes work with.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use hub_commands::accounts::Accounts;
use hub_commands::clusters::Clusters;
use hub_commands::exports::Exports;
use hub_commands::ports::{Clock, EventLog, Ids, Vault};
use hub_commands::{Caller, CommandError, Options};
use hub_domain::kernel::{Actor, TenantId};
use hub_projections::outlet::{OutletMaker, OutletStore};
use hub_projections::proof::Proofs;
use hub_projections::{AsOf, ReadModels};
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::auth::{Sessions, Tokens};
use crate::extract::AsOfParams;
use crate::middleware::limits::Limits;
use crate::middleware::sender::TrustedProxies;
use crate::problem::{Entry, Problem};
use crate::streams::Streams;

/// Idempotency keys that are remembered for taking turns, and for how long after their last use. What they stand for
/// is in the ledger; this only orders those that come at once.
const KEYS: u64 = 20_000;
const KEYS_IDLE: Duration = Duration::from_mins(1);

/// What can be tuned.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests a minute that a user may send; an address without a session as many.
    pub rate_limit_per_minute: u32,
    /// Requests under way at once; what comes on top is shed with 503.
    pub requests_at_once: usize,
    /// Open event streams of this process.
    pub streams_at_once: usize,
    /// For how long a query waits for its `min_position`.
    pub read_wait: Duration,
    /// Whether the hub itself speaks TLS: then answers carry HSTS.
    pub tls: bool,
    /// Who shows this may read `/metrics` from anywhere. Without one only this machine may.
    pub metrics_token: Option<SecretString>,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: TrustedProxies,
    /// Below which path all of it is reached: `""` or `/hub`. Routes are asked for without it; links carry it.
    pub path_prefix: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_limit_per_minute: 1000,
            requests_at_once: 1024,
            streams_at_once: 4096,
            read_wait: Duration::from_secs(5),
            tls: false,
            metrics_token: None,
            trusted_proxies: TrustedProxies::default(),
            path_prefix: String::new(),
        }
    }
}

/// One thing that must work for the hub to be ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is: `"ledger"`.
    pub name: &'static str,
    /// Whether it works.
    pub ready: bool,
}

/// All that the hub hands to the edge.
pub struct Parts {
    /// Users and their sessions.
    pub accounts: Arc<Accounts>,
    /// Clusters.
    pub clusters: Arc<Clusters>,
    /// Exports.
    pub exports: Arc<Exports>,
    /// How far what leaves the hub has come.
    pub outlets: Arc<dyn OutletStore>,
    /// Opens an export's way out, to test it.
    pub maker: Arc<dyn OutletMaker>,
    /// What queries read.
    pub read: Arc<ReadModels>,
    /// What proves the ledger.
    pub proofs: Proofs,
    /// Asked for its head only.
    pub log: Arc<dyn EventLog>,
    /// Derives the keys of tokens and fingerprints, and opens from where somebody acted.
    pub vault: Arc<dyn Vault>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Trace ids.
    pub ids: Arc<dyn Ids>,
    /// What can be tuned.
    pub settings: Settings,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    /// Looks at what must work.
    pub ready: Box<dyn Fn() -> BoxFuture<'static, Vec<Check>> + Send + Sync>,
}

/// The edge's shared state. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    tokens: Tokens,
    sessions: Sessions,
    fingerprints: SecretSlice<u8>,
    limits: Limits,
    turns: Semaphore,
    streams: Streams,
    commands: TaskTracker,
    keys: Cache<(TenantId, Actor, String), Arc<Mutex<()>>>,
    stopping: CancellationToken,
    document: OnceLock<String>,
}

impl App {
    /// Derives the keys and sets up limits.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            tokens: Tokens::new(&parts.vault.derive("access-token"), Arc::clone(&parts.clock)),
            sessions: Sessions::new(Arc::<Accounts>::clone(&parts.accounts)),
            fingerprints: parts.vault.derive("request-fingerprint"),
            limits: Limits::new(parts.settings.rate_limit_per_minute),
            turns: Semaphore::new(parts.settings.requests_at_once),
            streams: Streams::new(parts.settings.streams_at_once),
            commands: TaskTracker::new(),
            keys: Cache::builder().max_capacity(KEYS).time_to_idle(KEYS_IDLE).build(),
            stopping: CancellationToken::new(),
            document: OnceLock::new(),
            parts,
        }))
    }

    /// Ends the event streams, which would hold a graceful shutdown up for ever.
    pub fn stop(&self) {
        self.0.stopping.cancel();
    }

    /// Waits until every accepted command has come to its end, also those whose clients went away.
    pub async fn finish(&self) {
        self.stop();
        self.0.commands.close();
        self.0.commands.wait().await;
    }

    pub(crate) fn accounts(&self) -> &Arc<Accounts> {
        &self.0.parts.accounts
    }

    pub(crate) fn clusters(&self) -> &Arc<Clusters> {
        &self.0.parts.clusters
    }

    pub(crate) fn exports(&self) -> &Arc<Exports> {
        &self.0.parts.exports
    }

    pub(crate) fn outlets(&self) -> &Arc<dyn OutletStore> {
        &self.0.parts.outlets
    }

    pub(crate) fn maker(&self) -> &Arc<dyn OutletMaker> {
        &self.0.parts.maker
    }

    pub(crate) fn read(&self) -> &Arc<ReadModels> {
        &self.0.parts.read
    }

    pub(crate) fn vault(&self) -> &dyn Vault {
        self.0.parts.vault.as_ref()
    }

    pub(crate) fn proofs(&self) -> &Proofs {
        &self.0.parts.proofs
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        self.0.parts.ids.as_ref()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.0.parts.clock.as_ref()
    }

    /// A path of the API as clients reach it.
    pub(crate) fn reached(&self, path: &str) -> String {
        format!("{}{path}", self.settings().path_prefix)
    }

    /// The `OpenAPI` document, which says where the API is.
    pub(crate) fn document(&self) -> &str {
        let prefix = &self.settings().path_prefix;
        if prefix.is_empty() {
            return crate::openapi_json();
        }
        self.0.document.get_or_init(|| crate::openapi::json_below(prefix))
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn turns(&self) -> &Semaphore {
        &self.0.turns
    }

    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    pub(crate) fn fingerprint_key(&self) -> &[u8] {
        self.0.fingerprints.expose_secret()
    }

    pub(crate) fn metrics(&self) -> String {
        (self.0.parts.metrics)()
    }

    pub(crate) async fn checks(&self) -> Vec<Check> {
        (self.0.parts.ready)().await
    }

    /// Runs a command to its end, as [`Self::run`] does; of those under one `Idempotency-Key` one at a time, so that
    /// a repeat that comes while the first is still under way waits for its answer.
    pub(crate) async fn command<T, F>(
        &self,
        caller: &Caller,
        options: Options,
        work: impl FnOnce(Self, Caller, Options) -> F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, CommandError>> + Send + 'static,
    {
        let turn = match &options.idempotency_key {
            Some(key) => {
                let name = (caller.tenant, caller.actor.clone(), key.clone());
                Some(self.0.keys.get_with(name, async { Arc::default() }).await)
            }
            None => None,
        };
        // Boxed: the layers of the router would each move it about.
        let work = Box::pin(work(self.clone(), caller.clone(), options));
        let run = self.run(async move {
            let _turn = match turn {
                Some(turn) => Some(turn.lock_owned().await),
                None => None,
            };
            work.await
        });
        Ok(run.await??)
    }

    /// Runs something to its end, whether or not its client waits for it: what was begun is not cut in the middle.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        command: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        if self.0.stopping.is_cancelled() {
            return Err(Problem::new(Entry::STOPPING).retry_after(1));
        }
        self.0.commands.spawn(command.in_current_span()).await.map_err(|cause| Problem::internal(&cause))
    }

    /// Waits until the read models have seen a position, and says what they have seen.
    pub(crate) async fn seen(&self, min_position: Option<u64>) -> Result<u64, Problem> {
        let read = self.read();
        let seen = read.position();
        let Some(wanted) = min_position.filter(|wanted| *wanted > seen) else {
            return Ok(seen);
        };
        self.written("min_position", wanted).await?;
        Ok(read.wait_for(wanted, self.settings().read_wait).await?)
    }

    /// The moment of which an answer shall tell.
    pub(crate) async fn moment(&self, params: &AsOfParams) -> Result<Option<AsOf>, Problem> {
        let moment = params.moment()?;
        self.come("as_of", moment).await?;
        Ok(moment)
    }

    /// Refuses a moment that has not come yet.
    pub(crate) async fn come(&self, parameter: &'static str, moment: Option<AsOf>) -> Result<(), Problem> {
        match moment {
            Some(AsOf::Position(position)) if position > self.read().position() => {
                self.written(parameter, position).await
            }
            _ => Ok(()),
        }
    }

    /// Nobody was ever given a position beyond the head: waiting for one would only hold the connection.
    async fn written(&self, parameter: &str, position: u64) -> Result<(), Problem> {
        let head = self.0.parts.log.head().await.map_err(|cause| Problem::unavailable(&cause))?;
        if position > head {
            return Err(Problem::parameter(
                parameter,
                format!("must not lie beyond the ledger's head, {head}"),
            ));
        }
        Ok(())
    }
}
