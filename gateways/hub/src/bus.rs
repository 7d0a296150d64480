//! The event bus: what the command line says of it, and what drives it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use hub_kafka::{Bus, BusSettings, Connection, Create, Mechanism, Sasl, Security, Tls};
use hub_postgres::PgOutlets;
use hub_projections::outlet::{Pump, PumpSettings};
use hub_projections::{Event, EventFeed};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgPool;

/// The bus's name among outlets.
const NAME: &str = "kafka";

/// How brokers are spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BusSecurity {
    /// In the clear, as nobody.
    Plaintext,
    /// Under TLS.
    Tls,
    /// As a user, in the clear: SCRAM only.
    SaslPlaintext,
    /// As a user, under TLS.
    SaslTls,
}

/// How a user's password is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BusMechanism {
    /// PLAIN, over TLS only.
    Plain,
    /// SCRAM-SHA-256.
    #[value(name = "scram-sha-256")]
    ScramSha256,
    /// SCRAM-SHA-512.
    #[value(name = "scram-sha-512")]
    ScramSha512,
}

/// The event bus.
#[derive(Clone, Debug, Args)]
pub struct BusConfig {
    /// Send every event to these Kafka brokers: `HOST:PORT`, several with commas between.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_BROKERS")]
    pub kafka_brokers: Option<String>,
    /// The topic of events. Checkpoints go to a compacted one beside it: `TOPIC.checkpoints`.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_TOPIC", default_value = "clustermaster.events")]
    pub kafka_topic: String,
    /// How the brokers are spoken to.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_SECURITY", value_enum, default_value = "plaintext")]
    pub kafka_security: BusSecurity,
    /// PEM file of the authorities that are trusted, instead of the system's.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_CA_FILE")]
    pub kafka_ca_file: Option<PathBuf>,
    /// PEM file of the hub's own certificate, where the brokers ask for one.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_CERT_FILE", requires = "kafka_key_file")]
    pub kafka_cert_file: Option<PathBuf>,
    /// PEM file of that certificate's private key.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_KEY_FILE", requires = "kafka_cert_file")]
    pub kafka_key_file: Option<PathBuf>,
    /// How the user's password is shown.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_MECHANISM", value_enum, default_value = "scram-sha-512")]
    pub kafka_mechanism: BusMechanism,
    /// The hub's user on the brokers.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_USERNAME")]
    pub kafka_username: Option<String>,
    /// File of the user's password.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_PASSWORD_FILE")]
    pub kafka_password_file: Option<PathBuf>,
    /// The password itself, instead of a file.
    #[arg(
        long,
        env = "CLUSTERMASTER_KAFKA_PASSWORD",
        hide = true,
        hide_env_values = true,
        conflicts_with = "kafka_password_file"
    )]
    pub kafka_password: Option<SecretString>,
    /// Make no topics: they have to be there.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_FORBID_CREATE")]
    pub kafka_forbid_create: bool,
    /// Partitions of the topic of events when it is made; the brokers' own number unless told.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_PARTITIONS", value_parser = clap::value_parser!(i32).range(1..))]
    pub kafka_partitions: Option<i32>,
    /// Copies of each partition when topics are made; the brokers' own number unless told.
    #[arg(long, env = "CLUSTERMASTER_KAFKA_REPLICATION", value_parser = clap::value_parser!(i32).range(1..))]
    pub kafka_replication: Option<i32>,
}

impl BusConfig {
    /// The bus's settings; `None` without brokers. A wrong one is told by its flag.
    pub fn settings(&self) -> anyhow::Result<Option<BusSettings>> {
        let Some(brokers) = self.kafka_brokers.clone() else {
            ensure!(
                self.kafka_security == BusSecurity::Plaintext && self.kafka_username.is_none(),
                "--kafka-security and --kafka-username need --kafka-brokers"
            );
            return Ok(None);
        };
        let (tls, sasl) = match self.kafka_security {
            BusSecurity::Plaintext => (None, None),
            BusSecurity::Tls => (Some(self.tls()), None),
            BusSecurity::SaslPlaintext => (None, Some(self.sasl()?)),
            BusSecurity::SaslTls => (Some(self.tls()), Some(self.sasl()?)),
        };
        ensure!(
            tls.is_some() || (self.kafka_ca_file.is_none() && self.kafka_cert_file.is_none()),
            "--kafka-ca-file and --kafka-cert-file need --kafka-security tls or sasl-tls"
        );
        ensure!(
            sasl.is_some() || self.kafka_username.is_none(),
            "--kafka-username needs --kafka-security sasl-tls or sasl-plaintext"
        );
        let connection = Connection { brokers, security: Security { tls, sasl } };
        let create = Create { partitions: self.kafka_partitions, replication: self.kafka_replication };
        let create = (!self.kafka_forbid_create).then_some(create);
        Ok(Some(BusSettings { create, ..BusSettings::new(connection, self.kafka_topic.clone()) }))
    }

