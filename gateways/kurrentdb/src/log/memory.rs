//! What the writer remembers of the log, and what stands in the log but not in the copy yet.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hub_commands::ports::{ChainHead, CopyCursor, Entry, Remembered};
use hub_domain::ledger::Recorded;
use uuid::Uuid;

use super::plan::{Head, Known};
use crate::entry::weight;

/// Entries that the copy does not hold yet, in order. Shared between the writer and those who read.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Recent {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn bytes(&self) -> usize {
        self.held().bytes
    }

    pub fn push(&self, entry: Entry) {
        let mut held = self.held();
        held.bytes += weight(&entry);
        held.entries.push_back(entry);
    }

    /// Lets go of what the copy holds by now: every entry before `next`.
    pub fn prune(&self, next: u64) {
        let mut held = self.held();
        while held.entries.front().is_some_and(|entry| entry.number < next) {
            let copied = held.entries.pop_front();
            held.bytes -= copied.as_ref().map_or(0, weight);
        }
    }

    pub fn clear(&self) {
        *self.held() = Held::default();
    }

    /// The events of a stream from a revision on.
    pub fn events(&self, tenant: Uuid, stream: &str, from: u64) -> Vec<Recorded> {
        let held = self.held();
        let events = held.entries.iter().filter_map(|entry| entry.event.as_ref());
        let wanted =
            |event: &&Recorded| event.tenant == tenant && event.stream == stream && event.revision >= from;
        events.filter(wanted).cloned().collect()
    }

    /// What is remembered under a key.
    pub fn receipt(&self, tenant: Uuid, key: &str) -> Option<Remembered> {
        let held = self.held();
        let mut receipts = held.entries.iter().filter_map(|entry| entry.receipt.as_ref());
        receipts.find(|kept| kept.tenant == tenant && kept.key.key == key).cloned()
    }

    fn revisions(&self) -> Vec<(Uuid, String, u64)> {
        let held = self.held();
        let events = held.entries.iter().filter_map(|entry| entry.event.as_ref());
        events.map(|event| (event.tenant, event.stream.clone(), event.revision)).collect()
    }
}

/// What is known of the log up to its entry before `head.next`: every chain, and the newest revisions of streams.
#[derive(Debug)]
pub(super) struct Memory {
    pub head: Head,
    chains: HashMap<Uuid, ChainHead>,
    streams: HashMap<Uuid, HashMap<Box<str>, u64>>,
    remembered: usize,
    most: usize,
    buffer: Vec<u8>,
}

impl Memory {
    /// As the copy stands; `most` streams are remembered.
    pub fn new(cursor: &CopyCursor, chains: HashMap<Uuid, ChainHead>, most: usize) -> Self {
        let head = Head { next: cursor.next, position: cursor.position, recorded_at: cursor.recorded_at };
        Self { head, chains, streams: HashMap::new(), remembered: 0, most, buffer: Vec::new() }
    }

    /// Whether a stream's newest revision is remembered.
    pub fn knows(&self, tenant: Uuid, stream: &str) -> bool {
        self.revision(tenant, stream).is_some()
    }

    /// Remembers a revision, unless a newer one is known. Whatever is not in the copy yet stays in mind.
    pub fn remember(&mut self, tenant: Uuid, stream: &str, revision: u64, recent: &Recent) {
        if self.remembered >= self.most && !self.knows(tenant, stream) {
            self.streams.clear();
            self.remembered = 0;
            for (tenant, stream, revision) in recent.revisions() {
                self.keep(tenant, &stream, revision);
            }
        }
        self.keep(tenant, stream, revision);
    }

    fn keep(&mut self, tenant: Uuid, stream: &str, revision: u64) {
        let streams = self.streams.entry(tenant).or_default();
        if let Some(known) = streams.get_mut(stream) {
            *known = revision.max(*known);
        } else {
            streams.insert(stream.into(), revision);
            self.remembered += 1;
        }
    }

    /// Takes in the next entry of the log, if it continues what is known; otherwise says what is wrong with it.
    pub fn follow(&mut self, entry: Entry, recent: &Recent) -> Result<(), String> {
        if entry.number < self.head.next {
            return Ok(());
        }
        if entry.number != self.head.next {
            return Err(format!("entry {} belongs there", self.head.next));
        }
        if let Some(event) = &entry.event {
            if event.position != self.head.position + 1 {
                let belongs = self.head.position + 1;
                return Err(format!("its position is {}, {belongs} belongs there", event.position));
            }
            let chain = self.chains.entry(event.tenant).or_insert(ChainHead::EMPTY);
            *chain = chain.after(event, &mut self.buffer)?;
            self.head.position = event.position;
            self.head.recorded_at = event.recorded_at.max(self.head.recorded_at);
        }
        self.head.next += 1;
        let known = entry.event.as_ref().map(|event| (event.tenant, event.stream.clone(), event.revision));
        recent.push(entry);
        if let Some((tenant, stream, revision)) = known {
            self.remember(tenant, &stream, revision, recent);
        }
        Ok(())
    }
}

impl Known for Memory {
    fn revision(&self, tenant: Uuid, stream: &str) -> Option<u64> {
        self.streams.get(&tenant)?.get(stream).copied()
    }

    fn chain(&self, tenant: Uuid) -> ChainHead {
        self.chains.get(&tenant).copied().unwrap_or(ChainHead::EMPTY)
    }
}

#[cfg(test)]
mod tests;
