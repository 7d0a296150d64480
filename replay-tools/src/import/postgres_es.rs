//! A table of postgres-es 0.5: `aggregate_type`, `aggregate_id`, `sequence`, `event_type`, `event_version`, `payload`, `metadata`.

use anyhow::{Context, ensure};
use hub_domain::ledger::EVENT_LIMIT;
use hub_postgres::pools::options;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, Row};

use super::foreign::{ForeignEvent, ForeignSource};

/// Events of a page, and bytes of text in it.
const PAGE: i64 = 500;
const PAGE_BYTES: i64 = 8 << 20;

/// The table, read aggregate by aggregate.
#[derive(Debug)]
pub struct PostgresEs {
    connection: PgConnection,
    name: String,
    count: String,
    page: String,
    after: Option<(String, String, i64)>,
}

impl PostgresEs {
    /// Opens it. `table` may name its schema, too.
    pub async fn open(url: &str, table: &str) -> anyhow::Result<Self> {
        let parts: Vec<&str> = table.split('.').collect();
        let plain = |part: &&str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && part.len() <= 63
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        ensure!(
            parts.len() <= 2 && parts.iter().all(plain),
            "--table must read [SCHEMA.]TABLE, of letters, digits and '_'"
        );
        let quoted = parts.iter().map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(".");
        let mut connection =
            options(url).context("--from-postgres-es")?.connect().await.context("the source")?;
        connection.execute("set default_transaction_read_only = on; set jit = off").await?;
        // A text beyond what an event may have comes cut: it is refused for its length all the same, and never held.
        let page = format!(
            "select aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata from (
                select p.*, row_number() over w as nth,
                       sum(octet_length(payload) + octet_length(metadata)) over w as bytes
                from (select aggregate_type, aggregate_id, sequence, event_type, event_version,
                             left(payload::text, {limit}) as payload, left(metadata::text, {limit}) as metadata
                      from {quoted}
                      where $1::text is null or (aggregate_type, aggregate_id, sequence) > ($1, $2, $3)
                      order by aggregate_type, aggregate_id, sequence limit {PAGE}) p
                window w as (order by aggregate_type, aggregate_id, sequence)) q
             where nth = 1 or bytes <= {PAGE_BYTES} order by nth",
            limit = EVENT_LIMIT + 1
        );
        let count = format!("select count(*) from {quoted}");
        Ok(Self { connection, name: format!("postgres-es/{table}"), count, page, after: None })
    }
}

impl ForeignSource for PostgresEs {
    fn name(&self) -> &str {
        &self.name
    }

    async fn count(&mut self) -> anyhow::Result<Option<u64>> {
        let count: i64 = sqlx::query_scalar(&self.count)
            .fetch_one(&mut self.connection)
            .await
            .context("the source's table")?;
        Ok(Some(count as u64))
    }

    async fn page(&mut self) -> anyhow::Result<Vec<ForeignEvent>> {
        let (kind, id, sequence) = match &self.after {
            Some((kind, id, sequence)) => (Some(kind), Some(id), Some(*sequence)),
            None => (None, None, None),
        };
        let asked = sqlx::query(&self.page).bind(kind).bind(id).bind(sequence);
        let rows = asked.fetch_all(&mut self.connection).await.context("the source's table")?;
        let mut page = Vec::with_capacity(rows.len());
        for row in &rows {
            let sequence: i64 = row.try_get(2)?;
            page.push(ForeignEvent {
                kind: row.try_get(0)?,
                id: row.try_get(1)?,
                revision: u64::try_from(sequence).context("a sequence is negative")?,
                event_type: row.try_get(3)?,
                version: row.try_get(4)?,
                data: row.try_get::<String, _>(5)?.into_bytes(),
                metadata: row.try_get::<String, _>(6)?.into_bytes(),
                ..ForeignEvent::default()
            });
        }
        if let Some(last) = page.last() {
            self.after = Some((last.kind.clone(), last.id.clone(), last.revision as i64));
        }
        Ok(page)
    }
}
