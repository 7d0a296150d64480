//! A real rsyslog, with TCP and TLS, that writes each message as it came into a file.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::Authority;
use crate::kubernetes::free_port;
use crate::until;

/// How to get what is missing.
pub const INSTALL: &str = "apt-get install rsyslog rsyslog-gnutls";
/// Where it looks for parts; which of them exists depends on the machine.
const LIBRARIES: &str = "/usr/lib";

/// Whether a test that needs rsyslog can run. Says what is missing; fails where skips are forbidden.
pub fn available() -> bool {
    let has_tls = std::fs::read_dir(LIBRARIES).is_ok_and(|mut folders| {
        folders.any(|folder| folder.is_ok_and(|folder| folder.path().join("rsyslog/lmnsd_gtls.so").exists()))
    });
    if has_tls && program().exists() {
        return true;
    }
    assert!(std::env::var_os("CLUSTERMASTER_FORBID_SKIPS").is_none(), "no rsyslog here: {INSTALL}");
    eprintln!("SKIP: no rsyslog here: {INSTALL}");
    false
}

fn program() -> PathBuf {
    PathBuf::from("/usr/sbin/rsyslogd")
}

/// A running rsyslog. Dropping it kills it.
#[derive(Debug)]
pub struct Rsyslog {
    folder: TempDir,
    plain: u16,
    tls: u16,
    child: Option<Child>,
}

impl Rsyslog {
    /// Starts one whose certificate is for `name`, and which asks for a certificate of the same authority.
    pub async fn start(authority: &Authority, name: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (plain, tls) = (free_port()?, free_port()?);
        let (certificate, key) = authority.issue(name)?;
        for (name, text) in [("ca.pem", authority.pem()), ("cert.pem", certificate), ("key.pem", key)] {
            std::fs::write(folder.path().join(name), text)?;
        }
        let mut rsyslog = Self { folder, plain, tls, child: None };
        std::fs::write(rsyslog.path("conf"), rsyslog.config())?;
        rsyslog.start_again().await?;
        Ok(rsyslog)
    }

    /// Every message is written before the next is read: what it has read before it is killed is in the file.
    fn config(&self) -> String {
        let at = |name: &str| self.path(name).display().to_string();
        let (ca, certificate, key, out) = (at("ca.pem"), at("cert.pem"), at("key.pem"), at("out"));
        let (folder, plain, tls) = (self.folder.path().display(), self.plain, self.tls);
        format!(
            r#"global(workDirectory="{folder}" maxMessageSize="256k" parser.escapeControlCharactersOnReceive="off" parser.dropTrailingLFOnReception="off"
 defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp")
template(name="line" type="list") {{ constant(value="\"") property(name="rawmsg" format="json") constant(value="\"\n") }}
ruleset(name="keep" queue.type="Direct") {{ action(type="omfile" file="{out}" template="line" asyncWriting="off" flushOnTXEnd="on") }}
input(type="imtcp" address="127.0.0.1" port="{plain}" ruleset="keep")
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="keep" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid")
"#
        )
    }

    /// Starts it (again) on the same ports and files.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let child = Command::new(program())
            .arg("-n")
            .arg("-f")
            .arg(self.path("conf"))
            .arg("-i")
            .arg(self.path("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.path("log"))?)
            .kill_on_drop(true)
            .spawn()
            .context("rsyslogd")?;
        self.child = Some(child);
        for port in [self.plain, self.tls] {
            let ready = until(Duration::from_secs(30), || async {
                TcpStream::connect(("127.0.0.1", port)).await.ok()
            });
            ready.await.with_context(|| {
                let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
                format!("rsyslog does not come up: {log}")
            })?;
        }
        Ok(())
    }

    /// Kills it, as a crash would.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.ok();
        }
        // A killed one leaves it behind, and the next would not start.
        std::fs::remove_file(self.path("pid")).ok();
    }

    /// Asks it to stop, and waits until it has: it closes its connections by itself.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid as i32)) {
                kill_process(pid, Signal::TERM).ok();
            }
            child.wait().await.ok();
        }
    }

    /// Where it takes TCP: `host:port`.
    pub fn plain(&self) -> String {
        format!("127.0.0.1:{}", self.plain)
    }

    /// Where it takes TLS: `host:port`.
    pub fn tls(&self) -> String {
        format!("127.0.0.1:{}", self.tls)
    }

    /// The messages that it has written, whole, in order.
    pub fn messages(&self) -> anyhow::Result<Vec<String>> {
        let text = std::fs::read_to_string(self.path("out")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("no JSON: {line}")))
            .collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}
