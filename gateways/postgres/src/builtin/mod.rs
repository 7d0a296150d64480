//! The hub's own PostgreSQL: found on the machine, kept under the data folder, reachable through a unix socket only.
//!
//! One hub serves a data folder at a time (a file lock). A server that outlived its hub (kill -9) is adopted on the next
//! start when it answers, and stopped and started anew when it does not; there are never two. One that dies under a
//! running hub is started again.

mod binaries;
mod keeper;
mod place;
mod server;
mod user;

#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

pub use binaries::{Binaries, INSTALL, find_binaries};
use keeper::Keeper;
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
    /// The cluster was made by another version than those on this machine.
    #[error(
        "the data in {} were made by PostgreSQL {version}, which was not found; install it with `apt-get install \
         postgresql-{version}`", cluster.display()
    )]
    OtherVersion {
        /// `PGDATA`.
        cluster: PathBuf,
        /// The major version that made it.
        version: u32,
    },
    /// The cluster lies where the server's user cannot reach it any more.
    #[error(
        "the built-in PostgreSQL runs as user `{user}`, who may not pass through {way}; allow it with \
         `chmod o+x {way}`", way = folder.display()
    )]
    Closed {
        /// The folder in the way.
        folder: PathBuf,
        /// The server's user.
        user: String,
    },
    /// A folder that should be the server's own is not.
    #[error(
        "{} belongs to user {owner} or is no folder, and the built-in PostgreSQL runs as user {wanted}; start the hub as \
         the user that it ran as before, or remove what lies there", folder.display()
    )]
    Foreign {
        /// Which.
        folder: PathBuf,
        /// Its owner's number.
        owner: u32,
        /// The number of the server's user.
        wanted: u32,
    },
    /// The cluster of the data folder is not where it was made. A new one would look as if nothing had ever happened.
    #[error(
        "the database of {data} lies in {place}, and nothing can be read there; bring it back, or remove \
         {data}/postgres-location to begin anew", data = data_dir.display(), place = base.display()
    )]
    Gone {
        /// The hub's data folder.
        data_dir: PathBuf,
        /// Where its cluster should be.
        base: PathBuf,
    },
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
    keeper: Keeper,
    url: String,
    adopted: bool,
    // Held as long as the hub uses the folders; the kernel lets them go when the process dies, however it dies.
    _locks: [File; 2],
}

impl Builtin {
    /// Finds or makes the cluster, starts or adopts its server, and makes sure of the database.
    pub async fn start(config: &BuiltinConfig) -> Result<Self, BuiltinError> {
        let data_dir = make(&config.data_dir)?;
        let lock = lock(&data_dir)?;
        let place = Place::of(&data_dir)?;
        let binaries = binaries::for_place(&place, config.bin_dir.as_deref())?;
        place.make_folders()?;
        // A copy of a data folder may point to the same cluster as the original.
        let open =
            File::open(&place.base).map_err(BuiltinError::io("the server's folder cannot be opened"))?;
        let locks = [lock, held(open, &data_dir)?];
        if !place.has_cluster() {
            binaries::make_cluster(&binaries, &place).await?;
        }
        let server = server::Server::new(binaries, place);
        let adopted = server.ensure_running().await?;
        let url = server.place.url(NAME);
        setup(&server.place.url("postgres")).await?;
        Ok(Self { keeper: Keeper::new(Arc::new(server)), url, adopted, _locks: locks })
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
        self.keeper.server().place.running_pid()
    }

    /// Stops the server: connections are closed, what is committed is on disk.
    pub async fn stop(self) -> Result<(), BuiltinError> {
        self.keeper.stop().await
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
    match Builtin::start(&BuiltinConfig { data_dir, bin_dir: None }).await {
        Ok(builtin) => Ok((builtin.url().to_owned(), Some(builtin))),
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

/// The process of a data folder's server, when it runs, and the folder that holds its cluster.
pub fn running(data_dir: &Path) -> Result<(Option<u32>, PathBuf), BuiltinError> {
    let data_dir = data_dir.canonicalize().map_err(|_| BuiltinError::Nothing(data_dir.to_owned()))?;
    let place = Place::of(&data_dir)?;
    Ok((place.running_pid(), place.base))
}

fn make(folder: &Path) -> Result<PathBuf, BuiltinError> {
    std::fs::create_dir_all(folder)
        .map_err(BuiltinError::io(format!("the folder {} cannot be made", folder.display())))?;
    folder.canonicalize().map_err(BuiltinError::io(format!("the folder {} cannot be read", folder.display())))
}

/// Takes the folder's lock.
fn lock(data_dir: &Path) -> Result<File, BuiltinError> {
    let path = data_dir.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    held(file.map_err(BuiltinError::io(format!("{} cannot be opened", path.display())))?, data_dir)
}

/// Locks a file. Rust opens files close-on-exec, so the server does not inherit the lock.
fn held(file: File, data_dir: &Path) -> Result<File, BuiltinError> {
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
