//! The real binary, started in a folder of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::postgres::folder;
use crate::until;

/// The administrator of every hub in the tests.
pub const ADMINISTRATOR: &str = "admin@clustermaster.local";
/// How long a hub may take to come up: the first start sets up a database.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a hub is started.
#[derive(Clone, Debug, Default)]
pub struct HubOptions {
    /// The database; the built-in one when `None`.
    pub database_url: Option<String>,
    /// More variables of its environment.
    pub env: Vec<(String, String)>,
}

/// A running hub. Killed when dropped.
#[derive(Debug)]
pub struct Hub {
    options: HubOptions,
    folder: TempDir,
    child: Child,
    base: String,
    password: String,
    starts: u32,
}

/// A program of the workspace, as it was built.
pub fn program(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("CLUSTERMASTER_BIN_DIR") {
        return Path::new(&folder).join(name);
    }
    let test = std::env::current_exe().expect("a test has a path");
    // target/debug/deps/test-… -> target/debug/name
    let folder = test.ancestors().nth(2).expect("tests lie in the target folder");
    if test.parent().is_some_and(|parent| parent.ends_with("deps")) {
        folder.join(name)
    } else {
        test.with_file_name(name)
    }
}

impl Hub {
    /// Starts a hub and waits until it listens.
    pub async fn start(options: HubOptions) -> anyhow::Result<Self> {
        let folder = folder()?;
        let password = format!("kit-{}", crate::ids::uuid().simple());
        let child = spawn(&options, folder.path(), &password, 0)?;
        let mut hub = Self { options, folder, child, base: String::new(), password, starts: 1 };
        hub.wait().await?;
        Ok(hub)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let out = self.folder.path().join(format!("stdout.{}", self.starts - 1));
        let listening = || {
            let text = std::fs::read_to_string(&out).unwrap_or_default();
            text.lines().find_map(|line| line.strip_prefix("listening on ").map(str::to_owned))
        };
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let found = until(Duration::from_millis(200), || async { listening() }).await;
            if let Some(base) = found {
                self.base = base;
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the hub ended with {status}:\n{}", self.log());
            }
            if std::time::Instant::now() > deadline {
                bail!("the hub does not listen:\n{}", self.log());
            }
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("stderr.{}", self.starts - 1)))
            .unwrap_or_default()
    }

    /// What it has printed since its last start.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("stdout.{}", self.starts - 1)))
            .unwrap_or_default()
    }

    /// The administrator's password.
    pub fn password(&self) -> SecretString {
        self.password.clone().into()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// A client of the administrator.
    pub async fn admin(&self) -> anyhow::Result<Client> {
        Client::sign_in(&self.base, ADMINISTRATOR, &self.password).await
    }

    /// A client without a session.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(&self.base)
    }

    /// Kills it, as a crash would.
    pub async fn kill9(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().await.ok();
    }

    /// Kills its built-in database, as a crash would.
    pub fn kill9_database(&self) -> anyhow::Result<()> {
        let (pid, _) = hub_postgres::builtin::running(&self.data_dir())?;
        crate::postgres::kill_with_children(pid.context("the built-in database does not run")?);
        Ok(())
    }

    /// Tells it to stop, and waits until it has.
    pub async fn terminate(&mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM);
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .context("the hub does not stop")?
            .context("the hub's end")
    }

    /// Starts it again on the same data.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = spawn(&self.options, self.folder.path(), &self.password, self.starts)?;
        self.starts += 1;
        self.wait().await
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|pid| Pid::from_raw(pid as i32)) {
            // It may have ended by itself.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if self.options.database_url.is_none() {
            // The built-in server outlives a killed hub on purpose; a test's has to go with its folder.
            let server = hub_postgres::builtin::running(&self.data_dir());
            let pid = server.ok().and_then(|(pid, _)| Pid::from_raw(pid? as i32));
            if let Some(pid) = pid {
                let _ = kill_process(pid, Signal::QUIT);
            }
        }
    }
}

fn spawn(options: &HubOptions, folder: &Path, password: &str, nth: u32) -> anyhow::Result<Child> {
    let program = program("clustermaster");
    let mut command = Command::new(&program);
    command
        .arg("serve")
        .args(["--listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(folder.join("data"))
        .env("CLUSTERMASTER_ADMIN_PASSWORD", password)
        .env_remove("CLUSTERMASTER_DATABASE_URL")
        .stdin(Stdio::null())
        .stdout(File::create(folder.join(format!("stdout.{nth}")))?)
        .stderr(File::create(folder.join(format!("stderr.{nth}")))?)
        .kill_on_drop(true);
    if let Some(url) = &options.database_url {
        command.env("CLUSTERMASTER_DATABASE_URL", url);
    }
    command.envs(options.env.iter().map(|(name, value)| (name, value)));
    command.spawn().with_context(|| format!("{} cannot be run; `make test` builds it", program.display()))
}
