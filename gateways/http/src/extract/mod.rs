//! What routes take: query parameters, commands with their bodies and headers, ids in the path.

mod accept;
mod command;
mod id;
mod json;
mod query;

pub use accept::wants_stream;
pub use command::{Bare, Command, CommandHeaders, DryRun};
pub use id::{ClusterPath, EventId, EventPath, ExportPath, Id, Resource, UserPath};
pub use json::Json;
pub use query::{AsOfParams, FreshParams, OneOf, PageParams, Params, moment, time};

#[cfg(test)]
mod tests;
