//! Pages: where one ends is where the next begins, whatever has changed in between (keyset pagination).

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::QueryError;

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Entries a page, 1 to 500.
    pub limit: u32,
    /// Where it begins: [`Listed::next`] of the page before.
    pub cursor: Option<String>,
    /// A column to sort by, descending with `-` before it.
    pub sort: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 50, cursor: None, sort: None }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    /// Its entries.
    pub rows: Vec<T>,
    /// Entries of the whole list.
    pub total: u64,
    /// Whether `total` is all; otherwise there are at least as many, and counting stopped there.
    pub exact: bool,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// The log position that the answer tells of.
    pub position: u64,
}

impl<T> Listed<T> {
    /// The same page of something else.
    pub fn map<U>(self, shape: impl FnMut(T) -> U) -> Listed<U> {
        Listed {
            rows: self.rows.into_iter().map(shape).collect(),
            total: self.total,
            exact: self.exact,
            next: self.next,
            position: self.position,
        }
    }
}

/// What a list can be sorted by.
#[derive(Debug)]
pub(super) struct SortKey {
    /// The name on the wire.
    pub name: &'static str,
    /// The SQL expression. Never null: nulls have no place in an order that a cursor continues.
    pub expression: &'static str,
    /// Its SQL type.
    pub sql_type: &'static str,
}

/// An order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sort {
    pub key: &'static SortKey,
    pub descending: bool,
}

impl Sort {
    /// Reads `name` or `-name`; without a text it is the first of the keys, ascending or as `default` says.
    pub fn parse(
        text: Option<&str>,
        default: &'static str,
        keys: &'static [SortKey],
        allowed: &'static [&'static str],
    ) -> Result<Self, QueryError> {
        let text = text.unwrap_or(default);
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let key = keys.iter().find(|key| key.name == name).ok_or(QueryError::InvalidSort { allowed })?;
        Ok(Self { key, descending })
    }

    fn text(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.key.name)
    }
}

/// The last entry of a page: where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Its sort key, as the database writes it.
    #[serde(rename = "k")]
    pub key: String,
    /// Its id: entries with equal keys are in the order of their ids.
    #[serde(rename = "i")]
    pub id: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    cursor: Cursor,
    #[serde(rename = "s")]
    sort: String,
    #[serde(rename = "c")]
    check: u64,
}

impl Cursor {
    /// The opaque text. `list` is what the list was asked for: a cursor of another list is refused.
    pub fn seal(self, sort: Sort, list: &str) -> String {
        let sort = sort.text();
        let check = check(&self, &sort, list);
        let sealed = Sealed { cursor: self, sort, check };
        BASE64URL_NOPAD.encode(&serde_json::to_vec(&sealed).expect("texts and a number are always JSON"))
    }

    /// Reads it back. Whoever forges one moves about in the list that they may read anyway: this is no secret, but
    /// what was cut, altered or carried over from another list must not go unnoticed.
    pub fn open(text: &str, sort: Sort, list: &str) -> Result<Self, QueryError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| QueryError::InvalidCursor)?;
        let sealed: Sealed = serde_json::from_slice(&bytes).map_err(|_| QueryError::InvalidCursor)?;
        if sealed.sort != sort.text() || sealed.check != check(&sealed.cursor, &sealed.sort, list) {
            return Err(QueryError::InvalidCursor);
        }
        Ok(sealed.cursor)
    }
}

/// FNV-1a over all that must fit together. Every hub process computes the same, whatever it was built with.
fn check(cursor: &Cursor, sort: &str, list: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in [cursor.key.as_str(), cursor.id.as_str(), sort, list] {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // Numbers above 2^53 are not safe in every JSON reader that somebody may point at a cursor.
    hash >> 11
}
