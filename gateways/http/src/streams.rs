//! Room for event streams: bounded in all, and for each user.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Arc, Mutex, PoisonError};

use hub_commands::Caller;
use hub_domain::kernel::{Actor, TenantId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Entry, Problem};
use crate::telemetry;

/// Streams that one user may hold open: some tabs and some scripts.
const PER_USER: usize = 32;

type Holders = Arc<Mutex<HashMap<(TenantId, Actor), usize>>>;

/// Who holds streams.
#[derive(Debug)]
pub struct Streams {
    room: Arc<Semaphore>,
    holders: Holders,
}

/// One open stream; gives its room back when it goes.
#[derive(Debug)]
pub struct Open {
    holder: (TenantId, Actor),
    holders: Holders,
    _room: OwnedSemaphorePermit,
}

impl Streams {
    /// Room for so many.
    pub fn new(most: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(most)), holders: Holders::default() }
    }

    /// Takes room for one more stream of a caller.
    pub fn open(&self, caller: &Caller) -> Result<Open, Problem> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room = room.map_err(|_| Problem::new(Entry::OVERLOADED).retry_after(10))?;
        let holder = (caller.tenant, caller.actor.clone());
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let held = holders.entry(holder.clone()).or_default();
        if *held >= PER_USER {
            let problem = Problem::new(Entry::TOO_MANY_STREAMS).retry_after(10);
            return Err(problem.detail(format!("a user may hold {PER_USER} event streams open")));
        }
        *held += 1;
        drop(holders);
        telemetry::streams(1.0);
        Ok(Open { holder, holders: Arc::clone(&self.holders), _room: room })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Slot::Occupied(mut held) = holders.entry(self.holder.clone()) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
        telemetry::streams(-1.0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hub_commands::access::Grant;
    use hub_domain::kernel::TypedId as _;
    use uuid::Uuid;

    use super::*;

    fn caller(name: &str) -> Caller {
        let grant = Grant::User { roles: BTreeSet::new(), session: Uuid::nil() };
        Caller { actor: Actor::new(name).unwrap(), tenant: TenantId::from_uuid(Uuid::nil()), grant }
    }

    #[test]
    fn one_user_cannot_take_the_room_of_all() {
        let streams = Streams::new(PER_USER + 1);
        let held: Vec<_> = (0..PER_USER).map(|_| streams.open(&caller("user_a")).unwrap()).collect();
        assert_eq!(streams.open(&caller("user_a")).unwrap_err().entry(), Entry::TOO_MANY_STREAMS);
        let other = streams.open(&caller("user_b")).unwrap();
        assert_eq!(streams.open(&caller("user_c")).unwrap_err().entry(), Entry::OVERLOADED);
        drop((held, other));
        assert!(streams.holders.lock().unwrap().is_empty());
        streams.open(&caller("user_a")).unwrap();
    }
}
