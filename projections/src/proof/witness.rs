//! Witnesses: others who see that a ledger only grows, and sign that they have.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hub_domain::ledger::{AddCheckpoint, Note, NoteError, Plan, Signature, VerifierKey};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::hashes::resolve;
use super::{ProofStore, Tree, Unwitnessed};
use crate::feed::FeedError;
use crate::telemetry;

/// Between two looks at what is not witnessed yet, and after a witness did not answer.
const LOOK: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_secs(10);

/// Why a witness has not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// It has cosigned another size last, or another root of this size (409).
    #[error("it has cosigned another checkpoint, of {0} leaves")]
    Conflict(u64),
    /// It does not vouch for this ledger.
    #[error("it refuses with status {status}: {text}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, cut short.
        text: String,
    },
    /// It did not answer.
    #[error("it does not answer: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What it answered is no cosignature of its key.
    #[error("its answer is no cosignature: {0}")]
    Answer(#[from] NoteError),
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] FeedError),
}

/// One witness, wherever it is.
#[async_trait]
pub trait Witness: Send + Sync + 'static {
    /// What its cosignatures are verified with.
    fn key(&self) -> &VerifierKey;

    /// Asks for cosignatures of a checkpoint: signature lines.
    async fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<String, WitnessError>;
}

/// Shows every tenant's newest checkpoint to every witness. What is not witnessed yet stands in the storage, so that nothing is
/// lost when a process ends; that two processes ask at once does no harm.
#[derive(Clone)]
pub struct Witnesses {
    store: Arc<dyn ProofStore>,
    witnesses: Vec<Arc<dyn Witness>>,
}

impl std::fmt::Debug for Witnesses {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.witnesses.iter().map(|witness| witness.key().name()).collect();
        out.debug_struct("Witnesses").field("witnesses", &names).finish_non_exhaustive()
    }
}

impl Witnesses {
    /// Of these witnesses.
    pub fn new(store: Arc<dyn ProofStore>, witnesses: Vec<Arc<dyn Witness>>) -> Self {
        Self { store, witnesses }
    }

    /// Runs until cancelled. One that does not answer holds up none of the others.
    pub async fn run(self, cancel: CancellationToken) {
        let each = self.witnesses.iter().map(|witness| self.follow(witness.as_ref(), &cancel));
        futures::future::join_all(each).await;
    }

    async fn follow(&self, witness: &dyn Witness, cancel: &CancellationToken) {
        let name = witness.key().name();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(looks.tick()).await.is_some() {
            let Some(outcome) = cancel.run_until_cancelled(self.show(witness)).await else { return };
            let Err(cause) = outcome else { continue };
            tracing::warn!(witness = name, %cause, "a checkpoint is not witnessed");
            if cancel.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                return;
            }
        }
    }

    /// Shows a witness what it has not cosigned yet. Answers how many checkpoints it has cosigned now.
    pub async fn show(&self, witness: &dyn Witness) -> Result<usize, WitnessError> {
        let name = witness.key().name();
        let unwitnessed = self.store.unwitnessed(name).await?;
        metrics::gauge!(telemetry::UNWITNESSED, "witness" => name.to_owned()).set(unwitnessed.len() as f64);
        let (mut done, mut last) = (0, Ok(()));
        for asked in unwitnessed {
            match self.ask(witness, &asked).await {
                Ok(cosigned) => done += usize::from(cosigned),
                // It answers, and so it does for the other tenants.
                Err(cause @ (WitnessError::Refused { .. } | WitnessError::Conflict(_))) => {
                    report(witness, &asked, &cause);
                    last = Err(cause);
                }
                Err(cause) => return Err(cause),
            }
        }
        last.map(|()| done)
    }

    async fn ask(&self, witness: &dyn Witness, asked: &Unwitnessed) -> Result<bool, WitnessError> {
        let checkpoint = &asked.checkpoint;
        let lines = match self.submit(witness, asked, asked.last).await {
            // It knows better than this storage what it has seen.
            Err(WitnessError::Conflict(size)) if size != asked.last && size <= checkpoint.size => {
                self.submit(witness, asked, size).await
            }
            answer => answer,
        };
        let lines = match lines {
            // Another process may have shown it a newer checkpoint meanwhile. One that nobody here has signed is no race.
            Err(WitnessError::Conflict(size)) if size > checkpoint.size => {
                let newest = self.store.checkpoints(checkpoint.tenant, None, 1).await?;
                let known = newest.first().is_some_and(|newest| newest.size >= size);
                return if known { Ok(false) } else { Err(WitnessError::Conflict(size)) };
            }
            answer => answer?,
        };
        let note: Note = checkpoint.note.parse()?;
        let note = note.with_lines(&lines)?;
        let at = note.signed_by(witness.key())?.unwrap_or_default();
        let own = |line: &&Signature| line.name == witness.key().name() && line.id == witness.key().id();
        let line = note.signatures.iter().find(own).map(ToString::to_string).unwrap_or_default();
        self.store.cosign(checkpoint.entry, witness.key().name(), at, &line).await?;
        Ok(true)
    }

    async fn submit(
        &self,
        witness: &dyn Witness,
        asked: &Unwitnessed,
        old: u64,
    ) -> Result<String, WitnessError> {
        let (tree, plan) =
            (Tree::Tenant(asked.checkpoint.tenant), Plan::consistency(old, asked.checkpoint.size));
        let proof = resolve(&*self.store, tree, &plan).await?;
        witness.add_checkpoint(&AddCheckpoint { old, proof, note: asked.checkpoint.note.clone() }).await
    }
}

/// A witness that has seen more, or something else, says that this ledger's past is another one.
fn report(witness: &dyn Witness, asked: &Unwitnessed, cause: &WitnessError) {
    let (name, size) = (witness.key().name(), asked.checkpoint.size);
    if matches!(cause, WitnessError::Conflict(_) | WitnessError::Refused { status: 422, .. }) {
        metrics::gauge!(telemetry::REWRITTEN).set(1.0);
        tracing::error!(witness = name, tenant = %asked.checkpoint.tenant, size, %cause, "a witness has seen another ledger");
    }
}
