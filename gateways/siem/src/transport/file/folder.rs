//! The folder of a tenant's files, and what is done in it. Everything goes by handles and never by a path below them.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use hub_domain::kernel::TenantId;
use rustix::fs::{
    AtFlags, Dir, FlockOperation, Mode, OFlags, flock, fsync, mkdirat, openat, renameat, unlinkat,
};
use rustix::io::Errno;

/// Read and write for the hub, read for its group.
const FILE: Mode = Mode::from_raw_mode(0o640);
const FOLDER: Mode = Mode::from_raw_mode(0o750);
/// How much of a file is read at once when its last line break is looked for.
const PART: u64 = 64 * 1024;

/// Where the folder is.
pub(super) struct Place {
    export_dir: PathBuf,
    tenant: String,
}

/// The folder, held for one name.
pub(super) struct Folder {
    handle: OwnedFd,
    name: String,
    /// Held as long as this lives.
    _lock: File,
}

impl Place {
    pub(super) fn new(export_dir: &Path, tenant: TenantId) -> Self {
        Self { export_dir: export_dir.to_owned(), tenant: tenant.to_string() }
    }

    /// Opens the tenant's folder, which is made where it is missing, and locks the name.
    pub(super) fn open(&self, name: &str) -> io::Result<Folder> {
        let folder = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let above = rustix::fs::open(&self.export_dir, folder, Mode::empty())
            .map_err(|error| said("the hub's folder for exports cannot be opened", error))?;
        match mkdirat(&above, &self.tenant, FOLDER) {
            Ok(()) => fsync(&above)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(said("the tenant's folder cannot be made", error)),
        }
        let handle = openat(&above, &self.tenant, folder | OFlags::NOFOLLOW, Mode::empty())
            .map_err(|error| said("the tenant's folder cannot be opened", error))?;
        let lock = file(&handle, &format!(".{name}.lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            io::Error::other("another export, or another hub, writes to the file of this name")
        })?;
        Ok(Folder { handle, name: name.into(), _lock: lock })
    }
}

fn said(what: &str, error: Errno) -> io::Error {
    io::Error::other(format!("{what}: {error}"))
}

/// Opens a file to append to it, or makes it.
fn file(folder: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::RDWR
        | OFlags::CREATE
        | OFlags::APPEND
        | OFlags::CLOEXEC
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY;
    let found = match openat(folder, name, flags, FILE) {
        Ok(found) => File::from(found),
        Err(Errno::LOOP) => return Err(io::Error::other("what bears the file's name is a link")),
        Err(error) => return Err(said("the file cannot be opened", error)),
    };
    if !found.metadata()?.is_file() {
        return Err(io::Error::other("what bears the file's name is no file"));
    }
    Ok(found)
}

impl Folder {
    /// The file that lines go to.
    pub(super) fn current(&self) -> io::Result<File> {
        let file = file(&self.handle, &self.name)?;
        // Its name is to last as long as its lines.
        fsync(&self.handle)?;
        Ok(file)
    }

    /// Gives the file its number, and removes the oldest ones when more than `keep` are there; 0 keeps all.
    pub(super) fn put_aside(&self, keep: u32) -> io::Result<()> {
        let mut numbers = self.numbers()?;
        let next = numbers.last().map_or(1, |last| last + 1);
        renameat(&self.handle, &self.name, &self.handle, numbered(&self.name, next))?;
        fsync(&self.handle)?;
        numbers.push(next);
        if keep > 0 {
            let extra = numbers.len().saturating_sub(keep as usize);
            for number in &numbers[..extra] {
                unlinkat(&self.handle, numbered(&self.name, *number), AtFlags::empty())?;
            }
        }
        Ok(())
    }

    /// The numbers of the full files, in order.
    fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            numbers.extend(number(entry?.file_name(), &self.name));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

fn numbered(name: &str, number: u64) -> String {
    format!("{name}.{number:08}")
}

fn number(entry: &CStr, name: &str) -> Option<u64> {
    let entry = entry.to_str().ok()?;
    let number = entry.strip_prefix(name)?.strip_prefix('.')?.parse().ok()?;
    (entry == numbered(name, number)).then_some(number)
}

/// Cuts off what stands behind the last line break: a line that a crash has torn. Answers with the file's length.
pub(super) fn heal(file: &File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut end = length;
    let mut part = vec![0; PART as usize];
    while end > 0 {
        let from = end.saturating_sub(PART);
        let read = &mut part[..(end - from) as usize];
        file.read_exact_at(read, from)?;
        if let Some(at) = read.iter().rposition(|byte| *byte == b'\n') {
            end = from + at as u64 + 1;
            break;
        }
        end = from;
    }
    if end < length {
        tracing::warn!(bytes = length - end, "an export's file ended in a torn line, which was cut off");
        file.set_len(end)?;
        fsync(file)?;
    }
    Ok(end)
}
