//! What a pump needs to keep: the cursor, whose turn it is, and what was set aside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

use super::tally::Tally;
use crate::feed::FeedError;
use crate::proof::Issued;

/// Where an outlet begins, and on whose word. A later word sets the cursor anew, once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// What lies behind this position goes out.
    pub after: u64,
    /// The position of the event that said so; 0 for what is so from the outset.
    pub said_at: u64,
}

/// Somebody asks for the turn to drive an outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The outlet: an export's id, or a name that the hub gives.
    pub name: String,
    /// Whose events; `None` for everybody's.
    pub tenant: Option<Uuid>,
    /// Where it begins.
    pub start: Start,
    /// The position of the newest event that asked to try dead letters again; 0 for none.
    pub retry: u64,
    /// Who asks, for people to read.
    pub holder: String,
    /// The turn that the asker has had before: it goes on with that one.
    pub token: Option<u64>,
    /// How long the turn lasts unless it is kept.
    pub ttl: Duration,
}

/// The turn, and where things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Fences: whoever has the turn next has a larger one.
    pub token: u64,
    /// The cursor: everything up to it is outside, held back by a filter, or set aside.
    pub position: u64,
    /// Checkpoints of entries below this one have been sent.
    pub entries: u64,
    /// What went out since the last manifest.
    pub tally: Option<Tally>,
}

/// One move of the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// From here, or somebody else has moved it.
    pub from: u64,
    /// To here.
    pub to: u64,
    /// Events that went out on the way.
    pub delivered: u64,
    /// When the last of them was recorded, in microseconds since 1970.
    pub recorded_at: Option<i64>,
    /// Checkpoints of entries below this one have been sent.
    pub entries: u64,
    /// What went out since the last manifest.
    pub tally: Tally,
    /// What was set aside on the way.
    pub dead: Vec<DeadLetter>,
}

/// An event that the other side will never take, or that could not be made fit for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its position.
    pub position: u64,
    /// In whose ledger.
    pub tenant: Uuid,
    /// Its id.
    pub event_id: Uuid,
    /// Its wire name.
    pub event_type: String,
    /// Why, without secrets and personal data.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it lies here; on its way there, the epoch.
    pub since: DateTime<Utc>,
}

/// How an outlet is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutletStatus {
    /// Its name.
    pub name: String,
    /// The cursor.
    pub position: u64,
    /// Events of its tenant (of everybody, for the bus) behind the cursor.
    pub lag_events: u64,
    /// The age of the first of them, in microseconds; 0 when there is none.
    pub lag_micros: i64,
    /// Events that went out in all, repeats included.
    pub delivered: u64,
    /// Failures since it last went well.
    pub failures: u64,
    /// The last failure, and when it was.
    pub error: Option<(String, DateTime<Utc>)>,
    /// When something last went out.
    pub delivered_at: Option<DateTime<Utc>>,
    /// What was set aside.
    pub dead_letters: u64,
}

/// What pumps need of the storage. All time is the storage's.
#[async_trait]
pub trait OutletStore: Send + Sync + 'static {
    /// Takes the turn, unless another has it. Makes the outlet known where it is new; sets the cursor where the claim's start is a
    /// later word than the last one (what was set aside behind it goes out again by itself), and marks its dead letters where the
    /// claim's retry is.
    async fn take(&self, claim: &Claim) -> Result<Option<Turn>, FeedError>;

    /// Keeps the turn for another while; `false` when it is somebody else's.
    async fn keep(&self, name: &str, token: u64, ttl: Duration) -> Result<bool, FeedError>;

    /// Gives the turn back.
    async fn release(&self, name: &str, token: u64) -> Result<(), FeedError>;

    /// Moves the cursor, keeps what was set aside, all or nothing. Answers with the time in microseconds since 1970; `None` when the
    /// turn is somebody else's or the cursor stands elsewhere.
    async fn advance(&self, name: &str, token: u64, step: &Step) -> Result<Option<i64>, FeedError>;

    /// Notes a failure. Answers with the time; `None` when the turn is somebody else's.
    async fn fail(&self, name: &str, token: u64, error: &str) -> Result<Option<i64>, FeedError>;

    /// Dead letters that are to be tried again, in order.
    async fn due(&self, name: &str, limit: u32) -> Result<Vec<DeadLetter>, FeedError>;

    /// What came of one: it went out (or is not wanted any more), or was refused again, and why. `false` when the turn is somebody else's.
    async fn settle(
        &self,
        name: &str,
        token: u64,
        position: u64,
        refused: Option<&str>,
    ) -> Result<bool, FeedError>;

    /// How many dead letters there are.
    async fn dead(&self, name: &str) -> Result<u64, FeedError>;

    /// The newest checkpoint over a tenant's ledger.
    async fn newest_checkpoint(&self, tenant: Uuid) -> Result<Option<Issued>, FeedError>;

    /// Checkpoints of all tenants from an entry on, in order.
    async fn checkpoints_from(&self, entry: u64, limit: u32) -> Result<Vec<Issued>, FeedError>;

    /// How outlets are doing; those that never had a turn are left out.
    async fn statuses(&self, names: &[String]) -> Result<Vec<OutletStatus>, FeedError>;

    /// A tenant's dead letters of an outlet behind a position, in order.
    async fn dead_letters(
        &self,
        tenant: Uuid,
        name: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, FeedError>;
}
