//! What a report says before its entries: how many, of what, and under which checkpoint.

use std::collections::BTreeMap;

use hub_domain::ledger::{Checkpoint, Hash};
use serde::Serialize;
use uuid::Uuid;

use super::chain::Range;
use super::entry::{Entry, Kind};
use super::period::Period;
use crate::check::Proof;

/// The shape of a report in JSON.
pub const FORMAT: &str = "clustermaster-report/1";

/// What a report says before its entries.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// [`FORMAT`].
    pub format: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// Whose ledger.
    pub tenant: Uuid,
    /// When.
    pub period: Period,
    /// All of the tenant's events in the period, whatever they are about.
    pub range: Range,
    /// The positions of the first and the last of them in the whole log; nothing in an empty period.
    pub positions: Option<(u64, u64)>,
    /// The entries of the report.
    pub counts: Counts,
    /// Under which all of it stands; nothing before the first one was signed.
    pub checkpoint: Option<String>,
    /// What the hub says that verifies it: not to be believed.
    pub verifier_key: String,
    /// The proof of the event before the range, which was recorded before the period.
    pub before: Option<Proof>,
    /// The proof of the event after the range, which was recorded after the period.
    pub after: Option<Proof>,
    /// Whether the leaves of all other events of the range follow.
    #[serde(skip)]
    pub complete: bool,
    /// The checkpoint, read.
    #[serde(skip)]
    pub said: Option<Said>,
}

/// What a checkpoint says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl From<&Checkpoint> for Said {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { size: checkpoint.size, root: checkpoint.root }
    }
}

/// How many entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub entries: u64,
    /// Those under the checkpoint; the others are listed as not yet proven.
    pub proven: u64,
    /// By command.
    pub by_action: BTreeMap<String, u64>,
    /// By outcome.
    pub by_outcome: BTreeMap<String, u64>,
    /// By who did it.
    pub by_actor: BTreeMap<String, u64>,
    /// By day, UTC. Days without entries are left out.
    pub by_day: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, entry: &Entry, proven: bool) {
        self.entries += 1;
        self.proven += u64::from(proven);
        let maps = [
            (&mut self.by_action, entry.action.as_str()),
            (&mut self.by_outcome, entry.outcome.as_str()),
            (&mut self.by_actor, entry.actor.as_str()),
            (&mut self.by_day, entry.day()),
        ];
        for (map, name) in maps {
            match map.get_mut(name) {
                Some(count) => *count += 1,
                None => drop(map.insert(name.to_owned(), 1)),
            }
        }
    }
}

impl Summary {
    /// In words, for standard error: where it was written to stands before it.
    pub fn words(&self) -> String {
        let Counts { entries, proven, .. } = self.counts;
        let mut words = format!("{} report: {entries} entries", self.kind.as_str());
        if entries == 0 {
            words = format!("{} report: no entry", self.kind.as_str());
        }
        match (&self.said, self.range) {
            (None, _) => words.push_str("; nothing is proven: no checkpoint was signed yet"),
            (Some(said), range) if range.end > said.size => {
                let more = entries - proven;
                words.push_str(&format!(
                    "; the newest checkpoint covers {} events and not all of the period: {more} entries are not proven yet",
                    said.size
                ));
            }
            (Some(said), _) => {
                words.push_str(&format!(", proven under a checkpoint over {} events", said.size))
            }
        }
        words
    }
}
