//! Brings a database to the present schema. Embedded, ordered, guarded by an advisory lock, idempotent.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{ConnectOptions, Connection};

use crate::pools::{PoolsError, options};

/// Every migration: its number, its name and its SQL. A published one never changes; the next one does.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "ledger", include_str!("../../../migrations/ledger/0001_ledger.sql")),
    (2, "vault", include_str!("../../../migrations/ledger/0002_vault.sql")),
    (3, "proof", include_str!("../../../migrations/ledger/0003_proof.sql")),
    (4, "outlets", include_str!("../../../migrations/ledger/0004_outlets.sql")),
    (5, "key rotation", include_str!("../../../migrations/ledger/0005_key_rotation.sql")),
    (6, "copy", include_str!("../../../migrations/ledger/0006_copy.sql")),
    (7, "lost answers", include_str!("../../../migrations/ledger/0007_lost_answers.sql")),
    (1001, "read models", include_str!("../../../migrations/read-models/0001_read_models.sql")),
    (1002, "audit log indexes", include_str!("../../../migrations/read-models/0002_audit_log_indexes.sql")),
    (1003, "indexes in parts", include_str!("../../../migrations/read-models/0003_indexes_in_parts.sql")),
    (1004, "exports", include_str!("../../../migrations/read-models/0004_exports.sql")),
    (1005, "past of users", include_str!("../../../migrations/read-models/0005_past_of_users.sql")),
    (
        1006,
        "actor accountability",
        include_str!("../../../migrations/read-models/0006_actor_accountability.sql"),
    ),
    (
        1007,
        "audit log references",
        include_str!("../../../migrations/read-models/0007_audit_log_references.sql"),
    ),
];

/// The migrations could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database could not be reached.
    #[error(transparent)]
    Connect(#[from] PoolsError),
    /// A migration failed; the database stands where it stood before it.
    #[error("the database cannot be migrated: {0}")]
    Failed(#[from] sqlx::migrate::MigrateError),
    /// The connection failed.
    #[error("the database cannot be reached: {0}")]
    Database(#[from] sqlx::Error),
}

/// Tells one set of migrations from another: 16 hex digits.
pub fn fingerprint() -> String {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new();
    for (_, _, sql) in MIGRATIONS {
        hasher.update(sql);
    }
    data_encoding::HEXLOWER.encode(&hasher.finalize()[..8])
}

/// Applies what is missing. `url` names a role that owns the database.
pub async fn migrate(url: &str) -> Result<(), MigrateError> {
    let migrations: Vec<Migration> = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, Cow::Borrowed(*sql), false)
        })
        .collect();
    let migrator = Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT };
    let mut connection = options(url)?.connect().await?;
    migrator.run_direct(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
