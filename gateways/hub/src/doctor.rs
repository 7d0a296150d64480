//! `clustermaster doctor`: each thing that the hub needs, looked at, with what to do where it is missing.

use std::fmt::Display;

use anyhow::bail;
use hub_postgres::builtin::find_binaries;

use crate::cli::StoreConfig;

/// Looks at everything and prints one line each. Fails when something is missing.
pub async fn run(config: &StoreConfig) -> anyhow::Result<()> {
    let mut report = Report::default();
    report.line("data folder", writable(config));
    report.line("key-encryption key", key(config));
    report.line("open files", open_files());
    match &config.database_url {
        None => report.line("PostgreSQL for the built-in server", binaries()),
        Some(url) => {
            let found = database(url).await;
            report.line("database", found);
        }
    }
    if let Some(found) = log(config).await.transpose() {
        report.line("log", found);
    }
    if report.missing > 0 {
        bail!("{} of {} checks failed", report.missing, report.checks);
    }
    Ok(())
}

#[derive(Default)]
struct Report {
    checks: usize,
    missing: usize,
}

impl Report {
    fn line<E: Display>(&mut self, what: &str, found: Result<String, E>) {
        self.checks += 1;
        match found {
            Ok(detail) => println!("ok       {what}: {detail}"),
            Err(problem) => {
                self.missing += 1;
                println!("MISSING  {what}: {problem}");
            }
        }
    }
}

fn writable(config: &StoreConfig) -> Result<String, String> {
    let folder = &config.data_dir;
    let probe = folder.join(".doctor");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map(|()| folder.display().to_string())
        .map_err(|cause| {
            format!("{} cannot be written: {cause}; choose another with --data-dir", folder.display())
        })
}

fn key(config: &StoreConfig) -> Result<String, String> {
    use hub_postgres::Kek;
    let path = config.key_path();
    let (found, place) = match &config.key {
        Some(text) => (Kek::load(text.clone()), "given as text".to_owned()),
        None if !path.exists() => return Ok(format!("{} will be made on the first start", path.display())),
        None => (Kek::load(&path), path.display().to_string()),
    };
    found.map(|key| format!("{} ({place})", key.id())).map_err(|cause| cause.to_string())
}

fn open_files() -> Result<String, String> {
    const WANTED: u64 = 1024;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    if limit < WANTED {
        return Err(format!("at most {limit} may be open; raise it to {WANTED} or more with `ulimit -n`"));
    }
    Ok(format!("{limit} allowed; each open connection takes one"))
}

fn binaries() -> Result<String, String> {
    let found = find_binaries().map_err(|cause| cause.to_string())?;
    Ok(format!("version {} in {}", found.version, found.bin_dir.display()))
}

async fn log(config: &StoreConfig) -> Result<Option<String>, String> {
    let connection = crate::ledger::connection(&config.ledger).map_err(|cause| format!("{cause:#}"))?;
    let Some(connection) = connection else { return Ok(None) };
    let version = connection.version().await.map_err(|cause| cause.to_string())?;
    let entries = connection.entries().await.map_err(|cause| cause.to_string())?;
    let stream = connection.stream();
    Ok(Some(format!("KurrentDB answers, version {version}; stream `{stream}` has {entries} entries")))
}

async fn database(url: &str) -> Result<String, String> {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = hub_postgres::pools::options(url).map_err(|cause| cause.to_string())?;
    let mut connection = options.connect().await.map_err(|cause| format!("it cannot be reached: {cause}"))?;
    let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .fetch_one(&mut connection)
        .await
        .map_err(|cause| cause.to_string())?;
    connection.close().await.ok();
    if version < 150_000 {
        return Err(format!("it is version {}; 15 or newer is needed", version / 10_000));
    }
    Ok(format!("it answers, version {}.{}", version / 10_000, version % 10_000))
}
