//! The table of a projection: generic over its row, by way of serde and COPY. No projection has SQL of its own.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::changes::{Changes, fold};
use super::recent::Recent;
use crate::event::{Event, Poison};
use crate::projection::{Key, Kind, Projection, Stored};

/// Rows that are held in memory, at least.
const ROWS_HELD: usize = 8192;
/// Bytes of one message of a COPY.
const CHUNK: usize = 1 << 20;

/// How rows come into a table: its columns, by name.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Lets the planner know the table, without reading the documents in it.
    pub analyze: String,
    copy: String,
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    is_array: bool,
    is_document: bool,
}

impl Shape {
    /// Of `read.<name>`.
    pub async fn of(pool: &PgPool, name: &str) -> Result<Self, sqlx::Error> {
        let found = sqlx::query(
            "select a.attname::text, t.typcategory = 'A', t.typname = 'jsonb' from pg_attribute a join pg_type t on t.oid = a.atttypid \
             where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum",
        )
        .bind(format!("read.{name}"))
        .fetch_all(pool)
        .await?;
        let columns = found
            .iter()
            .map(|row| {
                Ok(Column { name: row.try_get(0)?, is_array: row.try_get(1)?, is_document: row.try_get(2)? })
            })
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        let quoted = |column: &Column| format!("\"{}\"", column.name);
        let names: Vec<String> = columns.iter().map(quoted).collect();
        let known: Vec<String> = columns.iter().filter(|column| !column.is_document).map(quoted).collect();
        Ok(Self {
            analyze: format!("analyze read.{name} ({})", known.join(", ")),
            copy: format!("copy read.{name} ({}) from stdin", names.join(", ")),
            columns,
        })
    }

    /// Adds rows, in the caller's transaction.
    pub async fn add<R: serde::Serialize>(
        &self,
        connection: &mut PgConnection,
        rows: &[&Stored<R>],
    ) -> Result<(), sqlx::Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut copy = connection.copy_in_raw(&self.copy).await?;
        let mut chunk = String::new();
        for row in rows {
            self.line(&mut chunk, row).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
            if chunk.len() >= CHUNK {
                copy.send(chunk.as_bytes()).await?;
                chunk.clear();
            }
        }
        copy.send(chunk.as_bytes()).await?;
        copy.finish().await.map(|_| ())
    }

    /// One row in COPY's text format. What a column holds is cut out of the row's JSON, not taken apart and put together.
    fn line<R: serde::Serialize>(&self, out: &mut String, row: &R) -> Result<(), serde_json::Error> {
        let json = serde_json::to_string(row)?;
        let mut members: Members<'_> = serde_json::from_str(&json)?;
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push('\t');
            }
            match members.value(&column.name) {
                "null" => out.push_str("\\N"),
                json if column.is_document => escape(out, json),
                text if text.starts_with('"') => escape(out, &serde_json::from_str::<Cow<'_, str>>(text)?),
                list if column.is_array => escape(out, &array(&serde_json::from_str::<Vec<Value>>(list)?)),
                value => escape(out, value),
            }
        }
        out.push('\n');
        Ok(())
    }
}

/// The members of an object, in their order. Columns come in nearly the same one, so each is mostly the next.
struct Members<'a> {
    all: Vec<(&'a str, &'a RawValue)>,
    next: usize,
}

