//! The kit's one clock and one source of randomness.

use chrono::{DateTime, Utc};
use hub_commands::ports::{Clock, Ids};
use uuid::Uuid;

/// A fresh `UUIDv7`.
#[allow(clippy::disallowed_methods, reason = "the kit's one place that makes ids")]
pub fn uuid() -> Uuid {
    Uuid::now_v7()
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the kit's one place that reads the time")]
    fn now(&self) -> DateTime<Utc> {
        std::time::SystemTime::now().into()
    }
}

/// The system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn uuid(&self) -> Uuid {
        uuid()
    }

    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes);
    }
}
