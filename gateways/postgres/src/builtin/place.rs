//! Where the cluster and its socket lie.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, geteuid, test_kill_process};
use sha2::{Digest, Sha256};

use super::BuiltinError;
use super::user::{User, closed, servant};

/// A unix socket's path has at most this many bytes (`sun_path`, less its final zero).
const SOCKET_LIMIT: usize = 107;
/// The socket's file name.
const SOCKET: &str = ".s.PGSQL.5432";
/// Where clusters lie whose data folder the server's user cannot reach.
const SHELTER: &str = "/var/lib/clustermaster";
/// Holds the path of a cluster that does not lie in its data folder.
const LOCATION: &str = "postgres-location";

/// Where everything of one built-in server lies.
#[derive(Clone, Debug)]
pub(super) struct Place {
    data_dir: PathBuf,
    /// The server's own folder: its cluster and, where the path is short enough, its socket.
    pub base: PathBuf,
    /// `PGDATA`.
    pub cluster: PathBuf,
    /// The socket's folder.
    pub run: PathBuf,
    /// The server's log. In the data folder and not in the server's: root follows no link that the server could plant.
    pub log: PathBuf,
    /// As whom the server runs, where the hub is root.
    pub user: Option<User>,
}

impl Place {
    /// Decides where things lie for a data folder (an absolute path).
    ///
    /// The hub may be root, the server may not: then it runs as another user, who must be able to reach its files. Below a
    /// folder that is closed to that user (`/root`) the cluster moves to `/var/lib/clustermaster`. Where a cluster is
    /// once made it stays: `postgres-location` remembers it, whatever becomes of names and permissions.
    pub fn of(data_dir: &Path) -> Result<Self, BuiltinError> {
        let user = servant()?;
        let base = base_of(data_dir, user.as_ref())?;
        let mut run = base.join("run");
        if !fits(&run) {
            let name = format!("run-{}", digest(&base));
            let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            run = match runtime.map(|folder| folder.join(format!("clustermaster-{name}"))) {
                // Nothing of root's lies in a folder where others may lay traps.
                _ if user.is_some() => Path::new(SHELTER).join(name),
                Some(own) if fits(&own) && own.parent().is_some_and(Path::is_dir) => own,
                _ => Path::new("/tmp").join(format!("clustermaster-{name}")),
            };
        }
        let (cluster, log) = (base.join("data"), data_dir.join("postgres.log"));
        Ok(Self { data_dir: data_dir.to_owned(), base, cluster, run, log, user })
    }

    /// Whether `initdb` has done its work here.
    pub fn has_cluster(&self) -> bool {
        has_cluster(&self.base)
    }

