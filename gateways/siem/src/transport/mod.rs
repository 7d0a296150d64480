//! How a SIEM is reached: messages go out in order, and are known to have arrived.
//!
//! ```text
//! open        what the export says -> a way out, or the member and the rule that it broke
//! syslog      a connection for each portion, closed by both sides
//! hec, bulk, webhook   requests over `http`
//! file        lines in a folder
//! kafka       records of a topic
//!   portions  how much travels at once
//!   address   where the hub may go
//!   tls       who the other side is
//! ```
//!
//! What each of them promises stands in `TRANSPORTS.md`.

mod address;
mod bulk;
mod fault;
mod file;
mod hec;
mod http;
mod kafka;
mod open;
mod portions;
mod settings;
mod syslog;
#[cfg(test)]
pub(crate) mod testing;
mod tls;
mod webhook;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hub_projections::outlet::Undelivered;

pub use open::{check, open};
pub use settings::{OpenError, Part, Secrets, Settings};

/// One message, written in its format, without a line break at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The event's id; of a checkpoint or manifest a name that is the same whenever it is sent again.
    pub id: String,
    /// When it was recorded.
    pub time: DateTime<Utc>,
    /// What it is: the event's type, `ledger.checkpoint` or `ledger.manifest`.
    pub kind: String,
    /// The syslog severity (RFC 5424, section 6.2.1).
    pub severity: u8,
    /// Whether `body` is a JSON object.
    pub json: bool,
    /// What the format made of it: UTF-8.
    pub body: Vec<u8>,
}

/// A way out. One shape for all of them: opened with what the export says, and then only sent through.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends messages in order; answers once all of them have arrived as surely as the protocol can tell.
    /// `delivered` of the error counts messages.
    async fn send(&self, messages: &[Message]) -> Result<(), Undelivered>;
}
