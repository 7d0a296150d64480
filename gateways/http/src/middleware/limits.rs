//! Rate limits, each a GCRA bucket (generic cell rate algorithm) a key.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{HeaderMap, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use hub_domain::kernel::{Actor, TenantId};
use sha2::{Digest as _, Sha256};

use crate::problem::{Entry, Problem};
use crate::telemetry;

/// After so many questions the buckets that are full again are forgotten.
const SWEEP_EVERY: u32 = 4096;

/// All limits of a hub process.
pub struct Limits {
    users: Limit<(TenantId, Actor)>,
    addresses: Limit<IpAddr>,
    sign_ins: Limit<IpAddr>,
    accounts: Limit<[u8; 32]>,
}

/// How much of a limit is left, for the `RateLimit-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    limit: u32,
    remaining: u32,
    /// Seconds until the bucket is full again, or until it gives again when it is empty.
    reset: u64,
}

impl Limits {
    /// From the requests a minute that a user may send: an address without a session may send as many, of which
    /// 6 % may be sign-ins (60 of 1,000), and 1 % of those to one account (10 of 1,000).
    pub fn new(per_minute: u32) -> Self {
        Self {
            users: Limit::new("user", per_minute),
            addresses: Limit::new("address", per_minute),
            sign_ins: Limit::new("sign-in-address", per_minute.saturating_mul(6) / 100),
            accounts: Limit::new("sign-in-account", per_minute / 100),
        }
    }

    /// One request of a signed-in user.
    pub fn user(&self, tenant: TenantId, actor: &Actor) -> Result<Left, Box<(Problem, Left)>> {
        self.users.take(&(tenant, actor.clone()))
    }

    /// One request without a session.
    pub fn address(&self, address: IpAddr) -> Result<Left, Box<(Problem, Left)>> {
        self.addresses.take(&network(address))
    }

    /// One attempt to sign in. The account is remembered only as a digest.
    pub fn sign_in(&self, address: IpAddr, tenant: &str, email: &str) -> Result<(), Problem> {
        self.sign_ins.take(&network(address)).map_err(|refused| refused.0)?;
        let mut digest = Sha256::new();
        digest.update((tenant.len() as u64).to_be_bytes());
        digest.update(tenant.as_bytes());
        digest.update(email.trim().to_lowercase().as_bytes());
        self.accounts.take(&digest.finalize().into()).map_err(|refused| refused.0)?;
        Ok(())
    }
}

/// Who owns an IPv6 address owns its /64: that is one sender.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// One limit.
struct Limit<K: Clone + Eq + Hash> {
    name: &'static str,
    per_minute: u32,
    buckets: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>,
    asked: AtomicU32,
}

impl<K: Clone + Eq + Hash> Limit<K> {
    fn new(name: &'static str, per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let buckets = RateLimiter::keyed(Quota::per_minute(per_minute)).with_middleware();
        Self { name, per_minute: per_minute.get(), buckets, asked: AtomicU32::new(0) }
    }

    fn take(&self, key: &K) -> Result<Left, Box<(Problem, Left)>> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.buckets.retain_recent();
        }
        match self.buckets.check_key(key) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let used = u64::from(self.per_minute.saturating_sub(remaining));
                let reset = (used * 60).div_ceil(u64::from(self.per_minute));
                Ok(Left { limit: self.per_minute, remaining, reset })
            }
            Err(until) => {
                telemetry::rate_limited(self.name);
                let wait = until.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_millis().div_ceil(1000).max(1) as u64;
                let problem = Problem::new(Entry::RATE_LIMITED)
                    .detail(format!("at most {} requests a minute are answered here", self.per_minute))
                    .retry_after(seconds);
                Err(Box::new((problem, Left { limit: self.per_minute, remaining: 0, reset: seconds })))
            }
        }
    }
}

impl Left {
    /// Writes `RateLimit-Limit`, `-Remaining` and `-Reset` (draft-ietf-httpapi-ratelimit-headers-07).
    pub fn write(self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("ratelimit-reset", HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests;
