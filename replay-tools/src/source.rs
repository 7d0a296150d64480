//! Where a tool finds the ledger: the hub's database.

use std::path::PathBuf;

use clap::Args;
use hub_domain::ledger::{Hash, Milestone, Recorded, Span};
use hub_postgres::log::{LEDGER_COLUMNS, decode_row};
use hub_postgres::pools::{WRITER, connect_as, options};
use sqlx::{Connection as _, PgConnection, Row};

use uuid::Uuid;

use crate::checkpoints::{StoredCheckpoint, WholeCheckpoint};

/// Events fetched at a time.
const PAGE: u64 = 2_000;

/// Where the ledger is.
#[derive(Clone, Debug, Args)]
pub struct Database {
    /// Folder of the hub's built-in database.
    #[arg(long, env = "CLUSTERMASTER_DATA_DIR", default_value = "./.clustermaster")]
    pub data_dir: PathBuf,
    /// Address of the database, where it is not the built-in one.
    #[arg(long, env = "CLUSTERMASTER_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

/// The ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The built-in server is not there.
    #[error(transparent)]
    Builtin(#[from] hub_postgres::builtin::BuiltinError),
    /// The address is wrong.
    #[error(transparent)]
    Address(#[from] hub_postgres::PoolsError),
    /// The database does not answer, or holds no ledger.
    #[error("the ledger cannot be read: {0}")]
    Read(#[from] sqlx::Error),
}

/// A tenant's head as the database states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatedHead {
    /// Which tenant.
    pub tenant: Uuid,
    /// Its events.
    pub size: u64,
    /// Its last leaf hash.
    pub last: Hash,
}

/// The database, opened, with one snapshot for all that is read.
pub struct Ledger {
    connection: PgConnection,
    builtin: Option<hub_postgres::builtin::Builtin>,
    url: String,
    /// Whether the database is of a version that signs checkpoints.
    signs: bool,
}

impl Database {
    /// Opens the database. A running hub's built-in server is used; a resting one is started and stopped again.
    pub async fn open(&self) -> Result<Ledger, SourceError> {
        let (url, builtin) = match &self.database_url {
            Some(url) => (url.clone(), None),
            None => hub_postgres::builtin::borrow(&self.data_dir).await?,
        };
        let mut connection = connect_as(&options(&url)?, WRITER).await?;
        sqlx::raw_sql("begin isolation level repeatable read read only").execute(&mut connection).await?;
        let signs = sqlx::query_scalar("select to_regclass('ledger.checkpoints') is not null");
        let signs = signs.fetch_one(&mut connection).await?;
        Ok(Ledger { connection, builtin, url, signs })
    }
}

impl Ledger {
    /// The database's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The newest position, as the head row states it.
    pub async fn head(&mut self) -> Result<u64, SourceError> {
        let position: i64 = sqlx::query_scalar("select position from ledger.head where one")
            .fetch_one(&mut self.connection)
            .await?;
        Ok(position as u64)
    }

    /// The tenants' heads, as the database states them.
    pub async fn stated_heads(&mut self) -> Result<Vec<StatedHead>, SourceError> {
        let rows = sqlx::query("select tenant, size, last from ledger.tenant_heads order by tenant")
            .fetch_all(&mut self.connection)
            .await?;
        let head = |row: &sqlx::postgres::PgRow| {
            let size = row.try_get::<i64, _>(1)? as u64;
            Ok(StatedHead { tenant: row.try_get(0)?, size, last: hash(row, 2)? })
        };
        Ok(rows.iter().map(head).collect::<Result<_, sqlx::Error>>()?)
    }

    /// The next events after a position, in order. Gaps do not end it: the end is an empty page.
    pub async fn page(&mut self, after: u64) -> Result<Vec<Recorded>, SourceError> {
        // Keyset and limit, not a range of positions: somebody may have made holes.
        let sql = format!(
            "select {LEDGER_COLUMNS} from ledger.events where position > $1 order by position limit $2"
        );
        let rows =
            sqlx::query(&sql).bind(after as i64).bind(PAGE as i64).fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(decode_row).collect::<Result<_, _>>()?)
    }

    /// The keys that have signed, where the database knows of any.
    pub async fn signing_keys(&mut self) -> Result<Vec<String>, SourceError> {
        if !self.signs {
            return Ok(Vec::new());
        }
        let keys = sqlx::query_scalar("select verifier from ledger.signing_keys order by number");
        Ok(keys.fetch_all(&mut self.connection).await?)
    }

    /// The next checkpoints from an entry on, in order.
    pub async fn checkpoints(&mut self, from: u64) -> Result<Vec<StoredCheckpoint>, SourceError> {
        if !self.signs {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "select entry, tenant, size, root, position, issued_at, leaf_hash, note from ledger.checkpoints \
             where entry >= $1 order by entry limit $2",
        );
        let rows = rows.bind(from as i64).bind(PAGE as i64).fetch_all(&mut self.connection).await?;
        let checkpoint = |row: &sqlx::postgres::PgRow| {
            let milestone = Milestone {
                tenant: row.try_get(1)?,
                size: row.try_get::<i64, _>(2)? as u64,
                root: hash(row, 3)?,
                position: row.try_get::<i64, _>(4)? as u64,
                issued_at: row.try_get(5)?,
            };
            let entry = row.try_get::<i64, _>(0)? as u64;
            Ok(StoredCheckpoint { entry, milestone, leaf_hash: hash(row, 6)?, note: row.try_get(7)? })
        };
        Ok(rows.iter().map(checkpoint).collect::<Result<_, sqlx::Error>>()?)
    }

    /// The next checkpoints of the log over all tenants, of more than `size` leaves, in order.
    pub async fn whole_checkpoints(&mut self, size: u64) -> Result<Vec<WholeCheckpoint>, SourceError> {
        if !self.signs {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "select size, root, note from ledger.whole_checkpoints where size > $1 order by size limit $2",
        );
        let rows = rows.bind(size as i64).bind(PAGE as i64).fetch_all(&mut self.connection).await?;
        let whole = |row: &sqlx::postgres::PgRow| {
            let size = row.try_get::<i64, _>(0)? as u64;
            Ok(WholeCheckpoint { size, root: hash(row, 1)?, note: row.try_get(2)? })
        };
        Ok(rows.iter().map(whole).collect::<Result<_, sqlx::Error>>()?)
    }

    /// The newest checkpoint of each tenant: the signed notes.
    pub async fn newest_checkpoints(&mut self) -> Result<Vec<String>, SourceError> {
        if !self.signs {
            return Ok(Vec::new());
        }
        let notes = sqlx::query_scalar(
            "select c.note from ledger.tenant_heads h cross join lateral (select note from ledger.checkpoints c \
             where c.tenant = h.tenant order by c.entry desc limit 1) c order by h.tenant",
        );
        Ok(notes.fetch_all(&mut self.connection).await?)
    }

    /// A tenant's events of these sequences, in order: as many as are fetched at a time.
    pub async fn tenant_page(
        &mut self,
        tenant: Uuid,
        from: u64,
        to: u64,
    ) -> Result<Vec<Recorded>, SourceError> {
        let sql = format!(
            "select {LEDGER_COLUMNS} from ledger.events where tenant = $1 and sequence >= $2 and sequence < $3 \
             order by sequence limit $4"
        );
        let asked = sqlx::query(&sql).bind(tenant).bind(from as i64).bind(to as i64).bind(PAGE as i64);
        let rows = asked.fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(decode_row).collect::<Result<_, _>>()?)
    }

