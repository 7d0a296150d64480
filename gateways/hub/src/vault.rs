//! `clustermaster vault …`: works beside a running hub, or while it rests.

use anyhow::{Context, bail};
use hub_postgres::PgVault;

use crate::cli::{VaultAction, VaultCommand};
use crate::store::{Database, keyring};

/// Runs a command on the vault.
pub async fn run(command: VaultCommand) -> anyhow::Result<()> {
    let VaultAction::Rewrap = command.action;
    let database = Database::beside(&command.store).await?;
    let rewrapped = async {
        let vault = PgVault::unlock(database.pools.writer.clone(), keyring(&command.store)?).await;
        anyhow::Ok(vault.context("the vault")?.rewrap().await?)
    };
    let rewrapped = rewrapped.await;
    database.close().await?;
    let rewrapped = rewrapped?;
    println!("keys wrapped under the present key-encryption key: {}", rewrapped.rewrapped);
    if rewrapped.unreadable > 0 {
        bail!(
            "{} keys open with none of the keys given: name the older one with --old-key-file",
            rewrapped.unreadable
        );
    }
    Ok(())
}
