//! How much an entry matters: one table for every format.

use super::deed::{Act, Class};
use super::reading::{Outcome, Reading};

/// From least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Business as usual.
    Informational,
    /// Worth a look: something was taken away, or somebody may do other things than before.
    Low,
    /// Something failed, or somebody was turned away.
    Medium,
    /// Somebody is probably where they do not belong.
    High,
}

/// Of a session that two have used: the one sign-in that only a thief explains.
const STOLEN: &str = "refresh_token_reused";

impl Level {
    /// What an entry deserves.
    pub fn of(reading: &Reading<'_>) -> Self {
        match reading.outcome {
            Outcome::Refused if reading.facts.code.as_deref() == Some(STOLEN) => return Self::High,
            Outcome::Refused | Outcome::Failed => return Self::Medium,
            Outcome::Succeeded | Outcome::Other => {}
        }
        match (reading.deed.class, reading.deed.act, reading.deed.verb) {
            (_, _, "health_changed") => match reading.after("health") {
                Some("unreachable") => Self::Medium,
                Some("degraded") => Self::Low,
                _ => Self::Informational,
            },
            (Class::Finding, Act::Create, _) => Self::Medium,
            (Class::Privileges, _, _)
            | (_, Act::Delete | Act::Unenroll | Act::Disable | Act::Suspend | Act::PasswordReset, _)
            | (_, _, "credentials_replaced") => Self::Low,
            _ => Self::Informational,
        }
    }

    /// RFC 5424, section 6.2.1: informational, notice, warning, error.
    pub fn syslog(self) -> u8 {
        [6, 5, 4, 3][self as usize]
    }

    /// OCSF `severity_id`, and its caption.
    pub fn ocsf(self) -> (u8, &'static str) {
        [(1, "Informational"), (2, "Low"), (3, "Medium"), (4, "High")][self as usize]
    }

    /// From 1 to 10, as CEF, LEEF and (freely) ECS count: up to 3 is low, up to 6 medium, up to 8 high.
    pub fn of_ten(self) -> u8 {
        [1, 3, 5, 8][self as usize]
    }
}
