//! Where the cluster and its socket lie, and as whom the server runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::BuiltinError;
use super::binaries::Binaries;

/// A unix socket's path has at most this many bytes (`sun_path`, less its final zero).
const SOCKET_LIMIT: usize = 107;
/// The socket's file name.
const SOCKET: &str = ".s.PGSQL.5432";
/// Where clusters lie whose data folder the server's user cannot reach.
const SHELTER: &str = "/var/lib/clustermaster";

/// Where everything of one built-in server lies.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `PGDATA`.
    pub cluster: PathBuf,
    /// The socket's folder.
    pub run: PathBuf,
    /// The server's log.
    pub log: PathBuf,
    /// As whom the server runs, where the hub is root.
    pub user: Option<User>,
}

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl Place {
    /// Decides where things lie for a data folder (an absolute path).
    ///
    /// The hub may be root, the server may not: then it runs as another user, who must be able to reach its files. A data
    /// folder below one that is closed to others (`/root`) cannot serve, so the cluster moves to `/var/lib/clustermaster`.
    pub fn of(data_dir: &Path) -> Result<Self, BuiltinError> {
        let user = if rustix::process::geteuid().is_root() { Some(unprivileged()?) } else { None };
        let name =
            data_encoding::HEXLOWER.encode(&Sha256::digest(data_dir.as_os_str().as_encoded_bytes())[..8]);
        let base = if user.is_none() || reachable(data_dir) {
            data_dir.join("postgres")
        } else {
            Path::new(SHELTER).join(&name)
        };
        let mut run = base.join("run");
        if run.join(SOCKET).as_os_str().len() > SOCKET_LIMIT {
            let shared = std::env::var_os("XDG_RUNTIME_DIR").filter(|_| user.is_none());
            run =
                PathBuf::from(shared.unwrap_or_else(|| "/tmp".into())).join(format!("clustermaster-{name}"));
        }
        Ok(Self { cluster: base.join("data"), run, log: base.join("postgres.log"), user })
    }

    /// Whether `initdb` has done its work here.
    pub fn has_cluster(&self) -> bool {
        self.cluster.join("PG_VERSION").exists()
    }

    /// Makes folders, and the cluster on the first start.
    pub async fn prepare(&self, binaries: &Binaries) -> Result<(), BuiltinError> {
        let base = self.cluster.parent().unwrap_or(&self.cluster);
        fs::create_dir_all(base).map_err(BuiltinError::io(format!("{} cannot be made", base.display())))?;
        self.own(base, 0o700)?;
        fs::create_dir_all(&self.run)
            .map_err(BuiltinError::io(format!("{} cannot be made", self.run.display())))?;
        self.own(&self.run, 0o700)?;
        if self.has_cluster() {
            return Ok(());
        }
        // Made beside and renamed: a cluster of this name is always a whole one, also after a crash in here.
        let beside = base.join("data.new");
        if beside.exists() {
            fs::remove_dir_all(&beside)
                .map_err(BuiltinError::io("an unfinished cluster cannot be removed"))?;
        }
        tracing::info!(version = binaries.version, "setting up the built-in PostgreSQL");
        let mut initdb = self.command(&binaries.program("initdb"));
        initdb
            .arg("-D")
            .arg(&beside)
            // Nobody but root and the server's own user can enter the socket's folder, so there is nobody to ask.
            .args([
                "--auth=trust",
                "--username=clustermaster",
                "--encoding=UTF8",
                "--no-locale",
                "--data-checksums",
            ]);
        let output = tokio::process::Command::from(initdb)
            .output()
            .await
            .map_err(BuiltinError::io("initdb cannot be run"))?;
        if !output.status.success() {
            let output = super::server::tail(&String::from_utf8_lossy(&output.stderr));
            return Err(BuiltinError::Program { program: "initdb", output });
        }
        fs::rename(&beside, &self.cluster)
            .map_err(BuiltinError::io("the new cluster cannot be moved into place"))
    }

    /// A command that runs as the server's user, apart from the terminal's signals.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").process_group(0);
        if let Some(user) = &self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// Gives a folder to the server's user.
    fn own(&self, folder: &Path, mode: u32) -> Result<(), BuiltinError> {
        let problem =
            || BuiltinError::io(format!("{} cannot be given to the server's user", folder.display()));
        if let Some(user) = &self.user {
            std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid)).map_err(problem())?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).map_err(problem())
    }

    /// The address of a database of this server. The user stands in the query: a URL without a host has no place for it.
    pub fn url(&self, database: &str) -> String {
        let path = self.run.display().to_string();
        let socket: String = path
            .bytes()
            .map(|byte| {
                let plain = byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
                if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            })
            .collect();
        format!("postgresql:///{database}?host={socket}&user=clustermaster")
    }

    /// The process that `postmaster.pid` names, when it lives and is a server of this cluster.
    pub fn running_pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.cluster.join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid: u32 = lines.next()?.trim().parse().ok()?;
        // A number may have been given to another process since: the server works in its own cluster's folder.
        let works_in = fs::read_link(format!("/proc/{pid}/cwd")).ok();
        match works_in {
            Some(folder) => (folder == self.cluster.canonicalize().ok()?).then_some(pid),
            None => Path::new(&format!("/proc/{pid}")).exists().then_some(pid),
        }
    }
}

/// Whether somebody else than the owner can pass through every folder above.
fn reachable(folder: &Path) -> bool {
    folder
        .ancestors()
        .all(|folder| fs::metadata(folder).is_ok_and(|about| about.permissions().mode() & 0o001 != 0))
}

/// The user as whom root runs the server.
fn unprivileged() -> Result<User, BuiltinError> {
    let named = std::env::var("CLUSTERMASTER_POSTGRES_USER").ok();
    let candidates = named.as_deref().map_or(vec!["postgres", "nobody"], |name| vec![name]);
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    candidates
        .iter()
        .find_map(|name| find_user(&known, name))
        .ok_or_else(|| BuiltinError::NoUser(candidates.join("` or `")))
}

pub(super) fn find_user(passwd: &str, name: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (found && uid != 0).then(|| User { name: name.to_owned(), uid, gid })
    })
}
