//! Lines in a file below the tenant's folder, synced before they count as arrived.
//!
//! A full file becomes `NAME.00000001`, and so on: the number grows and is never given again. Nobody else writes meanwhile
//! (`.NAME.lock`): an export's stream and its tests share one writer. Every name is opened without following links.

mod folder;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use hub_domain::kernel::{ExportId, TenantId};
use hub_projections::outlet::Undelivered;
use rustix::fs::fsync;

use super::fault::{away, poison};
use super::{Message, OpenError, Secrets, Settings, Transport};
use folder::Folder;

/// The smallest size at which the next file begins.
const SMALLEST: u64 = 64 * 1024;

/// Files of one name.
pub(crate) struct Files {
    inner: Arc<Inner>,
}

struct Inner {
    identity: Identity,
    folder: folder::Place,
    open: Mutex<Option<Open>>,
}

/// Whose file it is, and how it is written.
#[derive(Clone, PartialEq, Eq)]
struct Identity {
    export_dir: PathBuf,
    tenant: TenantId,
    export: ExportId,
    name: String,
    max_bytes: u64,
    keep: u32,
}

/// The writers of this process that are in use.
static WRITERS: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// The file that lines go to.
struct Open {
    folder: Folder,
    file: File,
    length: u64,
}

impl Files {
    pub(crate) fn open(
        name: &str,
        max_bytes: u64,
        keep: u32,
        secrets: &Secrets,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        secrets.only(&[])?;
        let Some(export_dir) = &settings.export_dir else {
            return Err(OpenError::transport(
                "/kind",
                "must be another one: this hub has no folder for exports",
            ));
        };
        if !is_name(name) {
            let rule = "must be 1 to 100 of letters, digits, `.`, `_` and `-`, begin with a letter or digit, and not end in `.` and a number";
            return Err(OpenError::transport("/name", rule));
        }
        if max_bytes < SMALLEST {
            return Err(OpenError::transport("/max_bytes", "must be at least 65536"));
        }
        let identity = Identity {
            export_dir: export_dir.clone(),
            tenant: settings.tenant,
            export: settings.export,
            name: name.into(),
            max_bytes,
            keep,
        };
        Ok(Self { inner: Inner::shared(identity) })
    }
}

/// Names of full files and of the lock are not to be had.
fn is_name(name: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let numbered =
        name.rsplit_once('.').is_some_and(|(_, end)| end.bytes().all(|byte| byte.is_ascii_digit()));
    (1..=100).contains(&name.len())
        && name.bytes().all(usual)
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && !numbered
}

/// What failed, and how many lines were safe before it.
type Failed = (usize, io::Error);

impl Inner {
    /// The writer of this identity: the one that is in use, or a new one.
    fn shared(identity: Identity) -> Arc<Self> {
        let mut writers = WRITERS.lock().unwrap_or_else(PoisonError::into_inner);
        writers.retain(|writer| writer.strong_count() > 0);
        let used = writers.iter().filter_map(Weak::upgrade).find(|writer| writer.identity == identity);
        used.unwrap_or_else(|| {
            let folder = folder::Place::new(&identity.export_dir, identity.tenant);
            let writer = Arc::new(Self { identity, folder, open: Mutex::default() });
            writers.push(Arc::downgrade(&writer));
            writer
        })
    }

    /// Writes lines, each of which ends at one of `ends`.
    fn write(&self, lines: &[u8], ends: &[usize]) -> Result<(), Failed> {
        let mut held = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Whatever goes wrong below: the next time everything is looked at anew.
        let mut open = match held.take() {
            Some(open) => open,
            None => self.begin().map_err(|error| (0, error))?,
        };
        let (mut from, mut safe) = (0, 0);
        while safe < ends.len() {
            let room = self.identity.max_bytes.saturating_sub(open.length);
            let fits = ends[safe..].iter().take_while(|end| (**end - from) as u64 <= room).count();
            // A line that is longer than a file gets one of its own.
            let fits = if fits == 0 && open.length == 0 { 1 } else { fits };
            if fits > 0 {
                let end = ends[safe + fits - 1];
                open.append(&lines[from..end]).map_err(|error| (safe, error))?;
                (from, safe) = (end, safe + fits);
            }
            if safe < ends.len() {
                open = self.next(open).map_err(|error| (safe, error))?;
            }
        }
        *held = Some(open);
        Ok(())
    }

    fn begin(&self) -> io::Result<Open> {
        let folder = self.folder.open(&self.identity.name)?;
        let file = folder.current()?;
        let length = folder::heal(&file)?;
        Ok(Open { folder, file, length })
    }

    /// Puts a full file aside and begins the next.
    fn next(&self, open: Open) -> io::Result<Open> {
        let Open { folder, .. } = open;
        folder.put_aside(self.identity.keep)?;
        let file = folder.current()?;
        Ok(Open { folder, file, length: 0 })
    }
}

impl Open {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes).and_then(|()| Ok(fsync(&self.file)?));
        if written.is_err() {
            // So that no half a line stays, if that can be had; otherwise the next start heals it.
            let _ = self.file.set_len(self.length);
        } else {
            self.length += bytes.len() as u64;
        }
        written
    }
}

#[async_trait]
impl Transport for Files {
    async fn send(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let broken = |message: &&Message| message.body.contains(&b'\n');
        let sound = messages.iter().take_while(|message| !broken(message)).count();
        let mut lines = Vec::with_capacity(messages.iter().map(|message| message.body.len() + 1).sum());
        let mut ends = Vec::with_capacity(sound);
        for message in &messages[..sound] {
            lines.extend_from_slice(&message.body);
            lines.push(b'\n');
            ends.push(lines.len());
        }
        let inner = Arc::clone(&self.inner);
        let written = tokio::task::spawn_blocking(move || inner.write(&lines, &ends)).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err((safe, error))) => return Err(away(safe, format!("file: {error}"))),
            Err(_) => return Err(away(0, "file: the writer stopped")),
        }
        if sound < messages.len() {
            return Err(poison(sound, "file: a message with a line break is no line"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
