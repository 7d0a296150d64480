//! The table of a projection: generic over its row, by way of JSON. No projection has SQL of its own.

use std::collections::HashSet;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::changes::{Changes, fold};
use super::recent::Recent;
use crate::event::{Event, Poison};
use crate::projection::{Key, Kind, Projection};

/// Rows that are held in memory, at least.
const ROWS_HELD: usize = 8192;

/// A projection's table, and the rows of it that were used last.
pub struct Table<P: Projection> {
    known: Recent<P::Row>,
    load: String,
    end: String,
    write: String,
}

impl<P: Projection> Table<P> {
    /// Over `read.<name>`, which is the projection's table or a clone of it.
    pub async fn open(pool: &PgPool, name: &str) -> Result<Self, sqlx::Error> {
        let columns: Vec<String> = sqlx::query_scalar(
            "select attname::text from pg_attribute \
             where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum",
        )
        .bind(format!("read.{name}"))
        .fetch_all(pool)
        .await?;
        let mut write =
            format!("insert into read.{name} select * from jsonb_populate_recordset(null::read.{name}, $1)");
        let mut present = "";
        match P::KIND {
            Kind::Append => {}
            Kind::Current => {
                let columns: Vec<String> =
                    columns.iter().map(|column| format!("\"{column}\" = excluded.\"{column}\"")).collect();
                write = format!("{write} on conflict (tenant, id) do update set {}", columns.join(", "));
            }
            Kind::Versioned => present = " and t.valid_to is null",
        }
        Ok(Self {
            known: Recent::new(ROWS_HELD),
            load: format!(
                "select t.tenant, t.id, to_json(t) from unnest($1::uuid[], $2::text[]) k (tenant, id) \
                 join read.{name} t on t.tenant = k.tenant and t.id = k.id{present}"
            ),
            end: format!(
                "update read.{name} t set valid_to = k.position \
                 from unnest($1::uuid[], $2::text[], $3::bigint[]) k (tenant, id, position) \
                 where t.tenant = k.tenant and t.id = k.id and t.valid_to is null"
            ),
            write,
        })
    }

    /// What the events make of the table, up to the first that cannot be read. Writes nothing.
    pub async fn fold(
        &mut self,
        connection: &mut PgConnection,
        events: &[Event],
    ) -> Result<(Changes<P::Row>, Option<Poison>), sqlx::Error> {
        if P::KIND != Kind::Append {
            self.load_missing(connection, events).await?;
        }
        let known = &mut self.known;
        Ok(fold::<P>(events, |key| known.get(key).cloned()))
    }

    async fn load_missing(
        &mut self,
        connection: &mut PgConnection,
        events: &[Event],
    ) -> Result<(), sqlx::Error> {
        let mut missing: HashSet<Key> = HashSet::new();
        for event in events {
            // The first event of a stream finds no row.
            if event.recorded.revision > 0
                && let Some(key) = P::key(event)
                && self.known.get(&key).is_none()
            {
                missing.insert(key);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let (tenants, ids): (Vec<Uuid>, Vec<&str>) =
            missing.iter().map(|key| (key.tenant, key.id.as_str())).unzip();
        let rows: Vec<(Uuid, String, Json<P::Row>)> =
            sqlx::query_as(&self.load).bind(&tenants).bind(&ids).fetch_all(connection).await?;
        for (tenant, id, Json(row)) in rows {
            self.known.put(Key { tenant, id }, row);
        }
        Ok(())
    }

    /// Writes changes, in the caller's transaction.
    pub async fn write(
        &self,
        connection: &mut PgConnection,
        changes: &Changes<P::Row>,
    ) -> Result<(), sqlx::Error> {
        if !changes.ended.is_empty() {
            let (keys, positions): (Vec<&Key>, Vec<i64>) =
                changes.ended.iter().map(|(key, position)| (key, *position as i64)).unzip();
            let (tenants, ids): (Vec<Uuid>, Vec<&str>) =
                keys.iter().map(|key| (key.tenant, key.id.as_str())).unzip();
            sqlx::query(&self.end)
                .bind(&tenants)
                .bind(&ids)
                .bind(&positions)
                .execute(&mut *connection)
                .await?;
        }
        if !changes.rows.is_empty() {
            sqlx::query(&self.write).bind(Json(&changes.rows)).execute(connection).await?;
        }
        Ok(())
    }

    /// Holds the newest rows, once the transaction that wrote them has been committed.
    pub fn keep(&mut self, changes: Changes<P::Row>) {
        for (key, row) in changes.newest {
            self.known.put(key, row);
        }
    }

    /// Forgets what it holds: somebody else has written.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}
