//! The hub's own PostgreSQL: found on the machine, kept under the data folder, reachable through a unix socket only.
//!
//! One hub serves a data folder at a time (a file lock). A server that outlived its hub (kill -9) is adopted on the next
//! start when it answers, and stopped and started anew when it does not; there are never two.

mod binaries;
mod place;
mod server;

#[cfg(test)]
mod tests;

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

pub use binaries::{Binaries, INSTALL, find_binaries};
use place::Place;

use crate::pools::options;

/// The database and the role that the built-in server is set up with.
const NAME: &str = "clustermaster";
/// How long a server may take to come up or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the built-in server is told.
#[derive(Clone, Debug)]
pub struct BuiltinConfig {
    /// The hub's data folder.
    pub data_dir: PathBuf,
    /// Where `postgres` and `initdb` are; looked for when `None`.
    pub bin_dir: Option<PathBuf>,
}

/// Why there is no built-in server.
#[derive(Debug, thiserror::Error)]
pub enum BuiltinError {
    /// `postgres` and `initdb` of version 15 or newer were not found.
    #[error(
        "no PostgreSQL 15 or newer was found on this machine ({looked}); install it with `{INSTALL}`, or give --database-url"
    )]
    NoBinaries {
        /// Where it was looked for.
        looked: String,
    },
    /// Another hub serves the folder.
    #[error("another hub already serves the data folder {0}; hubs that share a database use --database-url")]
    Locked(PathBuf),
    /// The hub is root, PostgreSQL refuses root, and there is nobody to run it as.
    #[error(
        "PostgreSQL does not run as root, and there is no user `{0}` to run it as; set CLUSTERMASTER_POSTGRES_USER"
    )]
    NoUser(String),
    /// A file or folder could not be made or read.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("`{program}` failed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it said.
        output: String,
    },
    /// The server did not come up or did not stop in time.
    #[error("the built-in PostgreSQL did not {what} within {} s; the end of its log:\n{log}", PATIENCE.as_secs())]
    TimedOut {
        /// `start` or `stop`.
        what: &'static str,
        /// The end of its log.
        log: String,
    },
    /// The server is up, but its database could not be set up.
    #[error("the built-in database cannot be set up: {0}")]
    Database(#[from] sqlx::Error),
    /// The folder holds no database yet.
    #[error("{0} holds no built-in database; start the hub once, or give --database-url")]
    Nothing(PathBuf),
}

impl BuiltinError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// A running built-in server. Dropping it leaves the server running; [`Builtin::stop`] stops it.
#[derive(Debug)]
pub struct Builtin {
    server: server::Server,
    url: String,
    adopted: bool,
    // Held as long as the hub uses the folder; the kernel lets it go when the process dies, however it dies.
    _lock: std::fs::File,
}

impl Builtin {
    /// Finds or makes the cluster, starts or adopts its server, and makes sure of the database.
    pub async fn start(config: &BuiltinConfig) -> Result<Self, BuiltinError> {
        let data_dir = make(&config.data_dir)?;
        let lock = lock(&data_dir)?;
        let binaries = match &config.bin_dir {
            Some(folder) => binaries::in_folder(folder)?,
            None => find_binaries()?,
        };
        let place = Place::of(&data_dir)?;
        place.prepare(&binaries).await?;
        let server = server::Server::new(binaries, place);
        let adopted = server.ensure_running().await?;
        let url = server.place.url(NAME);
        setup(&server.place.url("postgres")).await?;
        Ok(Self { server, url, adopted, _lock: lock })
    }

    /// Its address, for sqlx: a unix socket.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same as options.
    pub fn options(&self) -> Result<PgConnectOptions, BuiltinError> {
        options(&self.url)
            .map_err(|_| sqlx::Error::Configuration("the socket's path cannot stand in a URL".into()).into())
    }

    /// Whether a server that was running already was taken over.
    pub fn adopted(&self) -> bool {
        self.adopted
    }

    /// The process id of the server.
    pub fn pid(&self) -> Option<u32> {
        self.server.place.running_pid()
    }

    /// Stops the server: connections are closed, what is committed is on disk.
    pub async fn stop(self) -> Result<(), BuiltinError> {
        self.server.stop().await
    }
}

/// Uses the database of a data folder beside its hub: answers the address of the running server, or starts a resting one,
/// which the caller then stops.
pub async fn borrow(data_dir: &Path) -> Result<(String, Option<Builtin>), BuiltinError> {
    let data_dir = data_dir.canonicalize().map_err(|_| BuiltinError::Nothing(data_dir.to_owned()))?;
    let place = Place::of(&data_dir)?;
    if !place.has_cluster() {
        return Err(BuiltinError::Nothing(data_dir));
    }
    match lock(&data_dir) {
        Ok(lock) => {
            drop(lock);
            let builtin = Builtin::start(&BuiltinConfig { data_dir, bin_dir: None }).await?;
            Ok((builtin.url().to_owned(), Some(builtin)))
        }
        Err(BuiltinError::Locked(_)) => Ok((place.url(NAME), None)),
        Err(other) => Err(other),
    }
}

/// The address of a data folder's database, when its server runs.
pub fn running_url(data_dir: &Path) -> Result<Option<String>, BuiltinError> {
    let data_dir = data_dir.canonicalize().map_err(|_| BuiltinError::Nothing(data_dir.to_owned()))?;
    let place = Place::of(&data_dir)?;
    Ok(place.running_pid().map(|_| place.url(NAME)))
}

fn make(folder: &Path) -> Result<PathBuf, BuiltinError> {
    std::fs::create_dir_all(folder)
        .map_err(BuiltinError::io(format!("the folder {} cannot be made", folder.display())))?;
    folder.canonicalize().map_err(BuiltinError::io(format!("the folder {} cannot be read", folder.display())))
}

/// Takes the folder's lock. Rust opens files close-on-exec, so the server does not inherit it.
fn lock(data_dir: &Path) -> Result<std::fs::File, BuiltinError> {
    let path = data_dir.join("lock");
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(BuiltinError::io(format!("{} cannot be opened", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BuiltinError::Locked(data_dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(BuiltinError::io("the data folder cannot be locked")(source)),
    }
}

/// Makes the role and the database. The role owns the database and may make roles: migrations need both.
async fn setup(url: &str) -> Result<(), BuiltinError> {
    use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
    let options = options(url)
        .map_err(|_| sqlx::Error::Configuration("the socket's path cannot stand in a URL".into()))?;
    let mut connection = options.connect().await?;
    let known: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(NAME)
        .fetch_one(&mut connection)
        .await?;
    if !known {
        connection.execute(format!("create database {NAME}").as_str()).await?;
    }
    connection.close().await?;
    Ok(())
}
