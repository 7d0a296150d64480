//! Starting, adopting and stopping the server.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions as _, Connection as _};

use super::binaries::Binaries;
use super::place::Place;
use super::{BuiltinError, PATIENCE};
use crate::pools::options;

/// Between two looks at a server that comes up or stops.
const GLANCE: Duration = Duration::from_millis(20);
/// How long a server that runs may take to answer before it is stopped.
const HESITATION: Duration = Duration::from_secs(10);
/// The log is set aside above this size, in bytes.
pub(super) const LOG_LIMIT: u64 = 10 << 20;

/// Made for one hub on one machine: little idle memory, every commit on disk before it is acknowledged.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "port=5432",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_wal_size=2GB",
    "shared_buffers=64MB",
    "max_connections=100",
    "jit=off",
    "max_parallel_workers_per_gather=0",
    "log_min_messages=warning",
    "log_line_prefix=%m [%p] ",
    // Statements and the values of a violated key may be personal.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
];

#[derive(Debug)]
pub(super) struct Server {
    binaries: Binaries,
    pub place: Place,
}

impl Server {
    pub fn new(binaries: Binaries, place: Place) -> Self {
        Self { binaries, place }
    }

    /// Starts the server, or takes over one that runs. Answers whether it was taken over.
    pub async fn ensure_running(&self) -> Result<bool, BuiltinError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(pid) = self.place.running_pid() {
                if self.answers_within(HESITATION).await {
                    tracing::info!(pid, "the built-in PostgreSQL was still running and is adopted");
                    return Ok(true);
                }
                tracing::warn!(pid, "the built-in PostgreSQL does not answer and is started anew");
                self.stop().await?;
            }
            match self.start().await {
                Ok(()) => return Ok(false),
                // Processes of a killed server that still work, or another start of it that came first.
                Err(cause @ BuiltinError::Program { .. }) => {
                    let remains = self.place.clear_remains().map_err(BuiltinError::io("postmaster.pid"))?;
                    if !remains || Instant::now() > deadline {
                        return Err(cause);
                    }
                    tokio::time::sleep(10 * GLANCE).await;
                }
                Err(other) => return Err(other),
            }
        }
    }

    async fn start(&self) -> Result<(), BuiltinError> {
        let log = self.log_file()?;
        let mut command = self.place.command(&self.binaries.program("postgres"));
        command.arg("-D").arg(&self.place.cluster).arg("-k").arg(&self.place.run);
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.arg("-c").arg(self.wal_compression());
        let stderr = log.try_clone().map_err(BuiltinError::io("the server's log cannot be written"))?;
        command.stdin(Stdio::null()).stdout(log).stderr(stderr);
        let mut child = command.spawn().map_err(BuiltinError::io("postgres cannot be run"))?;
        let deadline = Instant::now() + PATIENCE;
        let started = loop {
            if let Ok(Some(status)) = child.try_wait() {
                let output = format!("{status}\n{}", self.log_tail());
                return Err(BuiltinError::Program { program: "postgres", output });
            }
            if self.answers().await {
                break Ok(());
            }
            if Instant::now() > deadline {
                // Left to itself: it may be recovering, and the next start adopts it.
                break Err(BuiltinError::TimedOut { what: "start", log: self.log_tail() });
            }
            tokio::time::sleep(GLANCE).await;
        };
        // Reaped when it ends, so that a stopped server is not a zombie that looks alive.
        std::thread::spawn(move || child.wait());
        started
    }

    /// The write-ahead log's pages compressed by lz4, where this PostgreSQL was built with it: its own method makes a rebuild
    /// 5 to 15 % slower.
    fn wal_compression(&self) -> &'static str {
        const LZ4: &str = "wal_compression=lz4";
        let mut ask = self.place.command(&self.binaries.program("postgres"));
        ask.arg("-D").arg(&self.place.cluster).args(["-c", LZ4, "-C", "wal_compression"]);
        let known = ask.output().is_ok_and(|said| said.status.success());
        if known { LZ4 } else { "wal_compression=on" }
    }

    /// Fast shutdown; immediate, when that takes too long. Waits until the process has ended.
    pub async fn stop(&self) -> Result<(), BuiltinError> {
        let Some(pid) = self.place.running_pid() else { return Ok(()) };
        for (signal, patience) in [(Signal::INT, PATIENCE / 2), (Signal::QUIT, PATIENCE / 2)] {
            if let Some(pid) = Pid::from_raw(pid as i32) {
                // Gone between the look and the signal is as good as stopped.
                let _ = kill_process(pid, signal);
            }
            let deadline = Instant::now() + patience;
            while Instant::now() < deadline {
                if !self.place.works_here(pid) {
                    return Ok(());
                }
                tokio::time::sleep(GLANCE).await;
            }
        }
        Err(BuiltinError::TimedOut { what: "stop", log: self.log_tail() })
    }

    async fn answers_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline && self.place.running_pid().is_some() {
            if self.answers().await {
                return true;
            }
            tokio::time::sleep(GLANCE).await;
        }
        false
    }

    async fn answers(&self) -> bool {
        let Ok(options) = options(&self.place.url("postgres")) else { return false };
        match tokio::time::timeout(Duration::from_secs(5), options.connect()).await {
            Ok(Ok(connection)) => connection.close().await.is_ok(),
            _ => false,
        }
    }

    fn log_file(&self) -> Result<File, BuiltinError> {
        let path = &self.place.log;
        File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .and_then(|file| rotate(path, LOG_LIMIT).map(|()| file))
            .map_err(BuiltinError::io(format!("{} cannot be written", path.display())))
    }

    fn log_tail(&self) -> String {
        tail(&std::fs::read_to_string(&self.place.log).unwrap_or_default())
    }
}

/// Sets a log aside once it is larger than `limit` bytes. The server keeps appending through a descriptor of its own, so the
/// file is copied and emptied, not renamed.
pub(super) fn rotate(path: &Path, limit: u64) -> std::io::Result<()> {
    if std::fs::metadata(path)?.len() > limit {
        std::fs::copy(path, path.with_extension("log.old"))?;
        File::options().write(true).open(path)?.set_len(0)?;
    }
    Ok(())
}

/// The last lines of a text.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
