//! What an export is made of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::kernel::{ExportName, SecretRef};

/// Every state that an export can be in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ExportState {
    /// Nothing is known under this id.
    #[default]
    Absent,
    /// Events go out.
    Active(Spec),
    /// Events wait.
    Paused(Spec),
    /// Gone. The id is never used again.
    Deleted(Spec),
}

impl ExportState {
    /// What was asked for, where there is an export.
    pub fn spec(&self) -> Option<&Spec> {
        match self {
            Self::Absent => None,
            Self::Active(spec) | Self::Paused(spec) | Self::Deleted(spec) => Some(spec),
        }
    }

    /// The wire name of the state.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Active(_) => "active",
            Self::Paused(_) => "paused",
            Self::Deleted(_) => "deleted",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Its name, unique among the tenant's exports.
    pub name: ExportName,
    /// What the other side reads.
    pub format: Format,
    /// How it is reached.
    pub transport: Transport,
    /// Which events go out.
    #[serde(default)]
    pub filter: Filter,
    /// The first ledger position that goes out; without one what comes after the export itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<u64>,
    /// What it signs in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
}

/// Secrets, by the vault's name for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The name under which the vault keeps them: an object of texts.
    pub secret: SecretRef,
    /// Tells whether two are the same.
    pub fingerprint: String,
}

/// What the other side reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Open Cybersecurity Schema Framework 1.x, JSON.
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

/// How the other side is reached. Secrets stand in the vault, never here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transport {
    /// Syslog, RFC 5424 messages with octet counting (RFC 6587, RFC 5425).
    Syslog {
        /// `host:port`.
        address: String,
        /// TLS, unless the messages may travel in the clear.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Tls>,
    },
    /// Splunk's HTTP Event Collector. Secret: `token`.
    SplunkHec {
        /// `https://host:8088`.
        url: String,
        /// The index, where it is not the token's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<String>,
        /// Whether to wait until the indexers have acknowledged.
        #[serde(default)]
        acknowledge: bool,
        /// How its certificate is checked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Tls>,
    },
    /// The bulk interface of Elasticsearch and `OpenSearch`. Secrets: `token` (an API key), or `username` and `password`.
    Elasticsearch {
        /// `https://host:9200`.
        url: String,
        /// The index or data stream.
        index: String,
        /// How its certificate is checked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Tls>,
    },
    /// A signed webhook. Secret: `signing_key`.
    Webhook {
        /// `https://host/path`.
        url: String,
        /// How its certificate is checked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Tls>,
    },
    /// A file on the hub's machine, below its export folder.
    File {
        /// The file's name: letters, digits, `.`, `_` and `-`.
        name: String,
        /// The size in bytes at which the next file begins.
        max_bytes: u64,
        /// How many full files are kept; older ones are removed. 0 keeps all.
        keep: u32,
    },
    /// A Kafka topic. Secrets: `username` and `password` where there is SASL.
    Kafka {
        /// `host:port`, separated by commas.
        brokers: String,
        /// The topic.
        topic: String,
        /// TLS, unless the messages may travel in the clear.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Tls>,
        /// How to sign in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sasl: Option<SaslMechanism>,
    },
}

/// How the other side's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM of the authorities to trust instead of the machine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The name that the certificate must bear, where it is not the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// How to sign in to Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaslMechanism {
    /// The password itself; needs TLS.
    #[serde(rename = "PLAIN")]
    Plain,
    /// A challenge over SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// A challenge over SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// Which events go out. An empty set holds nothing back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Commands: `cluster.import`, or `cluster.*`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub actions: BTreeSet<String>,
    /// Kinds of targets: `cluster`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub target_types: BTreeSet<String>,
    /// `succeeded`, `failed`, `refused`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub outcomes: BTreeSet<String>,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Ocsf, Self::Ecs, Self::Cef, Self::Leef, Self::Json];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::Json => "json",
        }
    }

    /// Whether its messages are JSON objects.
    pub fn is_json(self) -> bool {
        matches!(self, Self::Ocsf | Self::Ecs | Self::Json)
    }
}

impl Transport {
    /// The wire name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Syslog { .. } => "syslog",
            Self::SplunkHec { .. } => "splunk_hec",
            Self::Elasticsearch { .. } => "elasticsearch",
            Self::Webhook { .. } => "webhook",
            Self::File { .. } => "file",
            Self::Kafka { .. } => "kafka",
        }
    }
}

impl Filter {
    /// Whether an entry of the audit log goes out.
    pub fn passes(&self, action: &str, target_type: &str, outcome: &str) -> bool {
        let named = |names: &BTreeSet<String>, name: &str| names.is_empty() || names.contains(name);
        let wanted = self.actions.is_empty()
            || self.actions.contains(action)
            || self.actions.iter().any(|pattern| {
                let group = pattern.strip_suffix(".*");
                group
                    .is_some_and(|group| action.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')))
            });
        wanted && named(&self.target_types, target_type) && named(&self.outcomes, outcome)
    }
}
