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
    /// Print the address of the running built-in database, for `psql` and backups.
    DatabaseUrl(Box<StoreConfig>),
    /// Print the `OpenAPI` 3.1 document.
    Openapi,
}

/// Where the hub keeps its things.
#[derive(Clone, Debug, Args)]
pub struct StoreConfig {
    /// Folder of the built-in database, the keys and the logs.
    #[arg(long, env = "CLUSTERMASTER_DATA_DIR", default_value = "./.clustermaster")]
    pub data_dir: PathBuf,
    /// Use this `PostgreSQL` (15 or newer) instead of the built-in one: `postgresql://USER@HOST/DATABASE`.
    #[arg(long, env = "CLUSTERMASTER_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// File of the key-encryption key; made on the first start. Keep a copy elsewhere: without it the vault is lost.
    #[arg(long, env = "CLUSTERMASTER_KEY_FILE")]
    pub key_file: Option<PathBuf>,
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
    /// PEM file of the server's certificate chain; with it the hub speaks TLS 1.2+ only.
    #[arg(long, env = "CLUSTERMASTER_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    #[arg(long, env = "CLUSTERMASTER_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
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
    /// Password of the first administrator, instead of a generated one that is printed once.
    #[arg(long, env = "CLUSTERMASTER_ADMIN_PASSWORD", hide = true, hide_env_values = true)]
    pub admin_password: Option<SecretString>,
    /// Endpoint for traces (OTLP over HTTP): `http://collector:4318`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
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
}
