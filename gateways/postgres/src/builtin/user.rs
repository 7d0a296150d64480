//! As whom the server runs, and what that user may reach.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::BuiltinError;

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// The user as whom root runs the server, which refuses to be root; `None` where the hub is not root itself.
pub(super) fn servant() -> Result<Option<User>, BuiltinError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let named = std::env::var("CLUSTERMASTER_POSTGRES_USER").ok();
    let candidates = named.as_deref().map_or(vec!["postgres", "nobody"], |name| vec![name]);
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = candidates.iter().find_map(|name| find(&known, name));
    found.map(Some).ok_or_else(|| BuiltinError::NoUser(candidates.join("` or `")))
}

/// A user in the text of `/etc/passwd`, unless it is root under whatever name.
pub(super) fn find(passwd: &str, name: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (found && uid != 0).then(|| User { name: name.to_owned(), uid, gid })
    })
}

/// The outermost folder on the way to (and including) `folder` that the user may not pass through.
pub(super) fn closed(folder: &Path, user: &User) -> Option<PathBuf> {
    let passes = |about: &fs::Metadata| {
        // The first class that applies decides, as in the kernel. The server runs without further groups.
        let bit = if about.uid() == user.uid {
            0o100
        } else if about.gid() == user.gid {
            0o010
        } else {
            0o001
        };
        about.mode() & bit != 0
    };
    let mut way: Vec<&Path> = folder.ancestors().collect();
    way.reverse();
    way.into_iter().find(|folder| !fs::metadata(folder).is_ok_and(|about| passes(&about))).map(Path::to_owned)
}