    fn tls(&self) -> Tls {
        let identity = self.kafka_cert_file.clone().zip(self.kafka_key_file.clone());
        Tls { ca_file: self.kafka_ca_file.clone(), identity }
    }

    fn sasl(&self) -> anyhow::Result<Sasl> {
        let username =
            self.kafka_username.clone().context("--kafka-security sasl-… needs --kafka-username")?;
        let password = match (&self.kafka_password, &self.kafka_password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(file)) => password_in(file)?,
            (None, None) => {
                anyhow::bail!("--kafka-username needs --kafka-password-file or CLUSTERMASTER_KAFKA_PASSWORD")
            }
        };
        ensure!(!password.expose_secret().is_empty(), "the Kafka user's password is empty");
        let mechanism = match self.kafka_mechanism {
            BusMechanism::Plain => Mechanism::Plain,
            BusMechanism::ScramSha256 => Mechanism::ScramSha256,
            BusMechanism::ScramSha512 => Mechanism::ScramSha512,
        };
        Ok(Sasl { mechanism, username, password })
    }
}

fn password_in(file: &Path) -> anyhow::Result<SecretString> {
    let named = || format!("the Kafka user's password in {}", file.display());
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(file).with_context(named)?);
    Ok(text.trim_end_matches(['\n', '\r']).into())
}

/// What drives the bus, where there is one. Brokers that are away are no reason not to start.
pub fn pump(
    config: &BusConfig,
    pool: &PgPool,
    feed: Arc<dyn EventFeed>,
) -> anyhow::Result<Option<Pump<Event>>> {
    let Some(settings) = config.settings()? else { return Ok(None) };
    let bus = Bus::open(settings).context("the event bus (--kafka-…)")?;
    let store = Arc::new(PgOutlets::new(pool.clone()));
    let settings = PumpSettings { holder: format!("hub {}", std::process::id()), ..PumpSettings::default() };
    Ok(Some(Pump::new(store, feed, NAME.to_owned(), Arc::new(bus), settings)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::BusConfig;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        bus: BusConfig,
    }

    fn settings(arguments: &[&str]) -> anyhow::Result<Option<hub_kafka::BusSettings>> {
        Alone::try_parse_from([&["hub"], arguments].concat())?.bus.settings()
    }

    #[test]
    fn each_wrong_combination_is_told_by_its_flag() {
        for (arguments, flag) in [
            (&["--kafka-security", "tls"][..], "--kafka-brokers"),
            (&["--kafka-brokers", "k:1", "--kafka-ca-file", "/x"], "--kafka-security tls"),
            (&["--kafka-brokers", "k:1", "--kafka-username", "hub"], "--kafka-security sasl-tls"),
            (&["--kafka-brokers", "k:1", "--kafka-security", "sasl-tls"], "--kafka-username"),
            (
                &["--kafka-brokers", "k:1", "--kafka-security", "sasl-tls", "--kafka-username", "hub"],
                "--kafka-password-file",
            ),
            (&["--kafka-brokers", "k:1", "--kafka-cert-file", "/x"], "--kafka-key-file"),
            (&["--kafka-brokers", "k:1", "--kafka-partitions", "0"], "--kafka-partitions"),
        ] {
            let refused = settings(arguments).expect_err("it is refused").to_string();
            assert!(refused.contains(flag), "{arguments:?}: {refused}");
        }
        assert!(settings(&[]).expect("no bus").is_none());
        let bus =
            settings(&["--kafka-brokers", "k:1", "--kafka-forbid-create"]).expect("a bus").expect("a bus");
        assert_eq!((bus.topic.as_str(), bus.create), ("clustermaster.events", None));
    }

    #[test]
    fn a_password_comes_from_a_file_and_is_not_shown() {
        let file = std::env::temp_dir().join(format!("kafka-password-{}", std::process::id()));
        std::fs::write(&file, "hidden\n").expect("a file");
        let path = file.to_str().expect("a path");
        let bus = settings(&[
            "--kafka-brokers",
            "k:1",
            "--kafka-security",
            "sasl-tls",
            "--kafka-username",
            "hub",
            "--kafka-password-file",
            path,
            "--kafka-mechanism",
            "plain",
        ]);
        std::fs::remove_file(&file).expect("it was there");
        let bus = bus.expect("a bus").expect("a bus");
        assert_eq!(bus.check(), Ok(()));
        assert!(!format!("{bus:?}").contains("hidden"), "{bus:?}");
    }
}
