//! What an auditor brings along: heads, checkpoints and keys that were kept where the ledger's keeper cannot write.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use hub_domain::Event as _;
use hub_domain::ledger::{Checkpoint, Head, LogVerifier, Note, Recorded, Rotation, VerifierKey, tenant_of};
use hub_domain::tenant::TenantEvent;
use uuid::Uuid;

/// What binds a ledger to its past, and who vouches for it.
#[derive(Clone, Debug, Default, Args)]
pub struct EvidenceArgs {
    /// Heads taken earlier and kept elsewhere (`clustermaster-audit head > FILE`): binds the ledger to its past.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// A signed checkpoint that was kept elsewhere: binds the ledger to its past.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A verifier key, or a file that holds one: who must have signed the checkpoints. A hub's key stands for its tenants.
    #[arg(long, value_name = "KEY|FILE")]
    key: Vec<String>,
    /// The rotation of a signing key (`GET ledger/keys`): who believes the old key then believes the new one. What stands in the
    /// ledger itself need not be brought.
    #[arg(long, value_name = "FILE")]
    rotation: Vec<PathBuf>,
}

/// The same, read.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Heads taken earlier.
    pub heads: Vec<Head>,
    /// Checkpoints taken earlier, by tenant.
    pub checkpoints: Vec<(Uuid, Checkpoint)>,
    /// Who may sign; nobody in particular when it is empty.
    pub keys: Vec<VerifierKey>,
}

impl EvidenceArgs {
    /// Reads the files. A checkpoint that no key of theirs has signed is an error: it proves nothing.
    pub fn read(&self) -> anyhow::Result<Evidence> {
        let mut evidence = Evidence { keys: keys(&self.key)?, ..Evidence::default() };
        believe(&mut evidence.keys, &self.rotation)?;
        for path in &self.head {
            let heads: Vec<Head> = serde_json::from_str(&text(path)?)
                .with_context(|| format!("{} holds no heads", path.display()))?;
            evidence.heads.extend(heads);
        }
        for path in &self.checkpoint {
            let found = open(&text(path)?, &evidence.keys).with_context(|| path.display().to_string())?;
            evidence.checkpoints.push(found);
        }
        Ok(evidence)
    }
}

impl Evidence {
    /// Demands of a verifier that the ledger passes through all of it.
    pub fn demand(&self, verifier: &mut LogVerifier) {
        for head in &self.heads {
            verifier.expect_head(head);
        }
        for (tenant, checkpoint) in &self.checkpoints {
            verifier.expect_root(*tenant, checkpoint.size, checkpoint.root);
        }
    }
}

/// Reads keys: each a text, or the name of a file that holds one.
pub fn keys(given: &[String]) -> anyhow::Result<Vec<VerifierKey>> {
    let read = |given: &String| match given.parse() {
        Ok(key) => Ok(key),
        Err(cause) if given.matches('+').count() >= 2 => Err(cause).context("the verifier key"),
        Err(_) => {
            let path = Path::new(given);
            text(path)?.trim().parse().with_context(|| format!("{} holds no verifier key", path.display()))
        }
    };
    given.iter().map(read).collect()
}

/// Takes rotations from files. One that begins with no key that is believed is an error: it proves nothing.
pub fn believe(keys: &mut Vec<VerifierKey>, rotations: &[PathBuf]) -> anyhow::Result<()> {
    for path in rotations {
        let named = || path.display().to_string();
        let rotation = Rotation::open(&text(path)?).with_context(named)?;
        if !learn(keys, &rotation) {
            bail!("{}: the key that gives way is none of those given", path.display());
        }
    }
    Ok(())
}

/// Believes the new key wherever the old one is believed, and once: two keys may give way to each other for ever. Whether the
/// old one was believed.
pub fn learn(keys: &mut Vec<VerifierKey>, rotation: &Rotation) -> bool {
    let successors: Vec<_> = keys.iter().filter_map(|key| rotation.successor(key)).collect();
    let believed = !successors.is_empty();
    for key in successors {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    believed
}

/// The rotation that an event records, if it records one. Whether its first key is believed is another question.
pub fn rotation_of(event: &Recorded) -> Option<Rotation> {
    if event.event_type != "tenant.signing_key_rotated.v1" {
        return None;
    }
    match TenantEvent::decode(&event.event_type, &event.payload) {
        Ok(TenantEvent::SigningKeyRotated(body)) => Rotation::open(&body.statement).ok(),
        _ => None,
    }
}

/// Reads the signed checkpoint of a tenant. Without keys its signatures are not looked at.
pub fn open(note: &str, keys: &[VerifierKey]) -> anyhow::Result<(Uuid, Checkpoint)> {
    let checkpoint = read(note, keys)?;
    Ok((tenant(&checkpoint)?, checkpoint))
}

/// Whose ledger a checkpoint is of.
pub fn tenant(checkpoint: &Checkpoint) -> anyhow::Result<Uuid> {
    tenant_of(&checkpoint.origin).with_context(|| format!("`{}` names no tenant's ledger", checkpoint.origin))
}

/// Reads a signed checkpoint, whosesoever. Without keys its signatures are not looked at.
pub fn read(note: &str, keys: &[VerifierKey]) -> anyhow::Result<Checkpoint> {
    if keys.is_empty() {
        let note: Note = note.parse()?;
        return Ok(note.text.parse()?);
    }
    let mut refused = Vec::new();
    for key in keys {
        match Checkpoint::open(note, key) {
            Ok(found) => return Ok(found),
            Err(cause) => refused.push(cause.to_string()),
        }
    }
    bail!("no given key has signed it: {}", refused.join("; "))
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
