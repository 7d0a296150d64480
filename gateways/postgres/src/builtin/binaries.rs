//! Finding `postgres` and `initdb` on the machine, and making a cluster with them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::BuiltinError;
use super::place::Place;
use super::server::tail;

/// The command that installs what is needed, on Debian and its kin.
pub const INSTALL: &str = "apt-get install postgresql-15";
/// The oldest version that serves.
const OLDEST: u32 = 15;

/// The programs of one PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder that holds them.
    pub bin_dir: PathBuf,
    /// The major version.
    pub version: u32,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }
}

/// Looks in `CLUSTERMASTER_POSTGRES_BIN` only, when it is set; else along `PATH`, where Debian keeps each version, and where
/// `pg_config` points. The newest wins.
pub fn find_binaries() -> Result<Binaries, BuiltinError> {
    let found = candidates(None)?;
    Ok(found.into_iter().max_by_key(|found| found.version).expect("there is one"))
}

/// The programs for a place: those of the version that made its cluster, the newest for a new one.
pub(super) fn for_place(place: &Place, bin_dir: Option<&Path>) -> Result<Binaries, BuiltinError> {
    let found = candidates(bin_dir)?;
    let made_by = place.version();
    let fitting = found.iter().filter(|found| made_by.is_none_or(|version| version == found.version));
    fitting.max_by_key(|found| found.version).cloned().ok_or_else(|| BuiltinError::OtherVersion {
        cluster: place.cluster.clone(),
        version: made_by.unwrap_or(OLDEST),
    })
}

/// At least one.
fn candidates(bin_dir: Option<&Path>) -> Result<Vec<Binaries>, BuiltinError> {
    let named = std::env::var_os("CLUSTERMASTER_POSTGRES_BIN").map(PathBuf::from);
    if let Some(folder) = bin_dir.or(named.as_deref()) {
        return in_folder(folder).map(|found| vec![found]);
    }
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    folders.extend(debian.filter_map(|entry| Some(entry.ok()?.path().join("bin"))));
    if let Ok(said) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(String::from_utf8_lossy(&said.stdout).trim().into());
    }
    let found: Vec<Binaries> = folders.iter().filter_map(|folder| in_folder(folder).ok()).collect();
    if found.is_empty() {
        return Err(BuiltinError::NoBinaries { looked: "PATH, /usr/lib/postgresql, pg_config".into() });
    }
    Ok(found)
}

/// The programs in one folder.
fn in_folder(folder: &Path) -> Result<Binaries, BuiltinError> {
    let missing = || BuiltinError::NoBinaries { looked: folder.display().to_string() };
    // Through links to the real folder: the server looks for its libraries beside itself.
    let postgres = folder.join("postgres").canonicalize().map_err(|_| missing())?;
    let bin_dir = postgres.parent().ok_or_else(missing)?.to_owned();
    if !bin_dir.join("initdb").exists() {
        return Err(missing());
    }
    let said = Command::new(&postgres).arg("--version").output().map_err(|_| missing())?;
    let version = String::from_utf8_lossy(&said.stdout)
        .split(|c: char| !c.is_ascii_digit())
        .find_map(|digits| digits.parse().ok())
        .filter(|version| *version >= OLDEST)
        .ok_or_else(missing)?;
    Ok(Binaries { bin_dir, version })
}

/// Makes the cluster of a place, once. Made beside and renamed: a cluster of that name is always a whole one.
pub(super) async fn make_cluster(binaries: &Binaries, place: &Place) -> Result<(), BuiltinError> {
    const UNFINISHED: &str = "data.new";
    let entries = std::fs::read_dir(&place.base).into_iter().flatten().flatten();
    for unfinished in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        // The initdb of a hub that was killed may still be writing there; this one then leaves it to the next start.
        std::fs::remove_dir_all(unfinished.path()).ok();
    }
    let beside = place.base.join(format!("{UNFINISHED}-{}", std::process::id()));
    tracing::info!(version = binaries.version, folder = %place.base.display(), "setting up the built-in PostgreSQL");
    let mut initdb = place.command(&binaries.program("initdb"));
    // Nobody but root and the server's own user can enter the socket's folder, so there is nobody to ask.
    initdb.args(["--auth=trust", "--username=clustermaster", "--encoding=UTF8"]);
    initdb.args(["--no-locale", "--locale-provider=libc", "--data-checksums"]).arg("-D").arg(&beside);
    let output = tokio::process::Command::from(initdb)
        .output()
        .await
        .map_err(BuiltinError::io("initdb cannot be run"))?;
    if !output.status.success() {
        return Err(BuiltinError::Program {
            program: "initdb",
            output: tail(&String::from_utf8_lossy(&output.stderr)),
        });
    }
    place.settle(&beside).map_err(BuiltinError::io("the new cluster cannot be moved into place"))
}