    /// The major version that made the cluster.
    pub fn version(&self) -> Option<u32> {
        fs::read_to_string(self.cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// Makes the server's folders, closed to everybody but root and the server's user.
    pub fn make_folders(&self) -> Result<(), BuiltinError> {
        for folder in [&self.base, &self.run] {
            if let Some(above) = folder.parent().filter(|above| *above == Path::new(SHELTER)) {
                fs::create_dir_all(above)
                    .and_then(|()| fs::set_permissions(above, fs::Permissions::from_mode(0o755)))
                    .map_err(BuiltinError::io(format!("{} cannot be made", above.display())))?;
            }
            self.make_private(folder)?;
        }
        Ok(())
    }

    fn make_private(&self, folder: &Path) -> Result<(), BuiltinError> {
        let problem = |what| BuiltinError::io(format!("{} cannot be {what}", folder.display()));
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(problem("made")(cause)),
            _ => {}
        }
        // What lies here already may be somebody else's, or a link to something of ours.
        let about = fs::symlink_metadata(folder).map_err(problem("read"))?;
        let ours = about.uid() == geteuid().as_raw() || about.uid() == self.uid();
        if !about.is_dir() || !ours {
            return Err(BuiltinError::Foreign {
                folder: folder.to_owned(),
                owner: about.uid(),
                wanted: self.uid(),
            });
        }
        if let Some(user) = &self.user {
            std::os::unix::fs::lchown(folder, Some(user.uid), Some(user.gid))
                .map_err(problem("given away"))?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(problem("closed"))
    }

    /// Makes a finished cluster this place's one, for good.
    pub fn settle(&self, made: &Path) -> std::io::Result<()> {
        fs::rename(made, &self.cluster)?;
        // A new name is only safe from a power cut once its folder is on disk.
        File::open(&self.base)?.sync_all()?;
        if !self.base.starts_with(&self.data_dir) {
            let beside = self.data_dir.join(format!("{LOCATION}.new"));
            fs::write(&beside, format!("{}\n", self.base.display()))?;
            File::open(&beside)?.sync_all()?;
            fs::rename(&beside, self.data_dir.join(LOCATION))?;
        }
        File::open(&self.data_dir)?.sync_all()
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

    /// The address of a database of this server. The user stands in the query: a URL without a host has no place for it.
    pub fn url(&self, database: &str) -> String {
        // A server that is adopted listens where its own start put it.
        let run = self.running_pid().and_then(|_| self.told(4)).filter(|folder| !folder.is_empty());
        let run = run.unwrap_or_else(|| self.run.display().to_string());
        let socket: String = run
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
        let pid = self.told(0)?.parse().ok()?;
        self.works_here(pid).then_some(pid)
    }

    /// A line of `postmaster.pid`: process (0), ..., socket's folder (4).
    fn told(&self, line: usize) -> Option<String> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        text.lines().nth(line).map(|line| line.trim().to_owned())
    }

    fn pid_file(&self) -> PathBuf {
        self.cluster.join("postmaster.pid")
    }

    /// Whether a process that lives is this cluster's: each of a server's processes works in its cluster's folder. A number
    /// alone says little: it may have been given to another process since.
    pub fn works_here(&self, pid: u32) -> bool {
        match fs::read_link(process(pid).join("cwd")) {
            Ok(folder) => self.cluster.canonicalize().is_ok_and(|cluster| cluster == folder),
            // Root without the right to trace (a container) may not see the folder, but the `-D` of the server itself.
            Err(cause) if cause.kind() == ErrorKind::PermissionDenied => {
                let line = fs::read(process(pid).join("cmdline")).unwrap_or_default();
                line.split(|byte| *byte == 0).any(|word| word == self.cluster.as_os_str().as_encoded_bytes())
            }
            Err(_) if Path::new("/proc/self").exists() => false,
            // A system without /proc.
            Err(_) => Pid::from_raw(pid as i32).is_some_and(|pid| test_kill_process(pid).is_ok()),
        }
    }

    /// What a server that was killed left in the way of the next one. A `postmaster.pid` whose number has gone to another
    /// process of the same user stops PostgreSQL, and is removed here; while processes of the old server live it stays, and
    /// they are to be waited for. Answers whether there was something.
    pub fn clear_remains(&self) -> std::io::Result<bool> {
        if !self.pid_file().exists() {
            return Ok(false);
        }
        // Without /proc nobody can tell.
        let Ok(processes) = fs::read_dir("/proc") else { return Ok(true) };
        let mut pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        if !pids.any(|pid| self.works_here(pid) || self.is_hidden(pid)) {
            fs::remove_file(self.pid_file())?;
        }
        Ok(true)
    }

    /// Whether a process is some PostgreSQL of the server's user whose folder may not be seen.
    fn is_hidden(&self, pid: u32) -> bool {
        let denied = fs::read_link(process(pid).join("cwd"))
            .is_err_and(|cause| cause.kind() == ErrorKind::PermissionDenied);
        let postgres =
            || fs::read_to_string(process(pid).join("comm")).is_ok_and(|name| name == "postgres\n");
        denied && postgres() && fs::metadata(process(pid)).is_ok_and(|about| about.uid() == self.uid())
    }

    fn uid(&self) -> u32 {
        self.user.as_ref().map_or_else(|| geteuid().as_raw(), |user| user.uid)
    }
}

/// Where a data folder's cluster is, or will be made.
fn base_of(data_dir: &Path, user: Option<&User>) -> Result<PathBuf, BuiltinError> {
    match fs::read_to_string(data_dir.join(LOCATION)) {
        Ok(text) => {
            let base = PathBuf::from(text.trim());
            if has_cluster(&base) {
                Ok(base)
            } else {
                Err(BuiltinError::Gone { data_dir: data_dir.to_owned(), base })
            }
        }
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(BuiltinError::io(format!("{} cannot be read", data_dir.join(LOCATION).display()))(cause))
        }
        Err(_) => {
            let inside = data_dir.join("postgres");
            let Some((user, folder)) = user.and_then(|user| Some((user, closed(data_dir, user)?))) else {
                return Ok(inside);
            };
            if has_cluster(&inside) {
                return Err(BuiltinError::Closed { folder, user: user.name.clone() });
            }
            // A number after the name: a data folder that was thrown away must not find its old cluster again.
            let name = digest(data_dir);
            let names = (0..).map(|n| if n == 0 { name.clone() } else { format!("{name}-{n}") });
            let mut shelters = names.map(|name| Path::new(SHELTER).join(name));
            Ok(shelters.find(|folder| !folder.exists()).expect("numbers do not end"))
        }
    }
}

fn process(pid: u32) -> PathBuf {
    Path::new("/proc").join(pid.to_string())
}

fn has_cluster(base: &Path) -> bool {
    base.join("data/PG_VERSION").exists()
}

fn fits(run: &Path) -> bool {
    run.join(SOCKET).as_os_str().len() <= SOCKET_LIMIT
}

fn digest(path: &Path) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(path.as_os_str().as_encoded_bytes())[..8])
}
