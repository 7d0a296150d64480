//! The command line. Every flag has a variable of the environment, so that a container needs no arguments.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

/// `ClusterMaster`: operate Kubernetes fleets with proof.
#[derive(Debug, Parser)]
#[command(name = "clustermaster", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the hub.
    Serve(Box<ServeConfig>),
    /// Look at what the hub needs, and say what is missing.
    Doctor(Box<StoreConfig>),
    /// Keep tenants.
    Tenant(TenantCommand),
    /// Keep the vault.
    Vault(VaultCommand),
    /// Keep the key that signs the ledger.
    SigningKey(Box<SigningKeyCommand>),
    /// Print the address of the running built-in database, for `psql` and backups.
    DatabaseUrl(Box<StoreConfig>),
    /// Print the `OpenAPI` 3.1 document.
    Openapi,
}

/// Where the hub keeps its things.
#[derive(Clone, Debug, Args)]
pub struct StoreConfig {
    /// Folder of the built-in database, the keys and the logs.
    #[arg(long, global = true, env = "CLUSTERMASTER_DATA_DIR", default_value = "./.clustermaster")]
    pub data_dir: PathBuf,
    /// Use this `PostgreSQL` (15 or newer) instead of the built-in one: `postgresql://USER@HOST/DATABASE`.
    #[arg(long, global = true, env = "CLUSTERMASTER_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// File of the key-encryption key; made on the first start. Keep a copy elsewhere: without it the vault is lost.
    #[arg(long, global = true, env = "CLUSTERMASTER_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The key-encryption key itself, instead of a file: 32 bytes in base64 or hexadecimal.
    #[arg(
        long,
        global = true,
        env = "CLUSTERMASTER_KEY",
        hide = true,
        hide_env_values = true,
        conflicts_with = "key_file"
    )]
    pub key: Option<SecretString>,
    /// Files of older key-encryption keys, which still open what they wrapped. For the time of a rotation.
    #[arg(long, global = true, env = "CLUSTERMASTER_OLD_KEY_FILES", value_delimiter = ',')]
    pub old_key_file: Vec<PathBuf>,
    /// Where the event log is, if it is not in the database.
    #[command(flatten)]
    pub ledger: LogConfig,
}

/// Where the event log is, if it is not in the database.
#[derive(Clone, Debug, Args)]
pub struct LogConfig {
    /// Keep the event log on this KurrentDB cluster instead: `kurrentdb://USER:PASSWORD@HOST:PORT`. The database keeps a copy
    /// of it, and is bound to it from then on.
    #[arg(long, env = "CLUSTERMASTER_LOG", hide_env_values = true)]
    pub log: Option<SecretString>,
    /// The stream there that holds the ledger. Hubs that share it are one hub.
    #[arg(long, env = "CLUSTERMASTER_LOG_STREAM", default_value = hub_kurrentdb::LEDGER_STREAM)]
    pub log_stream: String,
}

