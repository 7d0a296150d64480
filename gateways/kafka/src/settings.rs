//! Where the brokers are, how they are spoken to, and what the topics are called.

use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};

/// What the topic of checkpoints is called behind the events' name.
pub const CHECKPOINTS: &str = ".checkpoints";
/// The longest name of a topic (Kafka's own rule).
const LONGEST: usize = 249;

/// Why settings cannot be used. Each names the setting and its rule, never a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A broker is not `HOST:PORT`.
    #[error("the broker `{0}` is not of the form HOST:PORT")]
    Broker(String),
    /// No broker is named.
    #[error("no broker is named: HOST:PORT, several of them with commas between")]
    NoBroker,
    /// The topic's name breaks Kafka's rule.
    #[error(
        "the topic `{0}` cannot be named so: letters, digits, `.`, `_` and `-`, at most {most} of them, and more than dots",
        most = LONGEST - CHECKPOINTS.len()
    )]
    Topic(String),
    /// A number of partitions or copies that cannot be.
    #[error("{0} must be at least 1")]
    Count(&'static str),
    /// The mechanism PLAIN shows the password to whoever listens.
    #[error("the SASL mechanism PLAIN sends the password in the clear: it is used over TLS only")]
    PlainInTheClear,
    /// A file cannot be read.
    #[error("{file} cannot be read: {why}")]
    File {
        /// Its path.
        file: String,
        /// Why not.
        why: String,
    },
    /// A user without a name.
    #[error("SASL needs a user's name and a password")]
    NoUser,
}

/// What proves who the hub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// PLAIN (RFC 4616): over TLS only.
    Plain,
    /// SCRAM-SHA-256 (RFC 7677).
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// A user of the brokers.
#[derive(Clone, Debug)]
pub struct Sasl {
    /// How the password is shown.
    pub mechanism: Mechanism,
    /// The name.
    pub username: String,
    /// The password; never logged.
    pub password: SecretString,
}

/// TLS 1.2 or newer; names and certificates are always verified.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// PEM file of the authorities that are trusted; the system's when `None`.
    pub ca_file: Option<PathBuf>,
    /// PEM files of the hub's own certificate and of its key, where brokers ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let identity = self.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        self.ca_file.iter().chain(identity)
    }
}

/// librdkafka does not say which file it could not read.
fn readable(file: &PathBuf) -> Result<(), SettingsError> {
    let unreadable = |cause: std::io::Error| SettingsError::File {
        file: file.display().to_string(),
        why: cause.to_string(),
    };
    std::fs::File::open(file).map(drop).map_err(unreadable)
}

/// How brokers are spoken to.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// Under TLS.
    pub tls: Option<Tls>,
    /// As a user.
    pub sasl: Option<Sasl>,
}

/// Where the brokers are, and how they are spoken to.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `HOST:PORT`, several of them with commas between: the first ones to be asked, who name the others.
    pub brokers: String,
    /// How they are spoken to.
    pub security: Security,
}

impl Connection {
    /// Whether it can be used, as far as that can be told without a broker.
    pub fn check(&self) -> Result<(), SettingsError> {
        let mut any = false;
        for broker in self.brokers.split(',').map(str::trim).filter(|broker| !broker.is_empty()) {
            any = true;
            let named = broker.rsplit_once(':').filter(|(host, port)| {
                let plain = !host.is_empty() && !host.contains(['/', '@', ' ']);
                plain && port.parse::<u16>().is_ok_and(|port| port > 0)
            });
            named.ok_or_else(|| SettingsError::Broker(without_secrets(broker)))?;
        }
        let Security { tls, sasl } = &self.security;
        tls.iter().flat_map(Tls::files).try_for_each(readable)?;
        match sasl {
            _ if !any => Err(SettingsError::NoBroker),
            Some(sasl) if sasl.username.is_empty() || sasl.password.expose_secret().is_empty() => {
                Err(SettingsError::NoUser)
            }
            Some(sasl) if sasl.mechanism == Mechanism::Plain && tls.is_none() => {
                Err(SettingsError::PlainInTheClear)
            }
            _ => Ok(()),
        }
    }

    /// What every client is told.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        let brokers: Vec<_> = self.brokers.split(',').map(str::trim).collect();
        config.set("bootstrap.servers", brokers.join(",")).set("client.id", "clustermaster");
        config.set("socket.keepalive.enable", "true").set("reconnect.backoff.max.ms", "2000");
        let Security { tls, sasl } = &self.security;
        let protocol = match (tls, sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(Tls { ca_file, identity }) = tls {
            if let Some(file) = ca_file {
                config.set("ssl.ca.location", file.display().to_string());
            }
            if let Some((certificate, key)) = identity {
                config.set("ssl.certificate.location", certificate.display().to_string());
                config.set("ssl.key.location", key.display().to_string());
            }
        }
        if let Some(Sasl { mechanism, username, password }) = sasl {
            config.set("sasl.mechanisms", mechanism.name()).set("sasl.username", username);
            config.set("sasl.password", password.expose_secret());
        }
        config
    }
}

/// What an address may show in an error: a password that somebody wrote into it is left out.
fn without_secrets(broker: &str) -> String {
    broker.rsplit_once('@').map_or_else(|| broker.to_owned(), |(_, host)| format!("…@{host}"))
}

/// How topics are made that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Create {
    /// Partitions of the topic of events; the broker's own number when `None`. More of them later move streams to other ones.
    pub partitions: Option<i32>,
    /// Copies of each partition; the broker's own number when `None`.
    pub replication: Option<i32>,
}

/// What the bus is told.
#[derive(Clone, Debug)]
pub struct BusSettings {
    /// Where to.
    pub connection: Connection,
    /// The topic of events; that of checkpoints is called `TOPIC.checkpoints`.
    pub topic: String,
    /// How topics are made that are not there; `None` when they have to be.
    pub create: Option<Create>,
    /// How long to wait for the next acknowledgement before the broker counts as away.
    pub patience: Duration,
}

impl BusSettings {
    /// With the patience that the hub has.
    pub fn new(connection: Connection, topic: String) -> Self {
        let create = Some(Create { partitions: None, replication: None });
        Self { connection, topic, create, patience: Duration::from_secs(10) }
    }

    /// The topic of checkpoints.
    pub fn checkpoints(&self) -> String {
        format!("{}{CHECKPOINTS}", self.topic)
    }

    /// Whether it can be used, as far as that can be told without a broker.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.connection.check()?;
        check_topic(&self.topic)?;
        let Some(Create { partitions, replication }) = self.create else { return Ok(()) };
        let counts = [("the number of partitions", partitions), ("the number of copies", replication)];
        match counts.into_iter().find(|(_, count)| count.is_some_and(|count| count < 1)) {
            Some((what, _)) => Err(SettingsError::Count(what)),
            None => Ok(()),
        }
    }
}

/// Whether a topic of events may be called so.
pub(crate) fn check_topic(topic: &str) -> Result<(), SettingsError> {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let fits = topic.len() <= LONGEST - CHECKPOINTS.len() && topic.chars().all(letters);
    if fits && topic.chars().any(|c| c != '.') { Ok(()) } else { Err(SettingsError::Topic(topic.to_owned())) }
}

#[cfg(test)]
mod tests;
