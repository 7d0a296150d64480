//! A broker that speaks Kafka's protocol, from the program in `CLUSTERMASTER_TEST_KAFKA_BROKER`: it is not Apache Kafka. The same tests run
//! on a real cluster when `KAFKA_BROKERS` names one.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{ids, until};

/// How to get what is missing.
pub const INSTALL: &str = "set CLUSTERMASTER_TEST_KAFKA_BROKER to the path of `nisshi` 0.8.1 (`cargo install --locked nisshi`), or KAFKA_BROKERS to \
     the address of a Kafka cluster that may be written to";

fn program() -> Option<PathBuf> {
    std::env::var_os("CLUSTERMASTER_TEST_KAFKA_BROKER").map(PathBuf::from).filter(|path| path.exists())
}

/// Whether a test that needs a broker can run. Says what is missing; fails where skips are forbidden.
pub fn available() -> bool {
    if program().is_some() || std::env::var_os("KAFKA_BROKERS").is_some() {
        return true;
    }
    assert!(std::env::var_os("CLUSTERMASTER_FORBID_SKIPS").is_none(), "no Kafka broker here: {INSTALL}");
    eprintln!("SKIP: no Kafka broker here: {INSTALL}");
    false
}

/// Whether a test that kills its broker, or needs its certificate, can run.
pub fn own_available() -> bool {
    program().is_some()
        || (available() && {
            eprintln!("SKIP: this test needs a broker of its own: {INSTALL}");
            false
        })
}

/// A broker. One of its own is killed when dropped, and its data go with it.
#[derive(Debug)]
pub struct Broker {
    address: String,
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    folder: TempDir,
    port: u16,
    tls: bool,
    storage: &'static str,
    child: Option<Child>,
}

impl Broker {
    /// The cluster that `KAFKA_BROKERS` names, or one of its own, durable: 50 ms.
    pub async fn start() -> anyhow::Result<Self> {
        match std::env::var("KAFKA_BROKERS") {
            Ok(address) => Ok(Self { address, own: None }),
            Err(_) => Self::own(false).await,
        }
    }

    /// As [`Broker::start`], but one of its own keeps everything in memory: it is not what a measurement should wait for.
    pub async fn in_memory() -> anyhow::Result<Self> {
        match std::env::var("KAFKA_BROKERS") {
            Ok(address) => Ok(Self { address, own: None }),
            Err(_) => Self::with(false, "memory://nisshi/").await,
        }
    }

    /// One of its own, which can be killed; with `tls` it speaks nothing else, under a certificate of [`Broker::ca_file`].
    pub async fn own(tls: bool) -> anyhow::Result<Self> {
        // It takes a path as one below where it is started.
        Self::with(tls, "sqlite://data.sqlite").await
    }

    async fn with(tls: bool, storage: &'static str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        if tls {
            certify(folder.path())?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let host = if tls { "localhost" } else { "127.0.0.1" };
        let own = Own { folder, port, tls, storage, child: None };
        let mut broker = Self { address: format!("{host}:{port}"), own: Some(own) };
        broker.start_again().await?;
        Ok(broker)
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A topic that nobody else uses.
    pub fn topic(&self) -> String {
        format!("kit.{}", ids::uuid().simple())
    }

    /// The PEM file of the authority behind its certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.own.as_ref().map(|own| own.folder.path().join("ca.pem")).unwrap_or_default()
    }

    /// Kills it, as a power cut would.
    pub async fn kill9(&mut self) {
        if let Some(mut child) = self.own.as_mut().and_then(|own| own.child.take()) {
            child.kill().await.ok();
        }
    }

    /// Starts it again on the same port and data.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let own = self.own.as_mut().context("the cluster is not the test's")?;
        let path = |name: &str| own.folder.path().join(name);
        let scheme = |host: &str| format!("tcp://{host}:{}", own.port);
        let mut command = Command::new(program().context(INSTALL)?);
        command
            .args(["broker", "--listener-url", &scheme("127.0.0.1")])
            .args(["--advertised-listener-url", &scheme(if own.tls { "localhost" } else { "127.0.0.1" })])
            .args(["--storage-engine", own.storage])
            .current_dir(own.folder.path())
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(path("log"))?)
            .kill_on_drop(true);
        if own.tls {
            command.arg("--cert").arg(path("cert.pem")).arg("--key").arg(path("key.pem"));
        }
        let mut child = command.spawn().context("the broker")?;
        let port = own.port;
        let listens = || async move { TcpStream::connect(("127.0.0.1", port)).await.ok() };
        if until(Duration::from_secs(20), listens).await.is_none() {
            let log = std::fs::read_to_string(path("log")).unwrap_or_default();
            bail!("the broker does not listen ({:?}): {log}", child.try_wait());
        }
        own.child = Some(child);
        Ok(())
    }
}

/// An authority, and a certificate for `localhost` under it.
fn certify(folder: &Path) -> anyhow::Result<()> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Named apart: a certificate whose issuer has its own name counts as its own issuer.
    params.distinguished_name.push(DnType::CommonName, "the kit's authority");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "the kit's broker");
    let certificate = params.signed_by(&key, &authority)?;
    std::fs::write(folder.join("ca.pem"), authority.pem())?;
    std::fs::write(folder.join("cert.pem"), certificate.pem())?;
    std::fs::write(folder.join("key.pem"), key.serialize_pem())?;
    Ok(())
}
