//! Finding `postgres` and `initdb` on the machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::BuiltinError;

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

/// Looks at `CLUSTERMASTER_POSTGRES_BIN`, then where Debian keeps each version, then along `PATH`; the newest wins.
pub fn find_binaries() -> Result<Binaries, BuiltinError> {
    if let Some(folder) = std::env::var_os("CLUSTERMASTER_POSTGRES_BIN") {
        return in_folder(Path::new(&folder));
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let newest = folders.iter().filter_map(|folder| in_folder(folder).ok()).max_by_key(|found| found.version);
    newest.ok_or_else(|| BuiltinError::NoBinaries { looked: "/usr/lib/postgresql, PATH".into() })
}

/// The programs in one folder.
pub(super) fn in_folder(folder: &Path) -> Result<Binaries, BuiltinError> {
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