impl StoreConfig {
    /// The file of the key-encryption key.
    pub fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| Path::new(&self.data_dir).join("keys").join("kek"))
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// What `serve` can be told.
#[derive(Clone, Debug, Args)]
pub struct ServeConfig {
    /// Where the hub keeps its things.
    #[command(flatten)]
    pub store: StoreConfig,
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, env = "CLUSTERMASTER_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Serve everything below this path: `/hub`. A proxy in front passes paths on as they are.
    #[arg(long, env = "CLUSTERMASTER_PATH_PREFIX", default_value = "", hide_default_value = true, value_parser = crate::front::path_prefix)]
    pub path_prefix: String,
    /// PEM file of the server's certificate chain; with it the hub speaks TLS 1.2+ only.
    #[arg(long, env = "CLUSTERMASTER_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    #[arg(long, env = "CLUSTERMASTER_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// What signs the ledger.
    #[command(flatten)]
    pub signing: SigningConfig,
    /// How log lines look.
    #[arg(long, env = "CLUSTERMASTER_LOG_FORMAT", value_enum, default_value = "pretty")]
    pub log_format: LogFormat,
    /// Requests a minute and user.
    #[arg(long, env = "CLUSTERMASTER_RATE_LIMIT_PER_MINUTE", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit_per_minute: u32,
    /// Seconds between two looks at a cluster that is well.
    #[arg(long, env = "CLUSTERMASTER_OBSERVE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub observe_seconds: u64,
    /// Clusters that are looked at in the same moment.
    #[arg(long, env = "CLUSTERMASTER_OBSERVE_AT_ONCE", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub observe_at_once: u32,
    /// Hours from one self-check to the next: one hub at a time, gently, holds each read model against the ledger. 0 never checks.
    #[arg(long, env = "CLUSTERMASTER_SELF_CHECK_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u64).range(0..=8760))]
    pub self_check_hours: u64,
    /// Password of the first administrator, instead of a generated one that is printed once.
    #[arg(long, env = "CLUSTERMASTER_ADMIN_PASSWORD", hide = true, hide_env_values = true)]
    pub admin_password: Option<SecretString>,
    /// Who shows this as a bearer token may read `/metrics` from elsewhere; without it only this machine may.
    #[arg(long, env = "CLUSTERMASTER_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<SecretString>,
    /// Which proxies are believed.
    #[command(flatten)]
    pub proxies: ProxyConfig,
    /// What managed clusters are allowed.
    #[command(flatten)]
    pub kubernetes: KubernetesConfig,
    /// The event bus.
    #[command(flatten)]
    pub bus: crate::bus::BusConfig,
    /// What exports are allowed.
    #[command(flatten)]
    pub exports: ExportConfig,
    /// Endpoint for traces (OTLP over HTTP): `http://collector:4318`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

/// What signs the ledger.
#[derive(Clone, Debug, Args)]
pub struct SigningConfig {
    /// File of the key that signs checkpoints; made on the first start, under the data folder unless told otherwise. Hubs
    /// on one database share it. It is not in the database: who holds both could forge.
    #[arg(long, global = true, env = "CLUSTERMASTER_SIGNING_KEY_FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// The signing key itself, instead of a file: `PRIVATE+KEY+NAME+ID+BASE64` (C2SP signed-note).
    #[arg(
        long,
        global = true,
        env = "CLUSTERMASTER_SIGNING_KEY",
        hide = true,
        hide_env_values = true,
        conflicts_with = "signing_key_file"
    )]
    pub signing_key: Option<SecretString>,
    /// The name that a new signing key gets, which every checkpoint bears: `hub.example.com/clustermaster`.
    #[arg(long, global = true, env = "CLUSTERMASTER_LEDGER_NAME")]
    pub ledger_name: Option<String>,
    /// File of those who cosign checkpoints: a line each of a verifier key and an address (C2SP tlog-witness). `#` begins a remark.
    #[arg(long, global = true, env = "CLUSTERMASTER_WITNESSES_FILE")]
    pub witnesses_file: Option<PathBuf>,
    /// Places where checkpoints are written once: a folder, or `s3://bucket/prefix` with the variables that AWS tools read.
    #[arg(long, global = true, env = "CLUSTERMASTER_ANCHORS", value_delimiter = ',')]
    pub anchor: Vec<String>,
    /// Seconds after which new events are under a checkpoint, at the latest.
    #[arg(long, global = true, env = "CLUSTERMASTER_CHECKPOINT_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub checkpoint_seconds: u64,
}

/// Which proxies are believed when they say for whom they ask.
#[derive(Clone, Debug, Args)]
pub struct ProxyConfig {
    /// Networks of the proxies in front of the hub: `10.0.0.0/8,192.0.2.7`. Only what they say of a client's address is
    /// believed; by default nobody is.
    #[arg(long, env = "CLUSTERMASTER_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<hub_http::IpNet>,
    /// The header in which they say it. Only this one is read.
    #[arg(long, env = "CLUSTERMASTER_FORWARDED_HEADER", value_enum, default_value = "x-forwarded-for")]
    pub forwarded_header: ForwardedHeader,
}

/// A header in which proxies name their clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

fn network(text: &str) -> Result<hub_http::IpNet, String> {
    let address = || text.parse::<std::net::IpAddr>().map(hub_http::IpNet::from);
    text.parse()
        .or_else(|_| address())
        .map_err(|_| "must be a network such as 10.0.0.0/8, or an address".into())
}

impl From<ProxyConfig> for hub_http::TrustedProxies {
    fn from(config: ProxyConfig) -> Self {
        let header = match config.forwarded_header {
            ForwardedHeader::XForwardedFor => hub_http::ForwardedHeader::XForwardedFor,
            ForwardedHeader::Forwarded => hub_http::ForwardedHeader::Forwarded,
        };
        Self::new(config.trusted_proxies, header)
    }
}

