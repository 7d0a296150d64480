//! The time that a report is about.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// From a moment up to another one that is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Its first moment.
    #[serde(serialize_with = "rfc3339")]
    pub from: DateTime<Utc>,
    /// The first moment after it.
    #[serde(serialize_with = "rfc3339")]
    pub to: DateTime<Utc>,
}

fn rfc3339<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(time))
}

/// RFC 3339, UTC, with as many digits as a ledger's time has.
pub fn text(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl FromStr for Period {
    type Err = String;

    /// `FROM/TO`: RFC 3339 times, of which the second is not part of it, or dates (UTC), of which both are.
    fn from_str(given: &str) -> Result<Self, String> {
        let (from, to) = given.split_once('/').ok_or("must read FROM/TO, two dates or RFC 3339 times")?;
        let period = Self { from: moment(from, false)?, to: moment(to, true)? };
        if period.from >= period.to {
            return Err("must end after it begins".into());
        }
        Ok(period)
    }
}

fn moment(given: &str, ends: bool) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = given.parse::<NaiveDate>() {
        let date = if ends { date.checked_add_days(Days::new(1)) } else { Some(date) };
        return date
            .and_then(|date| date.and_hms_opt(0, 0, 0))
            .map(|time| time.and_utc())
            .ok_or_else(|| format!("`{given}` lies outside of the calendar"));
    }
    DateTime::parse_from_rfc3339(given).map(|time| time.to_utc()).map_err(|_| {
        format!("`{given}` is neither a date such as 2030-01-31 nor a time such as 2030-01-31T12:00:00Z")
    })
}
