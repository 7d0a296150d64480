//! `witness`: a small witness that somebody runs elsewhere ([C2SP tlog-witness](https://c2sp.org/tlog-witness)).
//!
//! For each log it keeps the newest checkpoint that it has cosigned, in a file of its own; it cosigns what continues that, and
//! nothing else. A log whose past was rewritten, or which shows others something else, cannot get its cosignature.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use clap::Args;
use data_encoding::HEXLOWER;
use hub_domain::ledger::{
    AddCheckpoint, Algorithm, Checkpoint, KeyError, Note, REQUEST_LIMIT, SigningKey, VerifierKey,
    WitnessRefusal, sha256,
};
use hub_postgres::secret_file;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::cli::CLEAN;
use crate::evidence::keys;

/// What `witness` can be told.
#[derive(Clone, Debug, Args)]
pub struct WitnessArgs {
    /// Address to listen on; port 0 picks a free one. Put TLS in front of it.
    #[arg(long, env = "CLUSTERMASTER_WITNESS_LISTEN", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// Folder of its key and of what it has cosigned. Keep it: a witness that forgets can be shown another past.
    #[arg(long, env = "CLUSTERMASTER_WITNESS_DIR", default_value = "./.clustermaster-witness")]
    dir: PathBuf,
    /// The name that a new key gets: `witness.example.org/one`.
    #[arg(long, env = "CLUSTERMASTER_WITNESS_NAME")]
    name: Option<String>,
    /// The verifier key of a log that it witnesses, or a file that holds it. A hub's key stands for all its tenants.
    #[arg(long, value_name = "KEY|FILE", required = true)]
    log: Vec<String>,
}

/// A witness of some logs.
pub struct WitnessServer {
    key: SigningKey,
    logs: Vec<VerifierKey>,
    dir: PathBuf,
    // One request a log at a time: what was cosigned last is checked and replaced in one go.
    turns: Mutex<HashMap<String, Arc<Mutex<()>>>>,
}

impl WitnessServer {
    /// A witness that keeps its things in a folder. Its key is made where there is none yet.
    pub fn open(dir: &Path, name: Option<&str>, logs: Vec<VerifierKey>) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        let fresh = fresh(name).context("the name")?;
        let text = secret_file::read_or_create(&dir.join("key"), || fresh)?;
        let key = SigningKey::from_secret(text.trim()).context("the witness's key")?;
        anyhow::ensure!(key.algorithm() == Algorithm::CosignatureV1, "the key is not one of a witness");
        if let Some(name) = name {
            anyhow::ensure!(key.name() == name, "the key bears the name `{}`, not `{name}`", key.name());
        }
        Ok(Self { key, logs, dir: dir.to_owned(), turns: Mutex::default() })
    }

    /// What its cosignatures are verified with.
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Cosigns a checkpoint, or says why not. What it cosigns is on the disk before it answers.
    pub async fn add_checkpoint(
        &self,
        request: &str,
        now: u64,
    ) -> io::Result<Result<String, WitnessRefusal>> {
        let (request, Note { text, .. }, said) = match request.parse::<AddCheckpoint>() {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(request) => match request.log(&self.logs) {
                Err(refusal) => return Ok(Err(refusal)),
                Ok((note, said)) => (request, note, said),
            },
        };
        let turn = self.turns.lock().await.entry(said.origin.clone()).or_default().clone();
        let _turn = turn.lock().await;
        let path =
            self.dir.join(format!("{}.checkpoint", HEXLOWER.encode(&sha256(said.origin.as_bytes()).0)));
        let last = read_last(&path)?;
        if let Err(refusal) = request.judge(&said, last.as_ref()) {
            return Ok(Err(refusal));
        }
        // The whole text, with lines that are not understood here: a cosignature is under all of it.
        let line = self.key.sign(&text, now);
        write_whole(&path, &Note { text, signatures: vec![line.clone()] }.to_string())?;
        Ok(Ok(line.to_string()))
    }

    /// Its one route.
    pub fn router(self) -> axum::Router {
        axum::Router::new()
            .route("/add-checkpoint", post(answer))
            .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
            .with_state(Arc::new(self))
    }
}

async fn answer(State(witness): State<Arc<WitnessServer>>, body: String) -> Response {
    let now = u64::try_from(now().timestamp()).unwrap_or_default();
    match witness.add_checkpoint(&body, now).await {
        Ok(Ok(lines)) => lines.into_response(),
        Ok(Err(WitnessRefusal::Conflict(size))) => {
            (StatusCode::CONFLICT, [(header::CONTENT_TYPE, "text/x.tlog.size")], format!("{size}\n"))
                .into_response()
        }
        Ok(Err(refusal)) => {
            tracing::warn!(%refusal, "a checkpoint was not cosigned");
            (status_of(&refusal), format!("{refusal}\n")).into_response()
        }
        Err(cause) => {
            tracing::error!(%cause, "what was cosigned cannot be kept");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn status_of(refusal: &WitnessRefusal) -> StatusCode {
    match refusal {
        WitnessRefusal::Malformed(_) => StatusCode::BAD_REQUEST,
        WitnessRefusal::UnknownLog(_) => StatusCode::NOT_FOUND,
        WitnessRefusal::Unsigned(_) => StatusCode::FORBIDDEN,
        WitnessRefusal::Conflict(_) => StatusCode::CONFLICT,
        WitnessRefusal::Inconsistent(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[allow(clippy::disallowed_methods, reason = "a witness says when it saw a checkpoint")]
fn now() -> chrono::DateTime<chrono::Utc> {
    std::time::SystemTime::now().into()
}

fn fresh(name: Option<&str>) -> Result<Zeroizing<String>, KeyError> {
    let seed = secret_file::random();
    let made_up = || format!("witness.local/{}", HEXLOWER.encode(&sha256(&*seed).0[..8]));
    let name = name.map_or_else(made_up, str::to_owned);
    Ok(Zeroizing::new(SigningKey::new(&name, Algorithm::CosignatureV1, &seed)?.secret()))
}

fn read_last(path: &Path) -> io::Result<Option<Checkpoint>> {
    let damaged =
        || io::Error::new(io::ErrorKind::InvalidData, format!("{} holds no checkpoint", path.display()));
    match fs::read_to_string(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
        Ok(text) => {
            let note: Note = text.parse().map_err(|_| damaged())?;
            note.text.parse().map(Some).map_err(|_| damaged())
        }
    }
}

/// Replaces a file in one go, durably.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Runs `witness` until it is told to stop.
pub async fn command(args: &WitnessArgs) -> anyhow::Result<u8> {
    tracing_subscriber::fmt().with_writer(io::stderr).try_init().ok();
    let server = WitnessServer::open(&args.dir, args.name.as_deref(), keys(&args.log)?)?;
    println!("witnessing as {}", server.verifier());
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("{} cannot be listened on; choose another with --listen", args.listen))?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted,
        }
    };
    axum::serve(listener, server.router())
        .with_graceful_shutdown(async {
            stop.await.unwrap_or_else(|cause: io::Error| tracing::error!(%cause, "signals cannot be heard"));
        })
        .await?;
    Ok(CLEAN)
}
