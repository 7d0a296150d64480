//! Exports, as users ask for them.

use std::collections::BTreeMap;
use std::fmt;

use hub_commands::exports::NewExport;
use hub_domain::kernel::ExportName;
use secrecy::SecretString;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// What the other side of an export reads.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "the domain's own type is read and written; this one only describes it")]
pub enum ExportFormat {
    /// Open Cybersecurity Schema Framework, JSON.
    Ocsf,
    /// Elastic Common Schema, JSON.
    Ecs,
    /// `ArcSight` Common Event Format.
    Cef,
    /// `QRadar` Log Event Extended Format 2.0.
    Leef,
    /// The hub's own entry of the audit log, JSON.
    Json,
}

/// How the other side of an export is reached.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(dead_code, reason = "the domain's own type is read and written; this one only describes it")]
pub enum ExportTransport {
    /// Syslog: RFC 5424 messages with octet counting.
    Syslog {
        /// `host:port`.
        address: String,
        /// TLS, unless the messages may travel in the clear.
        tls: Option<ExportTls>,
    },
    /// Splunk's HTTP Event Collector. Needs the secret `token`.
    SplunkHec {
        /// `https://host:8088`.
        url: String,
        /// The index, where it is not the token's own.
        index: Option<String>,
        /// Whether to wait until the indexers have acknowledged.
        acknowledge: Option<bool>,
        /// How its certificate is checked.
        tls: Option<ExportTls>,
    },
    /// Elasticsearch or `OpenSearch`. Takes the secret `token` (an API key), or `username` and `password`.
    Elasticsearch {
        /// `https://host:9200`.
        url: String,
        /// The index or data stream.
        index: String,
        /// How its certificate is checked.
        tls: Option<ExportTls>,
    },
    /// A signed webhook. Needs the secret `signing_key`.
    Webhook {
        /// `https://host/path`.
        url: String,
        /// How its certificate is checked.
        tls: Option<ExportTls>,
    },
    /// A file on the hub's machine, below its export folder.
    File {
        /// The file's name: letters, digits, `.`, `_` and `-`.
        name: String,
        /// The size in bytes at which the next file begins: 1 MiB to 1 TiB.
        max_bytes: u64,
        /// How many full files are kept; 0 keeps all.
        keep: u32,
    },
    /// A Kafka topic. Needs the secrets `username` and `password` where there is `sasl`.
    Kafka {
        /// `host:port`, separated by commas.
        brokers: String,
        /// The topic.
        topic: String,
        /// TLS, unless the messages may travel in the clear.
        tls: Option<ExportTls>,
        /// `PLAIN` (needs TLS), `SCRAM-SHA-256` or `SCRAM-SHA-512`.
        sasl: Option<String>,
    },
}

/// How the other side's certificate is checked.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the domain's own type is read and written; this one only describes it")]
pub struct ExportTls {
    /// PEM of the authorities to trust instead of the machine's own.
    ca: Option<String>,
    /// The name that the certificate must bear, where it is not the host's.
    server_name: Option<String>,
}

/// Which events go out. A member that is left out holds nothing back.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the domain's own type is read and written; this one only describes it")]
pub struct ExportFilter {
    /// Commands: `cluster.import`, or `cluster.*`.
    actions: Option<Vec<String>>,
    /// Kinds of targets: `cluster`.
    target_types: Option<Vec<String>>,
    /// `succeeded`, `failed`, `refused`.
    outcomes: Option<Vec<String>>,
}

/// An export that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "siem", "format": "ocsf", "transport": {"kind": "splunk_hec", "url": "https://splunk.example:8088"},
    "filter": {"actions": ["cluster.*"]}, "starts_at": "beginning", "credentials": {"token": "…"}
}))]
pub struct CreateExport {
    /// Its name, unique among the tenant's exports: a DNS label.
    #[schema(value_type = String, pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", max_length = 63)]
    pub name: ExportName,
    /// What the other side reads.
    #[schema(value_type = ExportFormat)]
    pub format: hub_domain::export::Format,
    /// How it is reached.
    #[schema(value_type = ExportTransport)]
    pub transport: hub_domain::export::Transport,
    /// Which events go out; all, when this is left out.
    #[schema(value_type = Option<ExportFilter>)]
    pub filter: Option<hub_domain::export::Filter>,
    /// `now` (what comes after the export itself), `beginning`, or the first ledger position that goes out.
    #[schema(value_type = Option<ExportStart>, example = "now")]
    pub starts_at: Option<StartsAt>,
    /// What it signs in with. They go to the vault; no answer, event or log line ever shows them.
    pub credentials: Option<ExportCredentials>,
}

/// What an export signs in with. Which of them are needed is the transport's matter.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportCredentials {
    /// Of Splunk's collector, or an API key of Elasticsearch.
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub token: Option<SecretString>,
    /// Of Elasticsearch or Kafka.
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub username: Option<SecretString>,
    /// Of Elasticsearch or Kafka.
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub password: Option<SecretString>,
    /// What a webhook's signature is made with.
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub signing_key: Option<SecretString>,
}

/// Where an export begins: a word, or the first ledger position that goes out.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "`StartsAt` is read; this one only describes it")]
pub enum ExportStart {
    /// A word.
    Word(ExportStartWord),
    /// A ledger position, from 1 to the one that comes next.
    Position(u64),
}

/// Where an export begins, in a word.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "`StartsAt` is read; this one only describes it")]
pub enum ExportStartWord {
    /// Behind its own creation.
    Now,
    /// At the ledger's first event.
    Beginning,
}

/// From where on events go out once more.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": 1}))]
pub struct ReplayExport {
    /// The first ledger position that goes out again: from 1 to the one that comes next.
    #[schema(minimum = 1)]
    pub from: u64,
}

/// Where an export begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartsAt {
    /// Behind its own creation.
    Now,
    /// At a ledger position.
    Position(u64),
}

impl<'de> Deserialize<'de> for StartsAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = StartsAt;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("`now`, `beginning` or a ledger position")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<StartsAt, E> {
                match text {
                    "now" => Ok(StartsAt::Now),
                    "beginning" => Ok(StartsAt::Position(1)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Other("another text"), &self)),
                }
            }

            fn visit_u64<E: Error>(self, position: u64) -> Result<StartsAt, E> {
                Ok(StartsAt::Position(position))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl CreateExport {
    /// The command.
    pub fn command(self) -> NewExport {
        let ExportCredentials { token, username, password, signing_key } =
            self.credentials.unwrap_or_default();
        let secrets =
            [("token", token), ("username", username), ("password", password), ("signing_key", signing_key)];
        let given =
            |(name, secret): (&'static str, Option<SecretString>)| secret.map(|secret| (name, secret));
        NewExport {
            name: self.name,
            format: self.format,
            transport: self.transport,
            filter: self.filter.unwrap_or_default(),
            starts_at: self.starts_at.and_then(|at| match at {
                StartsAt::Now => None,
                StartsAt::Position(position) => Some(position),
            }),
            secrets: secrets.into_iter().filter_map(given).collect::<BTreeMap<_, _>>(),
        }
    }
}
