//! One statement for any list: where the table stands, how many entries there are, and the page, in one snapshot.

use chrono::{DateTime, Utc};
use hub_domain::kernel::TenantId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryScalar;
use sqlx::types::Json;
use sqlx::{PgTransaction, Postgres};
use uuid::Uuid;

use super::page::{Cursor, Listed, Page, Sort};
use super::{QueryError, ReadModels};

/// A value that a statement is given.
#[derive(Clone, Debug)]
pub(super) enum Arg {
    Text(String),
    Texts(Vec<String>),
    Uuid(Uuid),
    Uuids(Vec<Uuid>),
    Number(i64),
    Time(DateTime<Utc>),
    Json(Value),
}

/// A `where` clause in the making.
#[derive(Debug, Default)]
pub(super) struct Filter {
    clauses: Vec<String>,
    args: Vec<Arg>,
}

impl Filter {
    /// Names a value: `$3`.
    pub fn arg(&mut self, arg: Arg) -> String {
        self.args.push(match arg {
            // PostgreSQL holds no NUL: what contains one is equal to nothing that is stored.
            Arg::Text(text) => Arg::Text(text.replace('\0', "\u{fffd}")),
            Arg::Texts(texts) => {
                Arg::Texts(texts.iter().map(|text| text.replace('\0', "\u{fffd}")).collect())
            }
            arg => arg,
        });
        format!("${}", self.args.len())
    }

    /// Demands `left <operator> value`.
    pub fn and(&mut self, left: &str, operator: &str, value: Arg) {
        let name = self.arg(value);
        self.clauses.push(format!("{left} {operator} {name}"));
    }

    /// Demands what needs no value.
    pub fn and_sql(&mut self, clause: impl Into<String>) {
        self.clauses.push(clause.into());
    }

    /// Demands one of the values; none given demands nothing.
    pub fn one_of(&mut self, column: &str, values: &[String]) {
        match values {
            [] => {}
            [value] => self.and(column, "=", Arg::Text(value.clone())),
            values => {
                let name = self.arg(Arg::Texts(values.to_vec()));
                self.clauses.push(format!("{column} = any({name})"));
            }
        }
    }

    /// The values.
    pub fn args(&self) -> &[Arg] {
        &self.args
    }

    /// The clauses as one.
    pub fn sql(&self) -> String {
        if self.clauses.is_empty() { "true".to_owned() } else { self.clauses.join(" and ") }
    }
}

/// How the entries of a list are counted.
#[derive(Clone, Debug)]
pub(super) enum Count {
    /// One by one.
    All,
    /// One by one, up to a bound.
    AtMost(u32),
    /// By an expression that knows.
    Known(String),
}

/// A list, without its page.
#[derive(Debug)]
pub(super) struct List {
    /// The projection whose cursor says how far the list is.
    pub projection: &'static str,
    /// What stands behind `from`, with the alias `t`.
    pub source: String,
    /// The column that tells entries with equal sort keys apart, and its type.
    pub id: (&'static str, &'static str),
    /// What is demanded of an entry.
    pub filter: Filter,
    /// The order.
    pub sort: Sort,
    /// How to count.
    pub count: Count,
    /// What was asked for: cursors of other lists do not fit.
    pub identity: String,
}

#[derive(Deserialize)]
#[serde(bound = "R: DeserializeOwned")]
struct Answer<R> {
    position: u64,
    total: u64,
    rows: Vec<Entry<R>>,
}

#[derive(Deserialize)]
#[serde(bound = "R: DeserializeOwned")]
struct Entry<R> {
    key: String,
    id: String,
    row: R,
}