/// What managed clusters are allowed.
#[derive(Clone, Copy, Debug, Args)]
pub struct KubernetesConfig {
    /// Refuse API servers on the hub's own machine: where tenants are strangers, who could reach through one what
    /// listens only there.
    #[arg(long, env = "CLUSTERMASTER_KUBERNETES_FORBID_LOOPBACK")]
    pub kubernetes_forbid_loopback: bool,
    /// Allow API servers without TLS. Tokens then travel in the clear.
    #[arg(long, env = "CLUSTERMASTER_KUBERNETES_ALLOW_PLAINTEXT")]
    pub kubernetes_allow_plaintext: bool,
    /// Allow kubeconfigs that ask not to verify the API server's certificate.
    #[arg(long, env = "CLUSTERMASTER_KUBERNETES_ALLOW_INSECURE_TLS")]
    pub kubernetes_allow_insecure_tls: bool,
}

/// What exports are allowed.
#[derive(Clone, Debug, Args)]
pub struct ExportConfig {
    /// Folder below which exports to files write, each tenant in a folder of its own; `exports` in the data folder unless told otherwise.
    #[arg(long, env = "CLUSTERMASTER_EXPORT_DIR")]
    pub export_dir: Option<PathBuf>,
    /// Refuse receivers on the hub's own machine: where tenants are strangers, who could reach through one what listens only
    /// there.
    #[arg(long, env = "CLUSTERMASTER_EXPORTS_FORBID_LOOPBACK")]
    pub exports_forbid_loopback: bool,
    /// Allow exports by syslog and Kafka without TLS. Events and secrets then travel in the clear.
    #[arg(long, env = "CLUSTERMASTER_EXPORTS_ALLOW_PLAINTEXT")]
    pub exports_allow_plaintext: bool,
}

impl From<KubernetesConfig> for hub_kubernetes::Settings {
    fn from(config: KubernetesConfig) -> Self {
        Self {
            allow_loopback: !config.kubernetes_forbid_loopback,
            allow_plaintext: config.kubernetes_allow_plaintext,
            allow_insecure_tls: config.kubernetes_allow_insecure_tls,
            ..Self::default()
        }
    }
}

/// Commands on tenants.
#[derive(Debug, Args)]
pub struct TenantCommand {
    /// Where the hub keeps its things.
    #[command(flatten)]
    pub store: StoreConfig,
    /// What to do.
    #[command(subcommand)]
    pub action: TenantAction,
}

/// What can be done with a tenant.
#[derive(Debug, Subcommand)]
pub enum TenantAction {
    /// Let a tenant come to be, with its first administrator.
    Create {
        /// Its name: a DNS label.
        name: String,
        /// The administrator's password, instead of a generated one that is printed once.
        #[arg(long, env = "CLUSTERMASTER_ADMIN_PASSWORD", hide_env_values = true)]
        password: Option<SecretString>,
    },
    /// Give a tenant's first administrator a new password and let them in again; their sessions end.
    ResetPassword {
        /// The tenant's name.
        name: String,
        /// The password, instead of a generated one that is printed once.
        #[arg(long, env = "CLUSTERMASTER_ADMIN_PASSWORD", hide_env_values = true)]
        password: Option<SecretString>,
    },
}

/// Commands on the key that signs the ledger.
#[derive(Debug, Args)]
pub struct SigningKeyCommand {
    /// Where the hub keeps its things.
    #[command(flatten)]
    pub store: StoreConfig,
    /// The key that signs now.
    #[command(flatten)]
    pub signing: SigningConfig,
    /// What to do.
    #[command(subcommand)]
    pub action: SigningKeyAction,
}

/// What can be done with the signing key.
#[derive(Clone, Debug, Subcommand)]
pub enum SigningKeyAction {
    /// Let it give way to another key of the same name, by an event in every ledger that both have signed. A hub that still
    /// has the old key then signs nothing more until it is started with the new one.
    Rotate {
        /// File of the new key; made where there is none yet.
        #[arg(long)]
        new_signing_key_file: PathBuf,
    },
}

/// Commands on the vault.
#[derive(Debug, Args)]
pub struct VaultCommand {
    /// Where the hub keeps its things.
    #[command(flatten)]
    pub store: StoreConfig,
    /// What to do.
    #[command(subcommand)]
    pub action: VaultAction,
}

/// What can be done with the vault.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum VaultAction {
    /// Wrap every key under the present key-encryption key. Before, every hub needs both: the new one as its key, the one
    /// before among the old ones. Afterwards the old one may go.
    Rewrap,
}
