//! `clustermaster tenant …`: works beside a running hub, as one more process on its database.

use anyhow::{Context, bail};
use hub_commands::accounts::{Accounts, FirstAdministrator};
use hub_domain::kernel::TenantName;
use secrecy::ExposeSecret as _;

use crate::cli::{TenantAction, TenantCommand};
use crate::store::Store;

/// Runs a command on tenants.
pub async fn run(command: TenantCommand) -> anyhow::Result<()> {
    let TenantAction::Create { name, password } = command.action;
    let name = TenantName::new(name).context("the name")?;
    let store = Store::open(&command.store).await?;
    let accounts = Accounts::new(store.dispatcher.clone(), &store.ports);
    let made = accounts.bootstrap(name.clone(), password).await;
    drop(accounts);
    store.close().await?;
    match made? {
        Some(first) => print_administrator(&first),
        None => bail!("a tenant named `{name}` exists already"),
    }
    Ok(())
}

/// Prints, once, how to get in.
pub fn print_administrator(first: &FirstAdministrator) {
    println!("administrator: {}", first.email);
    if let Some(password) = &first.one_time_password {
        println!("one-time password: {}", password.expose_secret());
    }
}
