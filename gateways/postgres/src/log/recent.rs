//! Leaf hashes of the newest events that this process wrote: whoever computes nodes over them need not read them back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub_domain::ledger::Hash;
use uuid::Uuid;

/// Hashes that are held, of all tenants together: 4 MiB.
const HELD: usize = 1 << 17;

/// A run for each tenant, gapless up to the newest event. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RecentLeaves(Arc<Mutex<HashMap<Uuid, Run>>>);

#[derive(Debug, Default)]
struct Run {
    from: u64,
    hashes: VecDeque<Hash>,
}

impl RecentLeaves {
    /// Takes in a committed event. One that does not follow the newest of its tenant begins a new run.
    pub(super) fn push(&self, leaves: impl Iterator<Item = (Uuid, u64, Hash)>) {
        let mut runs = self.lock();
        for (tenant, sequence, hash) in leaves {
            let run = runs.entry(tenant).or_default();
            if sequence != run.from + run.hashes.len() as u64 {
                *run = Run { from: sequence, hashes: VecDeque::new() };
            }
            run.hashes.push_back(hash);
            if run.hashes.len() > HELD / 2 {
                run.hashes.pop_front();
                run.from += 1;
            }
        }
        // Forgetting all is cheaper than an order of use: what is not held is read.
        if runs.values().map(|run| run.hashes.len()).sum::<usize>() > HELD {
            runs.clear();
        }
    }

    /// A tenant's hashes from one sequence up to another, if all of them are held.
    pub(crate) fn between(&self, tenant: Uuid, from: u64, to: u64) -> Option<Vec<Hash>> {
        let runs = self.lock();
        let run = runs.get(&tenant)?;
        let (begin, end) = (from.checked_sub(run.from)? as usize, to.checked_sub(run.from)? as usize);
        (begin <= end && end <= run.hashes.len()).then(|| run.hashes.range(begin..end).copied().collect())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(tenant: u128, sequence: u64) -> (Uuid, u64, Hash) {
        (Uuid::from_u128(tenant), sequence, Hash([sequence as u8; 32]))
    }

    #[test]
    fn a_run_is_answered_whole_or_not_at_all() {
        let recent = RecentLeaves::default();
        let tenant = Uuid::from_u128(1);
        recent.push((5..9).map(|sequence| leaf(1, sequence)));
        assert_eq!(recent.between(tenant, 6, 8), Some(vec![Hash([6; 32]), Hash([7; 32])]));
        assert_eq!(recent.between(tenant, 4, 8), None);
        assert_eq!(recent.between(tenant, 6, 10), None);
        assert_eq!(recent.between(Uuid::from_u128(2), 6, 8), None);
        // Another process has written in between.
        recent.push([leaf(1, 20)].into_iter());
        assert_eq!(recent.between(tenant, 6, 8), None);
        assert_eq!(recent.between(tenant, 20, 21), Some(vec![Hash([20; 32])]));
    }

    #[test]
    fn it_is_bounded() {
        let recent = RecentLeaves::default();
        recent.push((0..HELD as u64).map(|sequence| leaf(1, sequence)));
        let (newest, held) = (HELD as u64, HELD as u64 / 2);
        let tenant = Uuid::from_u128(1);
        assert_eq!(recent.between(tenant, newest - held, newest).unwrap().len() as u64, held);
        assert_eq!(recent.between(tenant, newest - held - 1, newest), None);
        for other in 2..6 {
            recent.push((0..held).map(|sequence| leaf(other, sequence)));
        }
        let runs = recent.lock();
        assert!(runs.values().map(|run| run.hashes.len()).sum::<usize>() <= HELD, "{}", runs.len());
    }
}
