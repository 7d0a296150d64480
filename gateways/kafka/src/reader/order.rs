//! Order out of what partitions bring: each tenant's events by sequence, within a window.

use std::collections::{BTreeMap, HashMap, VecDeque};

use hub_domain::ledger::{Hash, Recorded};
use uuid::Uuid;

use super::tenant::{Mark, Tenant, Waiting};
use super::{CheckpointVerdict, Place, Read, Shortfall};

/// Every tenant's ledger, as far as it was read.
#[derive(Debug)]
pub(super) struct Order {
    window: usize,
    tenants: HashMap<Uuid, Tenant>,
    /// Events that wait for others, by when they came.
    waiting: BTreeMap<u64, (Uuid, Place)>,
    arrivals: u64,
    /// In whose ledger something may be due.
    due: Option<Uuid>,
    checkpoints: VecDeque<(Uuid, u64, CheckpointVerdict)>,
    repeats: u64,
}

impl Order {
    pub fn new(window: usize, marks: Vec<Mark>) -> Self {
        let tenants = marks.into_iter().map(|mark| (mark.tenant, Tenant::resume(mark))).collect();
        Self {
            window,
            tenants,
            waiting: BTreeMap::new(),
            arrivals: 0,
            due: None,
            checkpoints: VecDeque::new(),
            repeats: 0,
        }
    }

    fn tenant(&mut self, tenant: Uuid) -> &mut Tenant {
        self.tenants.entry(tenant).or_insert_with(|| Tenant::new(tenant))
    }

    /// Whether an event waits for nothing.
    pub fn is_due(&self, event: &Recorded) -> bool {
        self.tenants.get(&event.tenant).map_or(event.sequence == 0, |tenant| tenant.is_due(event.sequence))
    }

    /// Takes an event in. Ask [`Order::pop`] until it has nothing before the next one.
    pub fn push(&mut self, place: Place, event: Recorded) {
        let (tenant, arrival) = (event.tenant, self.arrivals);
        self.arrivals += 1;
        self.waiting.insert(arrival, (tenant, place));
        self.tenant(tenant).waiting.insert((event.sequence, arrival), Waiting { arrival, place, event });
        self.due = Some(tenant);
    }

    /// Takes a checkpoint in that was signed by whom it should be.
    pub fn hold(&mut self, tenant: Uuid, size: u64, root: Hash) {
        if let Some(verdict) = self.tenant(tenant).hold(size, root) {
            self.checkpoints.push_back((tenant, size, verdict));
        }
    }

    /// What can be said now.
    pub fn pop(&mut self) -> Option<Read> {
        loop {
            if let Some((tenant, size, verdict)) = self.checkpoints.pop_front() {
                return Some(Read::Checkpoint { tenant, size, verdict });
            }
            if let Some(due) = self.due {
                match self.tenant(due).take(false) {
                    Some(waiting) => match self.judge(waiting) {
                        Some(read) => return Some(read),
                        None => continue,
                    },
                    None => self.due = None,
                }
            }
            if self.waiting.len() <= self.window {
                return None;
            }
            if let Some(read) = self.overdue() {
                return Some(read);
            }
        }
    }

    /// Waits no longer for what belongs before the event that has waited longest: what is missing is named.
    pub fn overdue(&mut self) -> Option<Read> {
        let (tenant, _) = *self.waiting.first_key_value()?.1;
        self.due = Some(tenant);
        let waiting = self.tenant(tenant).take(true)?;
        self.judge(waiting)
    }

    fn judge(&mut self, Waiting { arrival, place, event }: Waiting) -> Option<Read> {
        self.waiting.remove(&arrival);
        let id = event.tenant;
        let tenant = self.tenant(id);
        let verdict = tenant.judge(&event);
        let mut reached = Vec::new();
        while let Some((size, verdict)) = tenant.reached() {
            reached.push((id, size, verdict));
        }
        self.checkpoints.extend(reached);
        let Some(verdict) = verdict else {
            self.repeats += 1;
            return None;
        };
        Some(Read::Event { recorded: event, verdict, place })
    }

    /// Events that wait for others.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Where those lie.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.waiting.values().map(|(_, place)| *place)
    }

    /// Where each tenant's ledger stands.
    pub fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<_> = self.tenants.values().map(Tenant::mark).collect();
        marks.sort_by_key(|mark| mark.tenant);
        marks
    }

    /// Events that were there before.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// Tenants of whose ledger more was signed than was read.
    pub fn shortfalls(&self) -> Vec<Shortfall> {
        let short = |(tenant, one): (&Uuid, &Tenant)| {
            Some(Shortfall { tenant: *tenant, signed: one.promised()?, read: one.next() })
        };
        let mut found: Vec<_> = self.tenants.iter().filter_map(short).collect();
        found.sort_by_key(|short| short.tenant);
        found
    }
}

#[cfg(test)]
mod tests;
