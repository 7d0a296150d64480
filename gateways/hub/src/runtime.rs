//! The one clock and the one source of randomness of the whole hub.

use chrono::{DateTime, Utc};
use hub_commands::ports::{Clock, Ids};
use rand::TryRng as _;
use uuid::Uuid;

/// The system's clock and generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "this is the one place where the hub reads the time")]
    fn now(&self) -> DateTime<Utc> {
        std::time::SystemTime::now().into()
    }
}

impl Ids for System {
    #[allow(clippy::disallowed_methods, reason = "this is the one place where the hub makes ids")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn fill(&self, bytes: &mut [u8]) {
        rand::rngs::SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
    }
}
