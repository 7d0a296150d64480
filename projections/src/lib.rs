//! The read side: events become rows, rows answer queries.
//!
//! A [`Projection`] is a pure fold from events to rows; [`engine`] runs any of them: batches, transactions,
//! cursors, several hub processes. [`rebuild`] makes a table anew beside the live one; [`ReadModels`] answers.

pub mod difference;
pub mod engine;
pub mod event;
pub mod feed;
pub mod models;
pub mod oracle;
pub mod outlet;
pub mod projection;
pub mod proof;
pub mod query;
pub mod rebuild;
pub mod runner;
pub mod self_check;
pub mod shadow;
pub mod telemetry;

#[cfg(test)]
mod testing;

pub use engine::progress::{Progress, Standing, Status};
pub use event::{Event, Poison};
pub use feed::{EventFeed, FeedError};
pub use projection::{Key, Kind, Projection};
pub use query::{
    AsOf, AuditQuery, AuditRow, Behind, ClusterQuery, ClusterRow, ClusterSample, ExportQuery, ExportRow,
    FleetView, Listed, Page, QueryError, ReadModels, UserQuery, UserRow,
};
pub use runner::ProjectionRunner;