impl List {
    /// Reads a page.
    pub async fn read<R: DeserializeOwned + Send + Unpin + 'static>(
        mut self,
        transaction: &mut PgTransaction<'static>,
        page: &Page,
    ) -> Result<Listed<R>, QueryError> {
        let (sql, bound) = self.sql(page)?;
        let answer = bind(sqlx::query_scalar(&sql), &self.filter.args).fetch_one(&mut **transaction).await;
        let Json(answer): Json<Answer<R>> = answer.map_err(|cause| match cause {
            // Only a forged cursor holds a sort key that is none (class 22: data exceptions).
            sqlx::Error::Database(refused)
                if page.cursor.is_some() && refused.code().is_some_and(|code| code.starts_with("22")) =>
            {
                QueryError::InvalidCursor
            }
            cause => cause.into(),
        })?;
        let limit = page.limit as usize;
        let mut entries = answer.rows;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|last| {
            Cursor { key: last.key.clone(), id: last.id.clone() }.seal(self.sort, &self.identity)
        });
        Ok(Listed {
            exact: bound.is_none_or(|bound| answer.total < u64::from(bound)),
            total: answer.total,
            next,
            position: answer.position,
            rows: entries.into_iter().map(|entry| entry.row).collect(),
        })
    }

    /// The statement, and up to where it counts.
    pub fn sql(&mut self, page: &Page) -> Result<(String, Option<u32>), QueryError> {
        if !(1..=500).contains(&page.limit) {
            return Err(QueryError::InvalidFilter { parameter: "limit", rule: "must be 1 to 500".into() });
        }
        let (source, wanted) = (&self.source, self.filter.sql());
        let (count, bound) = match &self.count {
            Count::All => (format!("(select count(*) from {source} where {wanted})"), None),
            Count::AtMost(bound) => (
                format!(
                    "(select count(*) from (select 1 from {source} where {wanted} limit {bound}) counted)"
                ),
                Some(*bound),
            ),
            Count::Known(expression) => (expression.clone(), None),
        };
        let (id, id_type) = self.id;
        let key = self.sort.key.expression;
        let (direction, beyond) = if self.sort.descending { ("desc", "<") } else { ("asc", ">") };
        let from = match page.cursor.as_deref() {
            None => String::new(),
            Some(text) => {
                let cursor = Cursor::open(text, self.sort, &self.identity)?;
                let key_value = self.filter.arg(Arg::Text(cursor.key));
                let id_value = self.filter.arg(Arg::Text(cursor.id));
                let key_type = self.sort.key.sql_type;
                format!(
                    " and ({key}, {id}) {beyond} ({key_value}::text::{key_type}, {id_value}::text::{id_type})"
                )
            }
        };
        let source = &self.source;
        let sql = format!(
            "select json_build_object(\
               'position', coalesce((select c.position from read.cursors c where c.name = '{}'), 0), \
               'total', coalesce({count}, 0), \
               'rows', coalesce((select json_agg(json_build_object('key', page.key, 'id', page.id, 'row', to_json(page.entry))) \
                 from (select ({key})::text as key, ({id})::text as id, t as entry from {source} \
                       where {wanted}{from} order by {key} {direction}, {id} {direction} limit {}) page), '[]'))",
            self.projection,
            page.limit + 1,
        );
        Ok((sql, bound))
    }
}

impl ReadModels {
    /// Reads one page in a transaction of its own.
    pub(super) async fn list<R: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        tenant: TenantId,
        list: List,
        page: &Page,
    ) -> Result<Listed<R>, QueryError> {
        let mut transaction = self.scoped(tenant).await?;
        let listed = list.read(&mut transaction, page).await?;
        transaction.commit().await?;
        Ok(listed)
    }

    /// Reads at most one value that a statement makes, as JSON; null is none.
    pub(super) async fn one<R: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        tenant: TenantId,
        sql: &str,
        args: &[Arg],
    ) -> Result<Option<R>, QueryError> {
        let mut transaction = self.scoped(tenant).await?;
        let found: Option<Option<Json<R>>> =
            bind(sqlx::query_scalar(sql), args).fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(found.flatten().map(|Json(row)| row))
    }
}

/// Gives a statement its values.
pub(super) fn bind<'q, O>(
    query: QueryScalar<'q, Postgres, O, PgArguments>,
    args: &'q [Arg],
) -> QueryScalar<'q, Postgres, O, PgArguments> {
    args.iter().fold(query, |query, arg| match arg {
        Arg::Text(text) => query.bind(text),
        Arg::Texts(texts) => query.bind(texts),
        Arg::Uuid(uuid) => query.bind(uuid),
        Arg::Uuids(uuids) => query.bind(uuids),
        Arg::Number(number) => query.bind(number),
        Arg::Time(time) => query.bind(time),
        Arg::Json(value) => query.bind(Json(value)),
    })
}
