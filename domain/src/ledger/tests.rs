//! Ledgers to hold the verifiers against: sound ones, and ways to spoil them.

mod chain;
mod leaf;
mod log;
mod note;
mod rotation;
mod subtree;
mod tamper;
mod tree;
mod vectors;
mod witness;

use std::collections::HashMap;

use uuid::Uuid;

use super::{ChainVerifier, Fault, Hash, Head, LogVerifier, Recorded};

/// The tenant of this number.
fn tenant(number: u128) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// A sound log. Each entry is an event: its tenant's number, and its stream's.
fn log_of(entries: &[(u8, u8)]) -> Vec<Recorded> {
    let mut sequences: HashMap<Uuid, u64> = HashMap::new();
    let mut revisions: HashMap<(Uuid, u8), u64> = HashMap::new();
    let mut events: Vec<Recorded> = Vec::new();
    for (nth, (owner, stream)) in (0_u64..).zip(entries) {
        let owner = tenant((*owner).into());
        let (sequence, revision) =
            (sequences.entry(owner).or_default(), revisions.entry((owner, *stream)).or_default());
        events.push(Recorded {
            position: nth + 1,
            tenant: owner,
            sequence: *sequence,
            stream: format!("cluster_{stream}"),
            revision: *revision,
            event_id: Uuid::from_u128(0x0192_aaaa_0000_7000_8000_0000_0000_0000 + u128::from(nth)),
            command_id: Uuid::from_u128(0x0192_cccc_0000_7000_8000_0000_0000_0000 + u128::from(nth)),
            recorded_at: 1_700_000_000_000_000 + nth as i64,
            event_type: "cluster.renamed".to_owned(),
            schema_version: 1,
            actor: "user_0".to_owned(),
            metadata: br#"{"reason":"a test"}"#.to_vec(),
            payload: format!(r#"{{"nth":{nth}}}"#).into_bytes(),
            leaf_hash: Hash::ZERO,
        });
        *sequence += 1;
        *revision += 1;
    }
    rehash(&mut events);
    events
}

/// Computes every leaf hash anew, as somebody would who forges with care.
fn rehash(events: &mut [Recorded]) {
    let mut last: HashMap<Uuid, Hash> = HashMap::new();
    for event in events {
        let previous = last.get(&event.tenant).copied().unwrap_or(Hash::ZERO);
        event.leaf_hash = event.recompute(previous, &mut Vec::new()).expect("a leaf");
        last.insert(event.tenant, event.leaf_hash);
    }
}

/// Numbers positions anew, as they stand.
fn renumber(events: &mut [Recorded]) {
    (1..).zip(events).for_each(|(position, event)| event.position = position);
}

/// One tenant's sound ledger of three streams.
fn ledger_of(events: u8) -> Vec<Recorded> {
    log_of(&(0..events).map(|nth| (0, nth % 3)).collect::<Vec<_>>())
}

/// What a verifier finds, with heads that were taken earlier.
fn faults(events: &[Recorded], heads: &[Head]) -> Vec<Fault> {
    let mut verifier = LogVerifier::new();
    for head in heads {
        verifier.expect_head(head);
    }
    let mut faults: Vec<Fault> = events.iter().flat_map(|event| verifier.push(event)).collect();
    faults.extend(verifier.finish());
    faults
}

/// The positions that faults name, each once.
fn named(faults: &[Fault]) -> Vec<u64> {
    let mut named: Vec<u64> = faults.iter().filter_map(Fault::position).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// The heads of a log.
fn heads(events: &[Recorded]) -> Vec<Head> {
    let mut verifier = LogVerifier::new();
    for event in events {
        verifier.push(event);
    }
    verifier.heads()
}

/// The faults of one tenant's chain.
fn chain_faults(events: &[Recorded]) -> Vec<Fault> {
    let mut verifier = ChainVerifier::new(events[0].tenant);
    events.iter().filter_map(|event| verifier.push(event).err()).collect()
}
