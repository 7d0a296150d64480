//! The clusters as the log tells of them, folded in memory, with what they leave behind. Pure.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hub_domain::cluster::{Cluster, ClusterEvent, ClusterState};
use hub_domain::kernel::{ClusterName, CodecError, SecretRef, TenantId, TypedId};
use hub_domain::ledger::Recorded;
use hub_domain::{Decider, Event};
use uuid::Uuid;

use super::schedule::Key;

/// All clusters that are managed or on their way out.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<Key, Entry>,
    position: u64,
}

/// One cluster.
pub struct Entry {
    pub state: Arc<ClusterState>,
    revision: u64,
    /// The event that asked for what the cluster is going through, or went through last.
    asked: Option<Uuid>,
    /// Every secret and every name that the stream spoke of and that has not been given up since.
    secrets: BTreeSet<SecretRef>,
    names: BTreeSet<ClusterName>,
}

/// What is to be done for a cluster next.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Look at it.
    Look,
    /// Destroy secrets and give up names that it needs no more; it keeps this name.
    Tidy { secrets: Vec<SecretRef>, names: Vec<ClusterName>, kept: ClusterName },
    /// The same with all that it has, and then let it go.
    Retire { secrets: Vec<SecretRef>, names: Vec<ClusterName> },
}

/// What an event means for the observer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing to hurry for.
    None,
    /// The cluster must be seen to at once.
    Urgent,
    /// The cluster is gone.
    Gone,
}

impl Registry {
    /// The log position up to which everything has been folded.
    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.entries.keys().copied()
    }

    pub fn get(&self, key: Key) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// Folds one event of the log. One that cannot be read drops its cluster, and no other.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<Option<(Key, News)>, CodecError> {
        self.position = self.position.max(recorded.position);
        // The id's own prefix check is the quick way past all other streams.
        let Ok(id) = recorded.stream.parse() else { return Ok(None) };
        let key = (TenantId::from_uuid(recorded.tenant), id);
        let event = ClusterEvent::decode(&recorded.event_type, &recorded.payload)
            .inspect_err(|_| drop(self.entries.remove(&key)))?;
        if let ClusterEvent::ImportRequested(_) = event {
            self.entries.entry(key).or_insert_with(Entry::absent);
        }
        let Some(entry) = self.entries.get_mut(&key) else { return Ok(None) };
        entry.remember(&event, recorded.event_id);
        // What this observer recorded itself is known before the log tells of it.
        if recorded.revision <= entry.revision && *entry.state != ClusterState::Absent {
            return Ok(Some((key, entry.news(None))));
        }
        let before = Arc::clone(&entry.state);
        entry.state = Arc::new(Cluster::evolve(ClusterState::clone(&before), &event));
        entry.revision = recorded.revision;
        let news = entry.news(Some(&before));
        self.drop_if_gone(key, news);
        Ok(Some((key, news)))
    }

    /// Takes over the state that a command of this observer came to.
    pub fn settle(&mut self, key: Key, state: ClusterState, revision: Option<u64>) -> News {
        let Some(entry) = self.entries.get_mut(&key) else { return News::Gone };
        if revision.is_none_or(|revision| revision <= entry.revision) {
            return News::None;
        }
        let before = std::mem::replace(&mut entry.state, Arc::new(state));
        entry.revision = revision.unwrap_or_default();
        let news = entry.news(Some(&before));
        self.drop_if_gone(key, news);
        news
    }

    /// Secrets and names that were given up.
    pub fn tidied(&mut self, key: Key, secrets: &[SecretRef], names: &[ClusterName]) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.secrets.retain(|secret| !secrets.contains(secret));
            entry.names.retain(|name| !names.contains(name));
        }
    }

    fn drop_if_gone(&mut self, key: Key, news: News) {
        if news == News::Gone {
            self.entries.remove(&key);
        }
    }
}

impl Entry {
    fn absent() -> Self {
        let (secrets, names) = (BTreeSet::new(), BTreeSet::new());
        Self { state: Arc::default(), revision: 0, asked: None, secrets, names }
    }

    /// What is to be done next.
    pub fn task(&self) -> Task {
        if let ClusterState::Decommissioning(_) = &*self.state {
            let (secrets, names) =
                (self.secrets.iter().cloned().collect(), self.names.iter().cloned().collect());
            return Task::Retire { secrets, names };
        }
        let (secrets, names) = self.unused();
        match self.state.spec() {
            Some(spec) if !(secrets.is_empty() && names.is_empty()) => {
                Task::Tidy { secrets, names, kept: spec.name.clone() }
            }
            _ => Task::Look,
        }
    }

    /// The event whose outcome is awaited; `None` when nobody asked for anything.
    pub fn cause(&self) -> Option<Uuid> {
        let awaited = matches!(
            &*self.state,
            ClusterState::Importing(_) | ClusterState::Updating(_) | ClusterState::Decommissioning(_)
        );
        self.asked.filter(|_| awaited)
    }

    fn remember(&mut self, event: &ClusterEvent, id: Uuid) {
        if let ClusterEvent::ImportRequested(_)
        | ClusterEvent::CredentialsReplaced(_)
        | ClusterEvent::DecommissionRequested(_) = event
        {
            self.asked = Some(id);
        }
        match event {
            ClusterEvent::ImportRequested(body) => {
                self.secrets.insert(body.spec.credentials.secret.clone());
                self.names.insert(body.spec.name.clone());
            }
            ClusterEvent::CredentialsReplaced(body) => {
                self.secrets.insert(body.credentials.secret.clone());
            }
            ClusterEvent::Changed(body) => {
                self.names.extend(body.name.iter().map(|name| name.to.clone()));
            }
            _ => {}
        }
    }

    /// What the stream spoke of and the cluster needs no more.
    fn unused(&self) -> (Vec<SecretRef>, Vec<ClusterName>) {
        let Some(spec) = self.state.spec() else { return (vec![], vec![]) };
        let wanted = self.state.credentials().map(|credentials| &credentials.secret);
        let needed = |secret: &&SecretRef| **secret == spec.credentials.secret || Some(*secret) == wanted;
        let secrets = self.secrets.iter().filter(|secret| !needed(secret)).cloned().collect();
        (secrets, self.names.iter().filter(|name| **name != spec.name).cloned().collect())
    }

    fn news(&self, before: Option<&ClusterState>) -> News {
        let other_credentials = before.is_some_and(|before| before.credentials() != self.state.credentials());
        match &*self.state {
            ClusterState::Absent | ClusterState::Decommissioned(_) => News::Gone,
            _ if other_credentials || self.task() != Task::Look => News::Urgent,
            _ => News::None,
        }
    }
}

#[cfg(test)]
mod tests;
