//! `clustermaster tenant …`: works beside a running hub, as one more process on its database.

use std::path::Path;

use anyhow::Context;
use hub_commands::accounts::{ADMINISTRATOR, Accounts, FirstAdministrator};
use hub_domain::kernel::TenantName;
use secrecy::ExposeSecret as _;

use crate::cli::{TenantAction, TenantCommand};
use crate::store::{Database, Store};

/// The tenant of the first start.
pub const DEFAULT_TENANT: &str = "default";

/// Runs a command on tenants.
pub async fn run(command: TenantCommand) -> anyhow::Result<()> {
    let database = Database::beside(&command.store).await?;
    let store = Store::open(database, &command.store, hub_kubernetes::Settings::default()).await?;
    let accounts = Accounts::new(store.dispatcher.clone(), &store.ports);
    let done = carry_out(&accounts, command.action).await;
    drop(accounts);
    store.close().await?;
    print_administrator(&done?);
    Ok(())
}

async fn carry_out(accounts: &Accounts, action: TenantAction) -> anyhow::Result<FirstAdministrator> {
    match action {
        TenantAction::Create { name, password } => {
            let name = TenantName::new(name).context("the name")?;
            let made = accounts.bootstrap(name.clone(), password).await?;
            made.with_context(|| format!("a tenant named `{name}` exists already"))
        }
        TenantAction::ResetPassword { name, password } => {
            let name = TenantName::new(name).context("the name")?;
            let reset = accounts.reset_password(&name, password).await?;
            reset.with_context(|| format!("there is no tenant named `{name}`"))
        }
    }
}

/// Prints, once, how to get in.
pub fn print_administrator(first: &FirstAdministrator) {
    println!("administrator: {}", first.email);
    if let Some(password) = &first.one_time_password {
        println!("one-time password: {}", password.expose_secret());
    }
}

/// Prints what a newcomer does next; `first` on the first start only.
pub fn print_way_in(first: Option<&FirstAdministrator>, interface: bool, data_dir: &Path) {
    if !interface {
        println!("this build has no web interface; the page that opens says how to get it");
    }
    match first.map(|first| first.one_time_password.is_some()) {
        Some(true) => {
            println!("sign in as {ADMINISTRATOR} with the one-time password above; it is not shown again");
        }
        Some(false) => println!("sign in as {ADMINISTRATOR} with the password that this start was given"),
        None => {
            let program = std::env::current_exe().unwrap_or_else(|_| "clustermaster".into());
            let (program, folder) = (program.display(), data_dir.display());
            println!(
                "sign in as before; {ADMINISTRATOR} gets a new password by\n  \
                 {program} tenant reset-password {DEFAULT_TENANT} --data-dir {folder}"
            );
        }
    }
}
