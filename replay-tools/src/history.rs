//! History from wherever it is: the database of a hub, running or at rest, or an exported file.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hub_domain::kernel::Event as _;
use hub_domain::ledger::Recorded;
use hub_domain::tenant::TenantEvent;
use uuid::Uuid;

use crate::format::{Reader, Record};
use crate::source::{Database, Ledger};

/// Events of a file that are handed on together.
const PAGE: usize = 1_000;

/// An opened history, read from its beginning on. A file is not verified by being read: that is what `verify` is for.
pub enum History {
    /// A database.
    Database(Box<Ledger>),
    /// An exported file, and where it lies.
    File(PathBuf, Box<Reader<BufReader<File>>>),
}

impl History {
    /// Opens the file that was named, or else the database.
    pub async fn open(file: Option<&Path>, database: &Database) -> anyhow::Result<Self> {
        match file {
            Some(path) => Ok(Self::File(path.to_owned(), Box::new(read(path)?))),
            None => Ok(Self::Database(Box::new(database.open().await?))),
        }
    }

    /// The next events after a position, in order; an empty page is the end. A file is read forwards only, until [`Self::rewind`].
    pub async fn page(&mut self, after: u64) -> anyhow::Result<Vec<Recorded>> {
        let (path, reader) = match self {
            Self::Database(ledger) => return Ok(ledger.page(after).await?),
            Self::File(path, reader) => (path, reader),
        };
        let mut page = Vec::new();
        while page.len() < PAGE {
            match reader.next_record().with_context(|| path.display().to_string())? {
                Some(Record::Event(event, _)) if event.position > after => page.push(*event),
                Some(_) => {}
                None => break,
            }
        }
        Ok(page)
    }

    /// Back to the beginning.
    pub fn rewind(&mut self) -> anyhow::Result<()> {
        if let Self::File(path, reader) = self {
            **reader = read(path)?;
        }
        Ok(())
    }

    /// The newest position, where it is known without reading everything.
    pub async fn head(&mut self) -> anyhow::Result<Option<u64>> {
        match self {
            Self::Database(ledger) => Ok(Some(ledger.head().await?)),
            Self::File(..) => Ok(None),
        }
    }

    /// The tenant of this name.
    pub async fn tenant(&mut self, name: &str) -> anyhow::Result<Uuid> {
        let found = match self {
            Self::Database(ledger) => ledger.tenant(name).await?,
            Self::File(..) => self.tenant_of_file(name).await?,
        };
        found.with_context(|| format!("there is no tenant named `{name}`"))
    }

    async fn tenant_of_file(&mut self, name: &str) -> anyhow::Result<Option<Uuid>> {
        let (mut found, mut after) = (None, 0);
        loop {
            let page = self.page(after).await?;
            let Some(newest) = page.last() else { break };
            after = newest.position;
            for event in &page {
                if let Ok(TenantEvent::Created(body)) = TenantEvent::decode(&event.event_type, &event.payload)
                    && body.name.as_str() == name
                {
                    found = Some(event.tenant);
                }
            }
        }
        self.rewind()?;
        Ok(found)
    }

    /// Closes it.
    pub async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Database(ledger) => Ok(ledger.close().await?),
            Self::File(..) => Ok(()),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Reader<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Reader::new(BufReader::with_capacity(1 << 20, file)).with_context(|| path.display().to_string())
}
