//! The peer: a `UmaDB` server, driven by the stand-alone `umadb-peer` beside this file. Left out when it is not installed.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::process::{Child, Command};

use crate::machine::{Run, busy};

/// The server and the driver.
pub struct Uma {
    server: Child,
    url: String,
    driver: PathBuf,
    _folder: tempfile::TempDir,
}

impl Uma {
    /// Starts a server on a fresh folder, or says how to get it.
    pub async fn start() -> Option<Self> {
        let (Ok(server), Ok(driver)) = (std::env::var("UMADB_BIN"), std::env::var("UMADB_PEER_BIN")) else {
            println!("UmaDB is left out: set UMADB_BIN and UMADB_PEER_BIN (see tests/benches/README.md)\n");
            return None;
        };
        let folder = tempfile::tempdir().ok()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").ok()?;
        let address = listener.local_addr().ok()?.to_string();
        drop(listener);
        let server = Command::new(server)
            .args(["--listen", &address, "--db-path"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let up = hub_kit::until(Duration::from_secs(10), || async {
            tokio::net::TcpStream::connect(&address).await.ok()
        });
        up.await?;
        Some(Self { server, url: format!("http://{address}"), driver: driver.into(), _folder: folder })
    }

    /// One run.
    pub async fn run(
        &self,
        clients: usize,
        seconds: Duration,
        streams: usize,
        bytes: usize,
        round: usize,
    ) -> anyhow::Result<Run> {
        let cpu = busy();
        let arguments = [
            self.url.clone(),
            clients.to_string(),
            seconds.as_secs_f64().to_string(),
            streams.to_string(),
            bytes.to_string(),
            round.to_string(),
        ];
        let output = Command::new(&self.driver).args(arguments).output().await.context("umadb-peer")?;
        anyhow::ensure!(output.status.success(), "umadb-peer: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let fields: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [count, elapsed, p50, p99] = fields[..] else { anyhow::bail!("umadb-peer printed `{text}`") };
        Ok(Run {
            count: count as usize,
            elapsed: Duration::from_secs_f64(elapsed),
            p50: Duration::from_micros(p50 as u64),
            p99: Duration::from_micros(p99 as u64),
            cpu: busy().saturating_sub(cpu),
        })
    }
}

impl Drop for Uma {
    fn drop(&mut self) {
        // `kill_on_drop` reaps it; this only makes it prompt.
        let _ = self.server.start_kill();
    }
}
