//! The audit tool through its real binary: history is walked, told again, reported on, and taken in from another store.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod imports;
mod reports;
mod walks;

use hub_kit::hub::program;
use serde_json::Value;

/// What the tool answered.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs the tool on a database.
pub async fn audit(url: &str, args: &[&str]) -> Said {
    let mut command = tokio::process::Command::new(program("clustermaster-audit"));
    let done = command.args(args).env("CLUSTERMASTER_DATABASE_URL", url).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) }
}

impl Said {
    /// Fails unless it ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    /// What it printed, as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|cause| panic!("{cause}: {}", self.out))
    }

    /// What it printed, a JSON document a line.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// It is refused, with words that say why.
#[track_caller]
pub fn refused(said: &Said, why: &str) {
    assert_eq!(said.code, 2, "{}\n{}", said.out, said.err);
    assert!(said.err.contains(why), "{}", said.err);
    assert!(said.out.is_empty(), "{}", said.out);
}
