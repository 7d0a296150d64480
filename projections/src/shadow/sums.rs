//! Rows come down to sums: two sides that hold the same rows, in whatever order, have the same ones. Pure.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use hub_domain::ledger::sha256;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::projection::{Key, Stored};

/// How many buckets keys fall into.
const BUCKETS: usize = 4096;

/// Which row, whatever stands in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pub tenant: Uuid,
    pub id: String,
    pub valid_from: Option<u64>,
}

/// A row as both sides write it.
pub struct Line {
    pub identity: Identity,
    pub row: Value,
}

impl Line {
    /// Of a row of either side. Members come in the order of their names: equal rows are equal texts.
    pub fn of<R: Serialize>(stored: &Stored<R>) -> Result<Self, serde_json::Error> {
        serde_json::to_value(stored).map(Self::raw)
    }

    /// Of whatever stands in a table.
    pub fn raw(row: Value) -> Self {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let identity = Identity {
            tenant: text("tenant").parse().unwrap_or_default(),
            id: text("id").to_owned(),
            valid_from: row.get("valid_from").and_then(Value::as_u64),
        };
        Self { identity, row }
    }

    pub fn bucket(&self) -> usize {
        bucket(self.identity.tenant, &self.identity.id)
    }

    fn hash(&self) -> u128 {
        let digest = sha256(self.row.to_string().as_bytes()).0;
        u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
    }
}

fn bucket(tenant: Uuid, id: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    (tenant, id).hash(&mut hasher);
    hasher.finish() as usize % BUCKETS
}

/// Some of the buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets(Vec<bool>);

impl Buckets {
    pub fn all() -> Self {
        Self(vec![true; BUCKETS])
    }

    fn these(buckets: &[usize]) -> Self {
        let mut picked = vec![false; BUCKETS];
        for bucket in buckets {
            picked[*bucket] = true;
        }
        Self(picked)
    }

    pub fn hold(&self, bucket: usize) -> bool {
        self.0[bucket]
    }

    pub fn hold_key(&self, key: &Key) -> bool {
        self.hold(bucket(key.tenant, &key.id))
    }

    fn list(&self) -> Vec<usize> {
        (0..BUCKETS).filter(|bucket| self.0[*bucket]).collect()
    }

    /// Whether there is more than one.
    pub fn can_part(&self) -> bool {
        self.0.iter().filter(|picked| **picked).count() > 1
    }

    /// The one half and the other.
    pub fn halves(&self) -> [Self; 2] {
        let all = self.list();
        let (one, other) = all.split_at(all.len() / 2);
        [Self::these(one), Self::these(other)]
    }
}

#[derive(Clone, Copy, Default, PartialEq)]
struct Sum {
    expected: u64,
    found: u64,
    /// Of the expected rows, less the found ones.
    balance: u128,
}

/// What was expected and what was found, bucket by bucket.
pub struct Sums(Vec<Sum>);

impl Default for Sums {
    fn default() -> Self {
        Self(vec![Sum::default(); BUCKETS])
    }
}

impl Sums {
    /// A row that the log tells of.
    pub fn expect(&mut self, line: &Line) {
        let sum = &mut self.0[line.bucket()];
        sum.expected += 1;
        sum.balance = sum.balance.wrapping_add(line.hash());
    }

    /// A row that the table holds.
    pub fn find(&mut self, line: &Line) {
        let sum = &mut self.0[line.bucket()];
        sum.found += 1;
        sum.balance = sum.balance.wrapping_sub(line.hash());
    }

    /// All rows that the log tells of.
    pub fn expected(&self) -> u64 {
        self.0.iter().map(|sum| sum.expected).sum()
    }

    /// The buckets whose two sides differ, in groups of so many rows at most (one bucket at least).
    pub fn suspicious(&self, most: u64) -> Vec<Buckets> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut room = 0;
        for (bucket, sum) in self.0.iter().enumerate() {
            if sum.balance == 0 && sum.expected == sum.found {
                continue;
            }
            let rows = sum.expected.max(sum.found);
            match groups.last_mut() {
                Some(group) if rows <= room => {
                    group.push(bucket);
                    room -= rows;
                }
                _ => {
                    groups.push(vec![bucket]);
                    room = most.saturating_sub(rows);
                }
            }
        }
        groups.iter().map(|group| Buckets::these(group)).collect()
    }

    /// How many rows of some buckets are missing and how many too many, at least.
    pub fn surplus(&self, buckets: &Buckets) -> (u64, u64) {
        let sums = buckets.list().into_iter().map(|bucket| self.0[bucket]);
        sums.fold((0, 0), |(missing, extra), sum| {
            (missing + sum.expected.saturating_sub(sum.found), extra + sum.found.saturating_sub(sum.expected))
        })
    }
}
