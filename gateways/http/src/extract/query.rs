//! Query parameters: each route names what it knows, and refuses the rest.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use hub_projections::{AsOf, Page};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use utoipa::IntoParams;

use crate::problem::{Entry, FieldError, Problem};

/// The query parameters of a route: a tuple of structs, whose members together are all that the route knows.
#[derive(Clone, Debug, Default)]
pub struct Params<T>(pub T);

macro_rules! params {
    ($($part:ident),*) => {
        impl<S: Sync, $($part: DeserializeOwned),*> FromRequestParts<S> for Params<($($part,)*)> {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                let query = parts.uri.query().unwrap_or_default();
                let known: [&'static [&'static str]; _] = [$(names::<$part>()),*];
                only(query, &known)?;
                Ok(Self(($(read::<$part>(query)?,)*)))
            }
        }
    };
}

params!();
params!(A);
params!(A, B);
params!(A, B, C);
params!(A, B, C, D);

fn only(query: &str, known: &[&[&str]]) -> Result<(), Problem> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| Problem::new(Entry::INVALID_PARAMETER).detail("the query is not well-formed"))?;
    for (name, _) in pairs {
        if !known.iter().any(|names| names.contains(&name.as_str())) {
            let name: String = name.chars().take(64).collect();
            let error = FieldError::parameter(name, "is not known here");
            return Err(Problem::new(Entry::UNKNOWN_PARAMETER).error(error));
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let message = error.inner().to_string();
        let name = match message.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
            Some(name) => name.to_owned(),
            None => error.path().to_string(),
        };
        Problem::parameter(&name, message)
    })
}

/// The names of a struct's members, as serde knows them: what is read and what is allowed cannot part.
fn names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    match T::deserialize(Names) {
        Err(Found(names)) => names,
        Ok(_) => &[],
    }
}

/// Learns a struct's members by refusing to read it.
struct Names;

#[derive(Debug, thiserror::Error)]
#[error("the members are {0:?}")]
struct Found(&'static [&'static str]);

impl serde::de::Error for Found {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for Names {
    type Error = Found;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
        Err(Found(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        Err(Found(fields))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Entries a page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: from the `Link` header of the page before. Opaque.
    #[param(min_length = 1, max_length = 1024)]
    cursor: Option<String>,
    /// A column to sort by, descending with `-` before it.
    #[param(pattern = "^-?[a-z_]{1,32}$")]
    sort: Option<String>,
}

impl PageParams {
    /// The page that is wanted.
    pub fn page(self) -> Result<Page, Problem> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=500).contains(&limit) {
            return Err(Problem::parameter("limit", "must be 1 to 500"));
        }
        Ok(Page { limit, cursor: self.cursor, sort: self.sort })
    }
}

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FreshParams {
    /// A `Ledger-Position` that the answer must have seen. The query waits up to 5 seconds for it.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    pub min_position: Option<u64>,
}

/// Of when an answer shall tell.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AsOfParams {
    /// A ledger position, or a time (RFC 3339, UTC or with an offset): the answer is what was true then.
    #[param(
        pattern = "^([0-9]{1,19}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.{6,32})$",
        example = "2026-06-01T12:00:00Z"
    )]
    as_of: Option<String>,
}

impl AsOfParams {
    /// The moment that is asked for.
    pub fn moment(&self) -> Result<Option<AsOf>, Problem> {
        self.as_of.as_deref().map(|text| moment("as_of", text)).transpose()
    }
}

/// Reads a moment: a ledger position or a time.
pub fn moment(parameter: &'static str, text: &str) -> Result<AsOf, Problem> {
    let wrong =
        || Problem::parameter(parameter, "must be a ledger position or a time such as 2026-06-01T12:00:00Z");
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let position = text.parse::<i64>().map_err(|_| wrong())?;
        return Ok(AsOf::Position(position as u64));
    }
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?;
    Ok(AsOf::Time(time.with_timezone(&Utc)))
}

/// Reads a parameter that is a time (RFC 3339).
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = DateTime::parse_from_rfc3339(&text)
        .map_err(|_| serde::de::Error::custom("must be a time such as 2026-06-01T12:00:00Z"))?;
    Ok(Some(time.with_timezone(&Utc)))
}

/// Values parted by commas, each an alternative: `active,updating`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOf(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let values: Vec<_> = text.split(',').map(str::to_owned).collect();
        if values.len() > 50 || values.iter().any(|value| value.is_empty() || value.len() > 256) {
            return Err(serde::de::Error::custom(
                "must be 1 to 50 values of 1 to 256 characters, parted by commas",
            ));
        }
        Ok(Self(values))
    }
}
