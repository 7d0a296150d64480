//! What goes along with entries, as every format looks at it.

use chrono::{DateTime, Utc};
use hub_domain::ledger::Hash;
use hub_projections::outlet::{Manifest, Notice};
use hub_projections::proof::Issued;
use serde::Serialize;
use uuid::Uuid;

use super::rfc3339;

/// A notice.
pub struct Note<'a> {
    /// A name that is the same whenever it is sent again.
    pub id: String,
    /// When the checkpoint was issued.
    pub time: DateTime<Utc>,
    /// `ledger.checkpoint` or `ledger.manifest`.
    pub kind: &'static str,
    /// Whose ledger.
    pub tenant: Uuid,
    /// What people read.
    pub message: String,
    /// What it says.
    pub body: Body<'a>,
}

/// What a notice says, under a name of its own.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body<'a> {
    /// The newest checkpoint.
    Checkpoint(Checkpoint<'a>),
    /// What went out.
    Manifest(Sent<'a>),
}

/// A checkpoint.
#[derive(Serialize)]
pub struct Checkpoint<'a> {
    /// Whose log: the note's first line.
    pub origin: &'a str,
    /// Its index in the log over all checkpoints.
    pub entry: u64,
    /// Leaves.
    pub size: u64,
    /// The root over them, lowercase hex.
    pub root: Hash,
    /// The newest position of the whole database when it was taken.
    pub position: u64,
    /// When, RFC 3339.
    pub issued_at: String,
    /// The C2SP signed note, to the letter.
    pub note: &'a str,
}

/// A manifest.
#[derive(Serialize)]
pub struct Sent<'a> {
    /// Whose outlet.
    pub export: &'a str,
    /// The first position of the span.
    pub from: u64,
    /// Its last position.
    pub to: u64,
    /// How many events went out.
    pub count: u64,
    /// The RFC 6962 root over their leaf hashes, lowercase hex.
    pub root: Hash,
    /// The newest checkpoint over the tenant's ledger.
    pub checkpoint: Option<Checkpoint<'a>>,
}

impl<'a> Checkpoint<'a> {
    fn of(issued: &'a Issued) -> Self {
        Self {
            origin: issued.note.lines().next().unwrap_or_default(),
            entry: issued.entry,
            size: issued.size,
            root: issued.root,
            position: issued.position,
            issued_at: rfc3339(time(issued)),
            note: &issued.note,
        }
    }
}

impl<'a> Note<'a> {
    /// Reads a notice.
    pub fn of(notice: &'a Notice) -> Self {
        match notice {
            Notice::Checkpoint(issued) => Self::checkpoint(issued),
            Notice::Manifest(manifest) => Self::manifest(manifest),
        }
    }

    fn checkpoint(issued: &'a Issued) -> Self {
        Self {
            id: format!("checkpoint-{}-{}-{}", issued.tenant, issued.entry, begin(&issued.root)),
            time: time(issued),
            kind: "ledger.checkpoint",
            tenant: issued.tenant,
            message: format!("checkpoint over {} events", issued.size),
            body: Body::Checkpoint(Checkpoint::of(issued)),
        }
    }

    fn manifest(sent: &'a Manifest) -> Self {
        let Manifest { outlet, tenant, from, to, count, root, checkpoint } = sent;
        Self {
            id: format!("manifest-{outlet}-{from}-{to}-{}", begin(root)),
            time: checkpoint.as_ref().map_or(DateTime::UNIX_EPOCH, time),
            kind: "ledger.manifest",
            tenant: *tenant,
            message: format!("{count} events went out of positions {from} to {to}"),
            body: Body::Manifest(Sent {
                export: outlet,
                from: *from,
                to: *to,
                count: *count,
                root: *root,
                checkpoint: checkpoint.as_ref().map(Checkpoint::of),
            }),
        }
    }
}

/// Enough of a root to tell two histories apart: after a restore, indexes and positions may come again.
fn begin(root: &Hash) -> String {
    root.to_string().chars().take(16).collect()
}

/// The domain's calendar is wider than RFC 3339's, but a hub's clock is within both.
fn time(issued: &Issued) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(issued.issued_at).unwrap_or_default()
}
