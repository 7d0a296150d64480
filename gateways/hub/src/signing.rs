//! The key that signs the ledger: where it comes from. It never stands in the database.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use hub_anchor::StoreAnchor;
use hub_commands::ports::Ids as _;
use hub_domain::ledger::{Algorithm, SigningKey};
use hub_postgres::secret_file;
use hub_projections::proof::{Anchor, Witness};
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::cli::{ServeConfig, SigningConfig, StoreConfig};
use crate::runtime::System;

/// Reads the signing key, or makes it where there is none yet.
pub fn key(config: &ServeConfig) -> anyhow::Result<SigningKey> {
    let SigningConfig { signing_key, ledger_name, .. } = &config.signing;
    let text = if let Some(text) = signing_key {
        Zeroizing::new(text.expose_secret().to_owned())
    } else {
        let fresh = fresh(ledger_name.as_deref())?;
        secret_file::read_or_create(&file(&config.signing, &config.store), || fresh)?
    };
    let key = read(&text)?;
    if let Some(name) = ledger_name {
        ensure!(
            key.name() == name,
            "the signing key bears the name `{}`, not `{name}`: take --ledger-name away, or bring the key of that name",
            key.name()
        );
    }
    Ok(key)
}

/// Reads the signing key, which must be there.
pub fn existing(config: &SigningConfig, store: &StoreConfig) -> anyhow::Result<SigningKey> {
    if let Some(text) = &config.signing_key {
        return read(text.expose_secret());
    }
    let file = file(config, store);
    ensure!(file.exists(), "there is no signing key in {}", file.display());
    read(&secret_file::read_or_create(&file, || Zeroizing::new(String::new()))?)
}

fn file(config: &SigningConfig, store: &StoreConfig) -> PathBuf {
    config.signing_key_file.clone().unwrap_or_else(|| store.data_dir.join("keys").join("signing"))
}

fn read(text: &str) -> anyhow::Result<SigningKey> {
    let key = SigningKey::from_secret(text.trim()).context("the signing key")?;
    ensure!(
        key.algorithm() == Algorithm::Ed25519,
        "the signing key is one of a witness: a ledger is signed by an Ed25519 key"
    );
    Ok(key)
}

/// Those who cosign, where a file names them.
pub fn witnesses(config: &SigningConfig) -> anyhow::Result<Vec<Arc<dyn Witness>>> {
    let Some(path) = &config.witnesses_file else { return Ok(Vec::new()) };
    let named = || format!("the witnesses in {}", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    let found = hub_witness::read(&text).with_context(named)?;
    Ok(found.into_iter().map(|witness| Arc::new(witness) as Arc<dyn Witness>).collect())
}

/// Places where checkpoints are written once.
pub fn anchors(config: &SigningConfig) -> anyhow::Result<Vec<Arc<dyn Anchor>>> {
    let open = |place: &String| {
        let anchor = StoreAnchor::open(place, std::env::vars().filter(|(name, _)| name.starts_with("AWS_")))?;
        Ok(Arc::new(anchor) as Arc<dyn Anchor>)
    };
    config.anchor.iter().map(open).collect()
}

/// Nobody else's key may bear the name, so one that nobody has chosen is made up.
fn fresh(name: Option<&str>) -> anyhow::Result<Zeroizing<String>> {
    let seed = secret_file::random();
    let name = name.map_or_else(|| format!("clustermaster.local/{}", System.uuid()), str::to_owned);
    let key = SigningKey::new(&name, Algorithm::Ed25519, &seed).context("--ledger-name")?;
    Ok(Zeroizing::new(key.secret()))
}
