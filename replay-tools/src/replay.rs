//! `replay`: history, event by event, as it was recorded.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::Recorded;
use serde_json::{Value, json};

use crate::cli::CLEAN;
use crate::source::Database;

/// What `replay` can be told.
#[derive(Debug, Args)]
pub struct Replay {
    /// Only this stream: `cluster_01j…`.
    #[arg(long)]
    stream: Option<String>,
    /// Only events of this type, or of all types that start like it: `cluster.`.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only what this actor did.
    #[arg(long)]
    actor: Option<String>,
    /// Only this tenant, by name.
    #[arg(long)]
    tenant: Option<String>,
    /// From this position on.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// Up to this time (RFC 3339) or position: history as it was then.
    #[arg(long, value_parser = as_of)]
    as_of: Option<AsOf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Where the ledger is.
    #[command(flatten)]
    database: Database,
}

/// A moment: a position, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Up to and with this position.
    Position(u64),
    /// Up to and with this time.
    Time(DateTime<Utc>),
}

impl AsOf {
    /// Whether an event comes after the moment. Times never decrease with positions, so the first that does is the end.
    pub fn is_before(self, event: &Recorded) -> bool {
        match self {
            Self::Position(position) => event.position > position,
            Self::Time(time) => event.recorded_at > time.timestamp_micros(),
        }
    }
}

/// How events are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Reads a moment.
pub fn as_of(text: &str) -> Result<AsOf, String> {
    if let Ok(position) = text.parse() {
        return Ok(AsOf::Position(position));
    }
    DateTime::parse_from_rfc3339(text)
        .map(|time| AsOf::Time(time.to_utc()))
        .map_err(|_| "must be a ledger position or an RFC 3339 time such as 2030-01-31T12:00:00Z".into())
}

impl Replay {
    fn wants(&self, event: &Recorded, tenant: Option<uuid::Uuid>) -> bool {
        self.stream.as_ref().is_none_or(|stream| *stream == event.stream)
            && self.event_type.as_ref().is_none_or(|start| event.event_type.starts_with(start.as_str()))
            && self.actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && tenant.is_none_or(|tenant| tenant == event.tenant)
    }
}

/// Runs `replay`.
pub async fn command(replay: &Replay) -> anyhow::Result<u8> {
    let mut ledger = replay.database.open().await?;
    let tenant = match &replay.tenant {
        Some(name) => match ledger.tenant(name).await? {
            Some(tenant) => Some(tenant),
            None => anyhow::bail!("there is no tenant named `{name}`"),
        },
        None => None,
    };
    let mut after = replay.from - 1;
    'history: loop {
        let page = ledger.page(after).await?;
        let Some(newest) = page.last() else { break };
        after = newest.position;
        for event in &page {
            if replay.as_of.is_some_and(|moment| moment.is_before(event)) {
                break 'history;
            }
            if replay.wants(event, tenant) {
                match replay.format {
                    Format::Text => println!("{}", line(event)),
                    Format::Json => println!("{}", object(event)),
                }
            }
        }
    }
    ledger.close().await?;
    Ok(CLEAN)
}

/// One line for people.
pub fn line(event: &Recorded) -> String {
    format!(
        "{:>8}  {}  {:<32}  {}  {}  {}",
        event.position,
        event.recorded_at_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ"),
        event.event_type,
        event.stream,
        event.actor,
        String::from_utf8_lossy(&event.payload)
    )
}

/// One object for programs.
pub fn object(event: &Recorded) -> Value {
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
    json!({
        "position": event.position,
        "tenant": TenantId::from_uuid(event.tenant),
        "sequence": event.sequence,
        "stream": event.stream,
        "revision": event.revision,
        "event_id": event.event_id,
        "command_id": event.command_id,
        "recorded_at": event.recorded_at_utc(),
        "event_type": event.event_type,
        "schema_version": event.schema_version,
        "actor": event.actor,
        "leaf_hash": event.leaf_hash.to_string(),
        "metadata": parsed(&event.metadata),
        "payload": parsed(&event.payload),
    })
}
