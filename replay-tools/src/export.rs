//! `export`: the ledger as a file that proves itself.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use hub_domain::ledger::{Hash, LogVerifier};
use uuid::Uuid;

use crate::cli::CLEAN;
use crate::format::Writer;
use crate::progress;
use crate::source::{Database, Ledger};

/// Runs `export`.
pub async fn command(file: &Path, database: &Database) -> anyhow::Result<u8> {
    let mut ledger = database.open().await?;
    let written = if file == Path::new("-") {
        write(&mut ledger, std::io::stdout().lock()).await.map(|(events, _)| events)
    } else {
        // Written beside and renamed: a file of this name is always a whole one.
        let beside = file.with_extension("part");
        let out = File::create(&beside).with_context(|| format!("{} cannot be written", beside.display()))?;
        match write(&mut ledger, out).await {
            Ok((events, out)) => {
                out.sync_all()?;
                std::fs::rename(&beside, file)?;
                Ok(events)
            }
            Err(cause) => {
                std::fs::remove_file(&beside).ok();
                Err(cause)
            }
        }
    };
    ledger.close().await?;
    eprintln!("{} events written", written?);
    Ok(CLEAN)
}

/// Writes every event and the tenants' heads. Answers how many events, and the writer.
pub async fn write<W: Write>(ledger: &mut Ledger, out: W) -> anyhow::Result<(u64, W)> {
    let bar = progress::bar("exporting", ledger.head().await?);
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, out))?;
    for note in ledger.newest_checkpoints().await? {
        writer.checkpoint(&note)?;
    }
    let mut verifier = LogVerifier::new();
    let mut last: HashMap<Uuid, Hash> = HashMap::new();
    let (mut after, mut events) = (0, 0);
    loop {
        let page = ledger.page(after).await?;
        let Some(newest) = page.last() else { break };
        after = newest.position;
        for event in &page {
            writer.event(event, last.get(&event.tenant).copied().unwrap_or(Hash::ZERO))?;
            last.insert(event.tenant, event.leaf_hash);
            // An altered ledger is exported as it is: the file then shows what is wrong.
            verifier.push(event);
            events += 1;
        }
        bar.set_position(after);
    }
    for head in verifier.heads() {
        writer.head(&head)?;
    }
    bar.finish_and_clear();
    let out = writer.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok((events, out))
}
