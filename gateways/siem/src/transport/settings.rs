//! What a way out is opened with besides what the export says: its secrets, and what the hub allows.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hub_commands::ports::Clock;
use hub_domain::kernel::{ExportId, TenantId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// The longest document of secrets, in bytes.
const LONGEST: usize = 64 * 1024;

/// What the vault holds for an export. Each way out uses some of them, and refuses the others.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Splunk's token; an API key of Elasticsearch.
    pub token: Option<SecretString>,
    /// Who signs in.
    pub username: Option<SecretString>,
    /// With what.
    pub password: Option<SecretString>,
    /// A webhook's key: 24 to 64 bytes in base64, usually behind `whsec_`.
    pub signing_key: Option<SecretString>,
    /// PEM of the certificate, and of those that lead to its authority, by which the hub shows who it is.
    pub client_certificate: Option<SecretString>,
    /// PEM of its key.
    pub client_key: Option<SecretString>,
}

impl Secrets {
    /// Reads the vault's JSON document. An error says nothing of what stands in it.
    pub fn parse(document: &SecretString) -> Result<Self, OpenError> {
        let text = document.expose_secret();
        if text.len() > LONGEST {
            return Err(OpenError::secret("", "must be at most 64 KiB"));
        }
        serde_json::from_str(text).map_err(|_| {
            OpenError::secret(
                "",
                "must be an object whose members are texts: token, username, password, signing_key, client_certificate, client_key",
            )
        })
    }

    /// Refuses those that are there and not among the wanted: nobody should wonder why one has no effect.
    pub(crate) fn only(&self, wanted: &[&str]) -> Result<(), OpenError> {
        let there = [
            ("token", &self.token),
            ("username", &self.username),
            ("password", &self.password),
            ("signing_key", &self.signing_key),
            ("client_certificate", &self.client_certificate),
            ("client_key", &self.client_key),
        ];
        let extra = there.into_iter().find(|(name, secret)| secret.is_some() && !wanted.contains(name));
        extra.map_or(Ok(()), |(name, _)| {
            Err(OpenError::secret(&format!("/{name}"), "is not used by this transport"))
        })
    }

    /// User name and password, which come together or not at all.
    pub(crate) fn login(&self) -> Result<Option<(&SecretString, &SecretString)>, OpenError> {
        match (&self.username, &self.password) {
            (Some(username), Some(password)) => Ok(Some((username, password))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(OpenError::secret("/password", "must be there where there is a username")),
            (None, Some(_)) => Err(OpenError::secret("/username", "must be there where there is a password")),
        }
    }
}

/// Where a rule was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// In the export's `transport`.
    Transport,
    /// In its `secrets`.
    Secrets,
}

/// Why an export cannot be opened. Holds nothing of what was handed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer} {rule}")]
pub struct OpenError {
    /// Where the member stands.
    pub part: Part,
    /// A JSON Pointer below that part: `/tls/ca`.
    pub pointer: String,
    /// The rule that it broke: `must be …`.
    pub rule: String,
}

impl OpenError {
    pub(crate) fn transport(pointer: &str, rule: &str) -> Self {
        Self { part: Part::Transport, pointer: pointer.into(), rule: rule.into() }
    }

    pub(crate) fn secret(pointer: &str, rule: &str) -> Self {
        Self { part: Part::Secrets, pointer: pointer.into(), rule: rule.into() }
    }
}

/// Whose messages go out, and what the hub allows.
#[derive(Clone)]
pub struct Settings {
    /// Whose ledger.
    pub tenant: TenantId,
    /// Which export.
    pub export: ExportId,
    /// What the hub calls itself where a protocol asks for a host: letters, digits, `.` and `-`.
    pub host: String,
    /// The folder below which files are written, each tenant's in one of its own. None: no files here.
    pub export_dir: Option<PathBuf>,
    /// Whether the other side may be on the hub's own machine. Turn it off where tenants are strangers.
    pub allow_loopback: bool,
    /// Whether messages and secrets may travel in the clear.
    pub allow_plaintext: bool,
    /// About how many bytes travel at once: one request, one connection of syslog.
    pub max_batch_bytes: usize,
    /// How long a connection may take to come about, its handshake included.
    pub connect_within: Duration,
    /// How long the other side may be silent when it is to answer.
    pub answer_within: Duration,
    /// How long Splunk's indexers may take to acknowledge.
    pub acknowledge_within: Duration,
    /// The time, for signatures.
    pub clock: Arc<dyn Clock>,
}

impl Settings {
    /// The usual ones: strict, 1 MiB at once, no folder.
    pub fn new(tenant: TenantId, export: ExportId, clock: Arc<dyn Clock>) -> Self {
        Self {
            tenant,
            export,
            host: "clustermaster".into(),
            export_dir: None,
            allow_loopback: true,
            allow_plaintext: false,
            max_batch_bytes: 1 << 20,
            connect_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(30),
            acknowledge_within: Duration::from_mins(2),
            clock,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings")
            .field("tenant", &self.tenant)
            .field("export", &self.export)
            .field("export_dir", &self.export_dir)
            .field("allow_loopback", &self.allow_loopback)
            .field("allow_plaintext", &self.allow_plaintext)
            .finish_non_exhaustive()
    }
}
