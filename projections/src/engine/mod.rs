//! What runs projections: the shared reader, batches, tables, cursors.

pub mod changes;
pub(crate) mod cursor;
pub mod progress;
mod recent;
pub(crate) mod table;
pub mod tail;
pub(crate) mod worker;

#[cfg(test)]
mod tests;

use crate::feed::FeedError;

/// Something outside failed; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The log.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database.
    #[error("the read models cannot be written: {0}")]
    Database(#[from] sqlx::Error),
}

impl EngineError {
    /// Whether the database refused the rows themselves: a value that its type cannot hold, a broken constraint, a
    /// bound of the server. (SQLSTATE classes 22, 23 and 54.) Trying again would not help.
    pub(crate) fn is_about_the_rows(&self) -> bool {
        let code = match self {
            Self::Database(sqlx::Error::Database(refused)) => refused.code(),
            _ => None,
        };
        code.is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
    }

    /// Whether somebody else held a lock for too long (SQLSTATE 55P03).
    pub(crate) fn is_about_a_lock(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(refused)) if refused.code().is_some_and(|code| code == "55P03"))
    }
}
