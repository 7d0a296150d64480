//! Anchors: places where a checkpoint is written once and cannot be taken back.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{ProofStore, Unwitnessed};
use crate::feed::FeedError;
use crate::telemetry;

/// How often the newest checkpoints are anchored: one object a minute and tenant is enough to look back by.
const LOOK: Duration = Duration::from_mins(1);

/// Why a checkpoint is not anchored.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The place holds a checkpoint of more leaves than the ledger has.
    #[error("it holds a checkpoint of {0} leaves, and the ledger has fewer")]
    Ahead(u64),
    /// The place holds another checkpoint of this size.
    #[error("it holds another checkpoint of {0} leaves")]
    Another(u64),
    /// The place cannot be reached, or does not let itself be written to.
    #[error("it cannot be used: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] FeedError),
}

/// One place, wherever it is.
#[async_trait]
pub trait Anchor: Send + Sync + 'static {
    /// Its name: no secret stands in it.
    fn name(&self) -> &str;

    /// The smallest size above `size` of which it holds a checkpoint of the tenant.
    async fn above(&self, tenant: Uuid, size: u64) -> Result<Option<u64>, AnchorError>;

    /// Writes a note, unless there is one of this size; answers with the one that stands there then.
    async fn keep(&self, tenant: Uuid, size: u64, note: &str) -> Result<String, AnchorError>;
}

/// Writes every tenant's newest checkpoint to every place.
#[derive(Clone)]
pub struct Anchors {
    store: Arc<dyn ProofStore>,
    anchors: Vec<Arc<dyn Anchor>>,
}

impl std::fmt::Debug for Anchors {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.anchors.iter().map(|anchor| anchor.name()).collect();
        out.debug_struct("Anchors").field("anchors", &names).finish_non_exhaustive()
    }
}

impl Anchors {
    /// Of these places.
    pub fn new(store: Arc<dyn ProofStore>, anchors: Vec<Arc<dyn Anchor>>) -> Self {
        Self { store, anchors }
    }

    /// Runs until cancelled. A place that cannot be reached holds up none of the others.
    pub async fn run(self, cancel: CancellationToken) {
        let each = self.anchors.iter().map(|anchor| self.follow(anchor.as_ref(), &cancel));
        futures::future::join_all(each).await;
    }

    async fn follow(&self, anchor: &dyn Anchor, cancel: &CancellationToken) {
        let (mut looks, mut trusted) = (interval(LOOK), HashSet::new());
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(looks.tick()).await.is_some() {
            match cancel.run_until_cancelled(self.write(anchor, &mut trusted)).await {
                None => return,
                Some(Ok(_)) => {}
                Some(Err(cause)) => {
                    tracing::warn!(anchor = anchor.name(), %cause, "checkpoints are not anchored");
                }
            }
        }
    }

    /// Writes what is not there yet. Tenants in `trusted` have been found no larger there than here. Answers how many it wrote.
    pub async fn write(
        &self,
        anchor: &dyn Anchor,
        trusted: &mut HashSet<Uuid>,
    ) -> Result<usize, AnchorError> {
        // Marked as witnesses' cosignatures are, with an empty line.
        let mark = format!("anchor {}", anchor.name());
        let unwritten = self.store.unwitnessed(&mark).await?;
        metrics::gauge!(telemetry::UNWITNESSED, "witness" => mark.clone()).set(unwritten.len() as f64);
        let (mut done, mut last) = (0, Ok(()));
        for Unwitnessed { checkpoint, .. } in unwritten {
            let (tenant, size) = (checkpoint.tenant, checkpoint.size);
            let kept = async {
                if !trusted.contains(&tenant)
                    && let Some(ahead) = anchor.above(tenant, size).await?
                {
                    return Err(AnchorError::Ahead(ahead));
                }
                let there = anchor.keep(tenant, size, &checkpoint.note).await?;
                // Cosignatures may have come since; what they are under may not have changed.
                let text = |note: &str| note.split_once("\n\n").map(|(text, _)| text.to_owned());
                if text(&there) == text(&checkpoint.note) { Ok(()) } else { Err(AnchorError::Another(size)) }
            };
            match kept.await {
                Ok(()) => {
                    trusted.insert(tenant);
                    let at = u64::try_from(checkpoint.issued_at / 1_000_000).unwrap_or_default();
                    self.store.cosign(checkpoint.entry, &mark, at, "").await?;
                    done += 1;
                }
                Err(cause @ (AnchorError::Ahead(_) | AnchorError::Another(_))) => {
                    metrics::gauge!(telemetry::REWRITTEN).set(1.0);
                    tracing::error!(anchor = anchor.name(), %tenant, size, %cause, "an anchor holds another ledger");
                    last = Err(cause);
                }
                Err(cause) => return Err(cause),
            }
        }
        last.map(|()| done)
    }
}
