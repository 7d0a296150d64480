//! `clustermaster signing-key …`: lets the key that signs the ledger give way to another, beside a running hub or while it rests.

use anyhow::{Context, bail, ensure};
use hub_commands::access::Permission;
use hub_commands::{Caller, Options};
use hub_domain::kernel::{TenantId, TypedId as _};
use hub_domain::ledger::{Algorithm, Rotation, SigningKey};
use hub_domain::tenant::{Tenant, TenantCommand};
use hub_postgres::{PgProofs, secret_file};
use hub_projections::proof::{ProofStore as _, SignerKey};
use zeroize::Zeroizing;

use crate::cli::{SigningKeyAction, SigningKeyCommand};
use crate::store::{Database, Store};

/// Runs a command on the signing key.
pub async fn run(command: SigningKeyCommand) -> anyhow::Result<()> {
    let SigningKeyAction::Rotate { new_signing_key_file } = &command.action;
    let old = crate::signing::existing(&command.signing, &command.store)?;
    let fresh = SigningKey::new(old.name(), Algorithm::Ed25519, &secret_file::random())?.secret();
    let text = secret_file::read_or_create(new_signing_key_file, || Zeroizing::new(fresh))?;
    let new = SigningKey::from_secret(text.trim()).context("the new signing key")?;
    let statement = Rotation::sign(&old, &new).context("the new signing key")?.to_string();
    let database = Database::beside(&command.store).await?;
    let store = Store::open(database, &command.store, hub_kubernetes::Settings::default()).await?;
    let rotated = rotate(&store, &old, &new, &statement).await;
    store.close().await?;
    println!("recorded in the ledgers of {} tenants", rotated?);
    println!("signing as {} from now on: start every hub with the new key", new.verifier());
    Ok(())
}

/// Records the rotation in each ledger first: while the old key still signs, its checkpoints may cover it.
async fn rotate(store: &Store, old: &SigningKey, new: &SigningKey, statement: &str) -> anyhow::Result<usize> {
    let proofs = PgProofs::new(store.database.pools.writer.clone());
    let keys = proofs.signing_keys().await?;
    let newest = keys.last().map(|key| key.verifier.clone()).context("nothing was ever signed here")?;
    let (from, to) = (old.verifier().to_string(), new.verifier().to_string());
    ensure!(
        newest == from || newest == to,
        "the ledger is signed by `{newest}`, and the key that is to give way is `{from}`"
    );
    ensure!(
        newest == to || keys.iter().all(|key| key.verifier != to),
        "`{to}` has given way to another key before: a rotation needs one that never signed"
    );
    let tenants = proofs.tenants().await?;
    for tenant in &tenants {
        record(store, TenantId::from_uuid(*tenant), statement).await?;
    }
    let signer = SignerKey { verifier: to, statement: Some(statement.to_owned()) };
    if !proofs.rotate_key(&from, &signer).await? {
        bail!("another key was taken into use meanwhile");
    }
    Ok(tenants.len())
}

async fn record(store: &Store, tenant: TenantId, statement: &str) -> anyhow::Result<()> {
    let (caller, stream) = (Caller::system("signing", tenant), tenant.to_string());
    let (command, options) = (TenantCommand::RotateSigningKey(statement.to_owned()), Options::default());
    let (permission, name) = (Permission::ManageTenants, "tenant.rotate_signing_key");
    let recorded = store.dispatcher.execute::<Tenant>(&caller, permission, name, &stream, command, &options);
    recorded.await.with_context(|| format!("tenant {tenant}"))?;
    Ok(())
}
