//! What the fault tests share: many writers on one log, and the oracle over what they were told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hub_commands::ports::{Append, AppendError, EventLog, Expected, IdempotencyKey, Proposed, Receipt};
use hub_domain::kernel::{Actor, TenantId};
use hub_domain::ledger::Recorded;
use hub_kit::ids;
use hub_replay::evidence::Evidence;
use hub_replay::source::Database;
use hub_replay::verify;
use uuid::Uuid;

/// What one writer was told: its receipts, in the order in which it got them.
pub type Told = Vec<Receipt>;

/// An append of one event under a key of its own.
pub fn one(tenant: TenantId, stream: &str, expected: Expected) -> Append {
    Append {
        tenant,
        stream: stream.to_owned(),
        expected,
        command_id: ids::uuid(),
        actor: Actor::new("system:faults").expect("a valid actor"),
        metadata: br#"{"command":"faults"}"#.to_vec(),
        events: vec![Proposed {
            event_id: ids::uuid(),
            event_type: "cluster.decommission_requested.v1",
            schema_version: 1,
            payload: b"{}".to_vec(),
        }],
        idempotency: Some(IdempotencyKey { key: ids::uuid().to_string(), fingerprint: [1; 32] }),
    }
}

/// Starts writers, each on a stream of its own, until `stop`. One that is told "unknown" or "unavailable" asks again under
/// the same key, as a client would.
pub fn writers(
    log: &Arc<dyn EventLog>,
    tenant: TenantId,
    count: usize,
    stop: &Arc<AtomicBool>,
) -> Vec<tokio::task::JoinHandle<Told>> {
    (0..count)
        .map(|_| {
            let (log, stop, stream) =
                (log.clone(), stop.clone(), format!("cluster_{}", ids::uuid().simple()));
            tokio::spawn(async move {
                let mut told: Told = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let expected = told.last().and_then(|receipt| receipt.revision);
                    let append =
                        one(tenant, &stream, expected.map_or(Expected::NoStream, Expected::Revision));
                    loop {
                        match log.append(append.clone()).await {
                            Ok(receipt) => {
                                told.push(receipt);
                                break;
                            }
                            Err(
                                AppendError::Unknown(_)
                                | AppendError::Unavailable(_)
                                | AppendError::Overloaded { .. },
                            ) => {
                                tokio::task::yield_now().await;
                            }
                            Err(other) => panic!("a writer that is alone on its stream was refused: {other}"),
                        }
                    }
                }
                told
            })
        })
        .collect()
}

/// Every event of a ledger that verifies.
pub async fn proven(database: &Database) -> Vec<Recorded> {
    let mut ledger = database.open().await.expect("the ledger opens");
    let report =
        verify::of_database(&mut ledger, &Evidence::default()).await.expect("the ledger can be read");
    assert!(report.is_clean(), "{:?}", report.faults);
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let page = ledger.page(events.last().map_or(0, |event| event.position)).await.expect("a page");
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    ledger.close().await.expect("the ledger closes");
    events
}

/// The oracle: the ledger is intact, and holds every acknowledged event once, where its receipt says.
pub async fn holds(url: &str, told: &[Told]) {
    let events = proven(&Database { data_dir: ".".into(), database_url: Some(url.to_owned()) }).await;
    let mut placed: HashMap<Uuid, (u64, String, u64)> = HashMap::new();
    for event in events {
        let place = (event.position, event.stream, event.revision);
        assert!(placed.insert(event.event_id, place).is_none(), "event {} stands twice", event.event_id);
    }
    let mut acknowledged = HashSet::new();
    for receipts in told {
        assert!(
            receipts.is_sorted_by(|one, next| one.position < next.position),
            "a writer's receipts are out of order"
        );
        for receipt in receipts {
            for id in &receipt.event_ids {
                assert!(acknowledged.insert(*id), "event {id} was acknowledged twice");
                let (position, stream, revision) =
                    placed.get(id).unwrap_or_else(|| panic!("acknowledged event {id} is lost"));
                assert_eq!(
                    (*position, stream, Some(*revision)),
                    (receipt.position, &receipt.stream, receipt.revision)
                );
            }
        }
    }
}
