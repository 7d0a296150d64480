//! The write side: who may do what, what comes of it, and how it reaches the ledger.
//!
//! A command travels `Caller -> authorise -> idempotency -> decide -> EventLog -> Receipt`; see [`Dispatcher`].

/// So that the kit's in-memory log compiles within this crate's own tests.
#[cfg(test)]
extern crate self as hub_commands;

pub mod access;
pub mod accounts;
pub mod aggregate;
mod cache;
pub mod clusters;
pub mod dispatcher;
pub mod error;
pub mod exports;
pub mod flows;
pub mod ledger_store;
pub mod origin;
pub mod ports;
mod refusals;
pub mod telemetry;
#[cfg(test)]
mod testing;

pub use access::{Caller, Permission};
pub use dispatcher::{Dispatcher, Options, Outcome};
pub use error::CommandError;
pub use origin::Origin;
pub use ports::{EventLog, Expected, Ports, Receipt};

use std::future::Future;

use tracing::Instrument;

/// Carries work out to its end even when the caller stops waiting: a request that is cut off must not leave half of
/// what it changed.
async fn to_the_end<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<CommandError> + Send + 'static,
{
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(_) => Err(CommandError::Stopping.into()),
    }
}