impl<'a> Members<'a> {
    fn value(&mut self, name: &str) -> &'a str {
        let (before, after) = self.all.split_at(self.next.min(self.all.len()));
        let found = after.iter().position(|(known, _)| *known == name).map(|at| before.len() + at);
        let Some(at) = found.or_else(|| before.iter().position(|(known, _)| *known == name)) else {
            return "null";
        };
        self.next = at + 1;
        self.all[at].1.get()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a row, which is an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::with_capacity(32);
                while let Some(member) = map.next_entry()? {
                    all.push(member);
                }
                Ok(Members { all, next: 0 })
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Escapes what COPY reads as more than itself.
fn escape(out: &mut String, mut text: &str) {
    while let Some(at) = text.find(['\\', '\t', '\n', '\r']) {
        out.push_str(&text[..at]);
        out.push_str(match text.as_bytes()[at] {
            b'\t' => "\\t",
            b'\n' => "\\n",
            b'\r' => "\\r",
            _ => "\\\\",
        });
        text = &text[at + 1..];
    }
    out.push_str(text);
}

/// An array of texts as the database writes one. Quoted, an element may hold anything.
fn array(elements: &[Value]) -> String {
    let quoted: Vec<String> = elements
        .iter()
        .map(|element| {
            let text = element.as_str().map_or_else(|| element.to_string(), str::to_owned);
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        })
        .collect();
    format!("{{{}}}", quoted.join(","))
}

/// A projection's table, and the rows of it that were used last.
pub struct Table<P: Projection> {
    shape: Shape,
    known: Recent<P::Row>,
    load: String,
    make_room: String,
}

impl<P: Projection> Table<P> {
    /// Over `read.<name>`, which is the projection's table or a clone of it.
    pub async fn open(pool: &PgPool, name: &str) -> Result<Self, sqlx::Error> {
        // Row by row by the primary key, and by place (ctid) from there. The order is what leaves the planner no other index,
        // whatever it believes of the table's size.
        let row = |what: &str| match P::KIND {
            Kind::Versioned => format!(
                "select {what} from read.{name} c where c.tenant = k.tenant and c.id = k.id and c.valid_to is null \
                 order by c.valid_from desc limit 1"
            ),
            Kind::Current | Kind::Append => format!(
                "select {what} from (select c.*, c.ctid as place from read.{name} c where (c.tenant, c.id) >= (k.tenant, k.id) \
                 order by c.tenant, c.id limit 1) c where c.tenant = k.tenant and c.id = k.id"
            ),
        };
        let make_room = match P::KIND {
            Kind::Append => String::new(),
            Kind::Current => format!(
                "delete from read.{name} t using (select ({}) as place \
                 from unnest($1::uuid[], $2::text[]) k (tenant, id) offset 0) k where t.ctid = k.place",
                row("c.place")
            ),
            Kind::Versioned => format!(
                "update read.{name} t set valid_to = k.position from (select ({}) as place, k.position \
                 from unnest($1::uuid[], $2::text[], $3::bigint[]) k (tenant, id, position) offset 0) k \
                 where t.ctid = k.place",
                row("c.ctid")
            ),
        };
        Ok(Self {
            shape: Shape::of(pool, name).await?,
            known: Recent::new(ROWS_HELD),
            load: format!(
                "select t.tenant, t.id, to_json(t) from unnest($1::uuid[], $2::text[]) k (tenant, id) \
                 cross join lateral ({}) t",
                row("c.*")
            ),
            make_room,
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
        let (tenants, ids) = columns(&missing);
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
        match P::KIND {
            Kind::Current if !changes.newest.is_empty() => {
                let (tenants, ids) = columns(changes.newest.keys());
                sqlx::query(&self.make_room).bind(&tenants).bind(&ids).execute(&mut *connection).await?;
            }
            Kind::Versioned if !changes.ended.is_empty() => {
                let (tenants, ids) = columns(changes.ended.iter().map(|(key, _)| key));
                let positions: Vec<i64> =
                    changes.ended.iter().map(|(_, position)| *position as i64).collect();
                let ending = sqlx::query(&self.make_room).bind(&tenants).bind(&ids).bind(&positions);
                ending.execute(&mut *connection).await?;
            }
            _ => {}
        }
        self.shape.add(connection, &changes.rows()).await
    }

    /// Holds the newest rows, once the transaction that wrote them has been committed.
    pub fn keep(&mut self, changes: Changes<P::Row>) {
        for (key, stored) in changes.newest {
            self.known.put(key, stored.row);
        }
    }

    /// Forgets what it holds: somebody else has written.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}

/// Keys as two columns.
fn columns<'k>(keys: impl IntoIterator<Item = &'k Key>) -> (Vec<Uuid>, Vec<&'k str>) {
    keys.into_iter().map(|key| (key.tenant, key.id.as_str())).unzip()
}

#[cfg(test)]
mod tests;