    /// When a tenant's event of a sequence was recorded, in microseconds since 1970.
    pub async fn recorded_at(&mut self, tenant: Uuid, sequence: u64) -> Result<Option<i64>, SourceError> {
        let asked =
            sqlx::query_scalar("select recorded_at from ledger.events where tenant = $1 and sequence = $2");
        Ok(asked.bind(tenant).bind(sequence as i64).fetch_optional(&mut self.connection).await?)
    }

    /// Hashes of a tenant's tree: leaves at tile level 0, stored nodes above it.
    pub async fn tree_hashes(&mut self, tenant: Uuid, span: Span) -> Result<Vec<Hash>, SourceError> {
        let sql = if span.tile_level == 0 {
            "select leaf_hash from ledger.events where tenant = $1 and sequence >= $2 and sequence < $3 and $4 = 0 \
             order by sequence"
        } else {
            "select hash from ledger.tree_nodes where tree = $1 and index >= $2 and index < $3 and level = $4 order by index"
        };
        let asked = sqlx::query(sql).bind(tenant).bind(span.from as i64).bind(span.to as i64);
        let rows = asked.bind(span.tile_level as i16).fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(|row| hash(row, 0)).collect::<Result<_, _>>()?)
    }

    /// A tenant's oldest checkpoint over at least so many leaves, with the lines of witnesses; the newest where none reaches so far.
    pub async fn checkpoint_over(&mut self, tenant: Uuid, size: u64) -> Result<Option<String>, SourceError> {
        if !self.signs {
            return Ok(None);
        }
        for (which, order) in [("c.size >= $2", "asc"), ("c.size < $2", "desc")] {
            let sql = format!(
                "select c.note || coalesce((select string_agg(w.line, '' order by w.witness) from ledger.cosignatures w \
                     where w.entry = c.entry), '') \
                 from ledger.checkpoints c where c.tenant = $1 and {which} order by c.entry {order} limit 1"
            );
            let asked = sqlx::query_scalar(&sql).bind(tenant).bind(size as i64);
            if let Some(note) = asked.fetch_optional(&mut self.connection).await? {
                return Ok(Some(note));
            }
        }
        Ok(None)
    }

    /// The tenant of this name.
    pub async fn tenant(&mut self, name: &str) -> Result<Option<Uuid>, SourceError> {
        const SQL: &str = "select tenant from ledger.events where event_type = 'tenant.created.v1'
            and convert_from(payload, 'UTF8')::jsonb ->> 'name' = $1 order by position desc limit 1";
        Ok(sqlx::query_scalar(SQL).bind(name).fetch_optional(&mut self.connection).await?)
    }

    /// Closes the database.
    pub async fn close(self) -> Result<(), SourceError> {
        self.connection.close().await?;
        if let Some(builtin) = self.builtin {
            builtin.stop().await?;
        }
        Ok(())
    }
}

fn hash(row: &sqlx::postgres::PgRow, at: usize) -> Result<Hash, sqlx::Error> {
    let bytes: &[u8] = row.try_get(at)?;
    bytes.try_into().map(Hash).map_err(|_| sqlx::Error::Decode("a hash is not 32 bytes long".into()))
}
