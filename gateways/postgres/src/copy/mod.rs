//! The ledger as the copy of a log that is kept elsewhere. Everything that reads `ledger.events` works on it unchanged.

mod statements;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use hub_commands::ports::{
    ChainHead, CopyCursor, CopyError, Entry, LedgerCopy, LogError, Remembered, Unavailable,
};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::Recorded;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use crate::failure;
use crate::log::{reader, statements as log};

/// The copy of a log in this database; the pool is of the writer role.
#[derive(Clone, Debug)]
pub struct PgCopy {
    pool: PgPool,
}

impl PgCopy {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

/// The name of the log that the database is a copy of; `None` where its ledger is the log itself.
pub async fn copied_log(pool: &PgPool) -> Result<Option<String>, Unavailable> {
    Ok(statements::copied(pool).await.map_err(unavailable)?.0)
}

#[async_trait]
impl LedgerCopy for PgCopy {
    async fn adopt(&self, log: &str) -> Result<(), CopyError> {
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        statements::adopt(&mut connection, log).await.map_err(unavailable)?;
        let foreign = match statements::copied(&mut *connection).await.map_err(unavailable)? {
            (Some(copied), _) if copied == log => return Ok(()),
            (Some(copied), _) => format!("this database is a copy of the {copied}, not of the {log}"),
            (None, position) => format!(
                "this database holds a ledger of its own ({position} events): two histories are never mixed. Start \
                 without --log, or with a new database"
            ),
        };
        Err(CopyError::Foreign(foreign))
    }

    async fn cursor(&self) -> Result<CopyCursor, Unavailable> {
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        statements::cursor(&mut connection, false).await.map_err(unavailable)
    }

    async fn heads(&self) -> Result<(CopyCursor, HashMap<Uuid, ChainHead>), Unavailable> {
        let heads = async {
            let mut connection = self.pool.acquire().await?;
            let mut transaction = connection.begin().await?;
            sqlx::query("set transaction isolation level repeatable read").execute(&mut *transaction).await?;
            let cursor = statements::cursor(&mut transaction, false).await?;
            let chains = statements::chains(&mut transaction, None).await?;
            transaction.commit().await?;
            Ok((cursor, chains.into_iter().collect()))
        };
        heads.await.map_err(unavailable)
    }

    async fn copy(&self, entries: &[Entry]) -> Result<CopyCursor, CopyError> {
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        let mut transaction = connection.begin().await.map_err(unavailable)?;
        let cursor = statements::cursor(&mut transaction, true).await.map_err(unavailable)?;
        // Another hub on this database may have been faster.
        let known = entries.partition_point(|entry| entry.number < cursor.next);
        let entries = &entries[known..];
        if entries.is_empty() {
            return Ok(cursor);
        }
        let mut judged = Judged::read(&mut transaction, cursor, entries).await.map_err(unavailable)?;
        for entry in entries {
            judged.push(entry).map_err(|what| CopyError::Altered { number: entry.number, what })?;
        }
        let chains: Vec<_> = judged.chains.into_iter().collect();
        let done = statements::copy(&mut transaction, cursor.next, &judged.cursor, &chains, entries).await;
        if !done.map_err(unavailable)? {
            return Err(failure::damaged("ledger", "the copy moved under the lock of its head").into());
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(judged.cursor)
    }

    async fn revisions(&self, streams: &[(TenantId, &str)]) -> Result<Vec<Option<u64>>, Unavailable> {
        let streams: Vec<_> = streams.iter().map(|(tenant, stream)| (tenant.uuid(), *stream)).collect();
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        log::stream_heads(&mut connection, &streams).await.map_err(unavailable)
    }

    async fn receipts(&self, keys: &[(TenantId, &str)]) -> Result<Vec<Remembered>, Unavailable> {
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        let stored = log::receipts(&mut connection, keys).await.map_err(unavailable)?;
        stored.into_iter().map(log::StoredReceipt::into_remembered).collect()
    }

    async fn read_stream(
        &self,
        tenant: TenantId,
        stream: &str,
        from: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        reader::read_stream(&self.pool, tenant, stream, from).await
    }
}

/// What stands before the next entry, as far as it has been judged.
struct Judged {
    cursor: CopyCursor,
    chains: HashMap<Uuid, ChainHead>,
    revisions: BTreeMap<(Uuid, String), Option<u64>>,
    buffer: Vec<u8>,
}

impl Judged {
    /// Reads what judging these entries needs. The head's lock is held: it cannot change meanwhile.
    async fn read(
        connection: &mut PgConnection,
        cursor: CopyCursor,
        entries: &[Entry],
    ) -> Result<Self, sqlx::Error> {
        let events = || entries.iter().filter_map(|entry| entry.event.as_ref());
        let mut tenants: Vec<Uuid> = events().map(|event| event.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let chains = statements::chains(connection, Some(&tenants)).await?.into_iter().collect();
        let mut streams: Vec<(Uuid, &str)> =
            events().map(|event| (event.tenant, event.stream.as_str())).collect();
        streams.sort_unstable();
        streams.dedup();
        let heads = log::stream_heads(connection, &streams).await?;
        let named = streams.into_iter().map(|(tenant, stream)| (tenant, stream.to_owned()));
        Ok(Self { cursor, chains, revisions: named.zip(heads).collect(), buffer: Vec::new() })
    }

    fn push(&mut self, entry: &Entry) -> Result<(), String> {
        let belongs = self.cursor.next;
        if entry.number != belongs {
            return Err(format!("entry {belongs} belongs there"));
        }
        self.cursor.next += 1;
        let Some(event) = &entry.event else { return Ok(()) };
        if event.position != self.cursor.position + 1 {
            return Err(format!(
                "its position is {}, {} belongs there",
                event.position,
                self.cursor.position + 1
            ));
        }
        if event.recorded_at < self.cursor.recorded_at {
            return Err("it was recorded before the event that stands before it".into());
        }
        let newest = self.revisions.entry((event.tenant, event.stream.clone())).or_default();
        let revision = newest.map_or(0, |newest| newest + 1);
        if event.revision != revision {
            return Err(format!("its revision is {}, {revision} belongs there", event.revision));
        }
        *newest = Some(revision);
        let chain = self.chains.entry(event.tenant).or_insert(ChainHead::EMPTY);
        *chain = chain.after(event, &mut self.buffer)?;
        self.cursor.position = event.position;
        self.cursor.recorded_at = event.recorded_at;
        self.cursor.last = Some(event.leaf_hash);
        Ok(())
    }
}

fn unavailable(cause: sqlx::Error) -> Unavailable {
    failure::unavailable("ledger copy")(cause)
}
