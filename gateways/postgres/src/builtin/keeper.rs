//! Keeps the built-in server up while its hub runs: one that dies is started again, and its log stays small.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::BuiltinError;
use super::server::{LOG_LIMIT, Server, rotate};
use crate::telemetry;

/// Between two looks at the server.
const GLANCE: Duration = Duration::from_millis(500);
/// Between two attempts to start one that does not come up.
const PAUSE: Duration = Duration::from_secs(5);
/// Between two looks at the log.
const MINUTE: Duration = Duration::from_mins(1);

/// The task that keeps a server. Dropping it leaves the server as it is.
#[derive(Debug)]
pub(super) struct Keeper {
    server: Arc<Server>,
    /// Held while the server is started or stopped; `false` once it is to stay down.
    up: Arc<Mutex<bool>>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Keeper {
    pub fn new(server: Arc<Server>) -> Self {
        let up = Arc::new(Mutex::new(true));
        let tasks = [
            tokio::spawn(keep_up(Arc::clone(&server), Arc::clone(&up))),
            tokio::spawn(keep_log_small(Arc::clone(&server))),
        ];
        Self { server, up, tasks }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Stops the server for good, after a start that may be under way.
    pub async fn stop(self) -> Result<(), BuiltinError> {
        let mut up = self.up.lock().await;
        *up = false;
        self.server.stop().await
    }
}

async fn keep_up(server: Arc<Server>, up: Arc<Mutex<bool>>) {
    loop {
        tokio::time::sleep(GLANCE).await;
        let up = up.lock().await;
        if !*up {
            return;
        }
        if server.place.running_pid().is_some() {
            continue;
        }
        tracing::error!("the built-in PostgreSQL has died and is started again");
        match server.ensure_running().await {
            Ok(_) => {
                metrics::counter!(telemetry::BUILTIN_RESTARTS).increment(1);
                tracing::info!("the built-in PostgreSQL is up again");
            }
            Err(cause) => {
                tracing::error!(%cause, "the built-in PostgreSQL does not start");
                drop(up);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn keep_log_small(server: Arc<Server>) {
    let mut minutes = tokio::time::interval(MINUTE);
    loop {
        minutes.tick().await;
        let path = server.place.log.clone();
        let rotated = tokio::task::spawn_blocking(move || rotate(&path, LOG_LIMIT)).await;
        if let Ok(Err(cause)) = rotated {
            tracing::warn!(%cause, "the built-in PostgreSQL's log cannot be rotated");
        }
    }
}
