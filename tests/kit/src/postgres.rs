//! Databases for tests: a fresh one each on the run's shared server, or a server of one's own that can be killed.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use hub_postgres::builtin::{Builtin, BuiltinConfig};
use hub_postgres::pools::options;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;

use crate::{ids, until};

/// Where `scripts/with-postgres` says that the run's server is.
const SHARED: &str = "CLUSTERMASTER_TEST_POSTGRES";

/// A fresh, migrated database. It goes with its server, which is thrown away after the run.
#[derive(Debug)]
pub struct Database {
    url: String,
    _server: Option<OwnServer>,
}

impl Database {
    /// Copies the migrated template: about 100 ms. Without a shared server it brings its own: about 2 s.
    pub async fn fresh() -> Self {
        Self::try_fresh().await.expect("a fresh database")
    }

    async fn try_fresh() -> anyhow::Result<Self> {
        let Ok(shared) = std::env::var(SHARED) else {
            let server = OwnServer::start().await?;
            hub_postgres::migrate(&server.url()).await?;
            return Ok(Self { url: server.url(), _server: Some(server) });
        };
        let mut connection = options(&shared)?.connect().await.context("the run's PostgreSQL")?;
        let template = format!("template_{}", hub_postgres::migrate::fingerprint());
        // Only one test makes the template; the others wait for it here.
        connection.execute("select pg_advisory_lock(7263)").await?;
        let known: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&template)
            .fetch_one(&mut connection)
            .await?;
        if !known {
            let beside = format!("{template}_new");
            connection.execute(format!("drop database if exists {beside}").as_str()).await?;
            connection.execute(format!("create database {beside}").as_str()).await?;
            hub_postgres::migrate(&named(&shared, &beside)).await?;
            connection.execute(format!("alter database {beside} rename to {template}").as_str()).await?;
        }
        connection.execute("select pg_advisory_unlock(7263)").await?;
        let name = format!("test_{}", ids::uuid().simple());
        connection.execute(format!("create database {name} template {template}").as_str()).await?;
        connection.close().await?;
        Ok(Self { url: named(&shared, &name), _server: None })
    }

    /// Its address, as a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// The same server, another database.
fn named(url: &str, database: &str) -> String {
    let (start, query) = url.split_once('?').unwrap_or((url, ""));
    let server = start.rsplit_once('/').map_or(start, |(server, _)| server);
    format!("{server}/{database}?{query}")
}

/// A durable server of the test's own, on a unix socket in its own folder.
#[derive(Debug)]
pub struct OwnServer {
    folder: TempDir,
    builtin: Option<Builtin>,
    pid: Option<u32>,
    url: String,
}

impl OwnServer {
    /// Sets one up: about 2 s.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = folder()?;
        let builtin = start(folder.path()).await?;
        let (url, pid) = (builtin.url().to_owned(), builtin.pid());
        Ok(Self { folder, builtin: Some(builtin), pid, url })
    }

    /// Its address, as a superuser.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Kills it as a power cut would: the server and every process of it, at once.
    pub async fn kill9(&mut self) {
        self.builtin = None;
        let Some(pid) = self.pid.take() else { return };
        let doomed = kill_with_children(pid);
        let gone = until(Duration::from_secs(10), || async {
            doomed
                .iter()
                .all(|pid| !Path::new(&format!("/proc/{pid}/cwd")).exists() || zombie(*pid))
                .then_some(())
        });
        gone.await.expect("killed processes go");
    }

    /// Starts it again on the same data.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let builtin = start(self.folder.path()).await?;
        self.pid = builtin.pid();
        self.builtin = Some(builtin);
        Ok(())
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if let Some(pid) = self.pid {
            kill_with_children(pid);
        }
    }
}

/// Kills a server and every process of it, as a power cut would; answers with their numbers.
pub(crate) fn kill_with_children(pid: u32) -> Vec<u32> {
    let doomed: Vec<u32> = [pid].into_iter().chain(children(pid)).collect();
    for pid in &doomed {
        signal(*pid, Signal::KILL);
    }
    doomed
}

async fn start(folder: &Path) -> anyhow::Result<Builtin> {
    Ok(Builtin::start(&BuiltinConfig { data_dir: folder.to_owned(), bin_dir: None }).await?)
}

/// A folder through which the server's user can pass.
pub fn folder() -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(folder)
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        // It may be gone already, which is what was wanted.
        let _ = kill_process(pid, signal);
    }
}

fn children(parent: u32) -> Vec<u32> {
    std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

fn zombie(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}
