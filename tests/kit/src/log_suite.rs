//! The conformance suite that every [`EventLog`] passes: on memory, on PostgreSQL, on whatever comes.
//!
//! Each check is a function over a log and a fresh tenant, so that one log can serve all of them.

use std::sync::Arc;

use hub_commands::ports::{Append, AppendError, EventLog, Expected, IdempotencyKey, Proposed};
use hub_domain::kernel::{Actor, TenantId, TypedId};
use hub_domain::ledger::{ChainVerifier, Recorded};
use uuid::Uuid;

use crate::ids;

/// An append of `count` small events.
pub fn append(tenant: TenantId, stream: &str, expected: Expected, count: usize) -> Append {
    let events = (0..count)
        .map(|nth| Proposed {
            event_id: ids::uuid(),
            event_type: "cluster.changed.v1",
            schema_version: 1,
            payload: format!(r#"{{"nth":{nth}}}"#).into_bytes(),
        })
        .collect();
    Append {
        tenant,
        stream: stream.to_owned(),
        expected,
        command_id: ids::uuid(),
        actor: Actor::new("system:suite").expect("a valid actor"),
        metadata: br#"{"command":"suite"}"#.to_vec(),
        events,
        idempotency: None,
    }
}

fn fresh() -> (TenantId, String) {
    (TenantId::from_uuid(ids::uuid()), format!("cluster_{}", ids::uuid().simple()))
}

fn key(name: &str, fingerprint: u8) -> IdempotencyKey {
    IdempotencyKey { key: name.to_owned(), fingerprint: [fingerprint; 32] }
}

/// Runs every check.
pub async fn conforms(log: Arc<dyn EventLog>) {
    appends_are_read_back(&*log).await;
    expectations_are_kept(&*log).await;
    nothing_of_a_refused_append_remains(&*log).await;
    repeats_answer_the_first_receipt(&*log).await;
    tenants_do_not_meet(&*log).await;
    bounds_are_named(&*log).await;
    races_have_one_winner(log.clone()).await;
    racing_repeats_append_once(log.clone()).await;
    chains_hold_under_concurrency(log).await;
}

async fn appends_are_read_back(log: &dyn EventLog) {
    let (tenant, stream) = fresh();
    let first = append(tenant, &stream, Expected::NoStream, 2);
    let receipt = log.append(first.clone()).await.expect("an append");
    assert_eq!(receipt.revision, Some(1));
    assert_eq!(receipt.event_ids, first.events.iter().map(|event| event.event_id).collect::<Vec<_>>());
    assert!(!receipt.repeated);
    let second = log.append(append(tenant, &stream, Expected::Revision(1), 1)).await.expect("an append");
    assert_eq!(second.revision, Some(2));
    assert!(second.position > receipt.position);
    assert!(log.head().await.expect("a head") >= second.position);
    let read = log.read_stream(tenant, &stream, 0).await.expect("a stream");
    assert_eq!(read.iter().map(|event| event.revision).collect::<Vec<_>>(), [0, 1, 2]);
    for (stored, sent) in read.iter().zip(&first.events) {
        assert_eq!(stored.payload, sent.payload);
        assert_eq!(stored.metadata, first.metadata);
        assert_eq!(stored.command_id, first.command_id);
        assert_eq!(
            (stored.event_type.as_str(), stored.schema_version),
            (sent.event_type, sent.schema_version)
        );
    }
    assert_eq!(log.read_stream(tenant, &stream, 2).await.expect("a stream").len(), 1);
    assert!(log.read_stream(tenant, "cluster_unknown", 0).await.expect("an empty stream").is_empty());
}

async fn expectations_are_kept(log: &dyn EventLog) {
    let (tenant, stream) = fresh();
    let refused = |result: Result<_, AppendError>| match result {
        Err(AppendError::Conflict { actual, .. }) => actual,
        other => panic!("expected a conflict, got {other:?}"),
    };
    assert_eq!(refused(log.append(append(tenant, &stream, Expected::Revision(0), 1)).await), None);
    log.append(append(tenant, &stream, Expected::NoStream, 1)).await.expect("an append");
    assert_eq!(refused(log.append(append(tenant, &stream, Expected::NoStream, 1)).await), Some(0));
    assert_eq!(
        refused(log.append(append(tenant, &stream, Expected::Revision(1), 1)).await),
        Some(0),
        "too high"
    );
    log.append(append(tenant, &stream, Expected::Revision(0), 1)).await.expect("an append");
    assert_eq!(
        refused(log.append(append(tenant, &stream, Expected::Revision(0), 1)).await),
        Some(1),
        "too low"
    );
    let any = log.append(append(tenant, &stream, Expected::Any, 1)).await.expect("an append");
    assert_eq!(any.revision, Some(2));
}

async fn nothing_of_a_refused_append_remains(log: &dyn EventLog) {
    let (tenant, stream) = fresh();
    log.append(append(tenant, &stream, Expected::NoStream, 1)).await.expect("an append");
    let mut refused = append(tenant, &stream, Expected::NoStream, 3);
    refused.idempotency = Some(key("refused", 1));
    log.append(refused.clone()).await.expect_err("a conflict");
    assert_eq!(log.read_stream(tenant, &stream, 0).await.expect("a stream").len(), 1);
    assert!(
        log.find(tenant, &key("refused", 1)).await.expect("an answer").is_none(),
        "a refusal is not remembered"
    );
    refused.expected = Expected::Revision(0);
    log.append(refused).await.expect("the same key serves once it succeeds");
}

async fn repeats_answer_the_first_receipt(log: &dyn EventLog) {
    let (tenant, stream) = fresh();
    let mut first = append(tenant, &stream, Expected::NoStream, 2);
    first.idempotency = Some(key("once", 7));
    let receipt = log.append(first.clone()).await.expect("an append");
    log.append(append(tenant, &stream, Expected::Revision(1), 1)).await.expect("time passes");
    // A repeat brings new ids and perhaps another expectation; the key alone decides.
    let mut again = append(tenant, &stream, Expected::Revision(1), 2);
    again.idempotency = Some(key("once", 7));
    let repeated = log.append(again).await.expect("a repeat");
    assert!(repeated.repeated);
    assert_eq!((repeated.revision, repeated.position), (receipt.revision, receipt.position));
    assert_eq!(repeated.event_ids, receipt.event_ids);
    assert_eq!(
        log.find(tenant, &key("once", 7)).await.expect("an answer").expect("a receipt").event_ids,
        receipt.event_ids
    );
    let mut other = append(tenant, &stream, Expected::Any, 1);
    other.idempotency = Some(key("once", 8));
    assert!(matches!(log.append(other).await, Err(AppendError::KeyReused)));
    assert!(matches!(log.find(tenant, &key("once", 8)).await, Err(AppendError::KeyReused)));
    assert_eq!(log.read_stream(tenant, &stream, 0).await.expect("a stream").len(), 3);
    let mut nothing = append(tenant, &stream, Expected::Revision(2), 0);
    nothing.idempotency = Some(key("nothing to do", 1));
    let remembered = log.append(nothing).await.expect("a key without events");
    assert_eq!((remembered.revision, remembered.event_ids.len()), (Some(2), 0));
    assert!(log.find(tenant, &key("nothing to do", 1)).await.expect("an answer").is_some());
}

async fn tenants_do_not_meet(log: &dyn EventLog) {
    let (one, stream) = fresh();
    let (other, _) = fresh();
    log.append(append(one, &stream, Expected::NoStream, 1)).await.expect("an append");
    log.append(append(other, &stream, Expected::NoStream, 1)).await.expect("the same name in another tenant");
    assert_eq!(log.read_stream(other, &stream, 0).await.expect("a stream").len(), 1);
    let mut first = append(one, &stream, Expected::Any, 1);
    first.idempotency = Some(key("shared", 1));
    let mut second = append(other, &stream, Expected::Any, 1);
    second.idempotency = Some(key("shared", 2));
    log.append(first).await.expect("a key");
    assert!(!log.append(second).await.expect("the same key in another tenant").repeated);
}

async fn bounds_are_named(log: &dyn EventLog) {
    let (tenant, stream) = fresh();
    let mut large = append(tenant, &stream, Expected::NoStream, 1);
    large.events[0].payload = vec![b' '; (1 << 20) + 1];
    assert!(matches!(log.append(large).await, Err(AppendError::TooLarge { .. })));
    let overlong = append(tenant, &"x".repeat(1000), Expected::NoStream, 1);
    assert!(matches!(log.append(overlong).await, Err(AppendError::Unfit(_))));
    assert!(log.read_stream(tenant, &stream, 0).await.expect("a stream").is_empty());
}

async fn races_have_one_winner(log: Arc<dyn EventLog>) {
    let (tenant, stream) = fresh();
    for round in 0..5_u64 {
        let expected = round.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
        let racers = (0..20).map(|_| {
            let (log, append) = (log.clone(), append(tenant, &stream, expected, 1));
            tokio::spawn(async move { log.append(append).await })
        });
        let results = futures::future::join_all(racers).await;
        let won = results.iter().filter(|result| matches!(result, Ok(Ok(_)))).count();
        let lost =
            results.iter().filter(|result| matches!(result, Ok(Err(AppendError::Conflict { .. })))).count();
        assert_eq!((won, lost), (1, 19));
    }
    assert_eq!(log.read_stream(tenant, &stream, 0).await.expect("a stream").len(), 5);
}

async fn racing_repeats_append_once(log: Arc<dyn EventLog>) {
    let (tenant, stream) = fresh();
    let racers = (0..20).map(|_| {
        let mut append = append(tenant, &stream, Expected::Any, 1);
        append.idempotency = Some(key("race", 1));
        let log = log.clone();
        tokio::spawn(async move { log.append(append).await.expect("a receipt") })
    });
    let receipts: Vec<_> =
        futures::future::join_all(racers).await.into_iter().map(|joined| joined.expect("no panic")).collect();
    assert_eq!(receipts.iter().filter(|receipt| !receipt.repeated).count(), 1);
    assert!(receipts.iter().all(|receipt| receipt.event_ids == receipts[0].event_ids));
    assert_eq!(log.read_stream(tenant, &stream, 0).await.expect("a stream").len(), 1);
}

async fn chains_hold_under_concurrency(log: Arc<dyn EventLog>) {
    let tenant = TenantId::from_uuid(ids::uuid());
    let streams: Vec<String> = (0..16).map(|nth| format!("cluster_{nth:02}")).collect();
    let writers = streams.iter().cloned().map(|stream| {
        let log = log.clone();
        tokio::spawn(async move {
            for round in 0..25_u64 {
                let expected = round
                    .checked_sub(1)
                    .map_or(Expected::NoStream, |before| Expected::Revision(before * 2 + 1));
                log.append(append(tenant, &stream, expected, 2)).await.expect("an append");
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.expect("no panic");
    }
    let mut events: Vec<Recorded> = Vec::new();
    for stream in &streams {
        events.extend(log.read_stream(tenant, stream, 0).await.expect("a stream"));
    }
    events.sort_by_key(|event| event.sequence);
    assert_eq!(events.len(), 16 * 50);
    assert!(
        events.is_sorted_by(|one, next| one.position < next.position && one.recorded_at <= next.recorded_at)
    );
    let mut chain = ChainVerifier::new(tenant.uuid());
    for event in &events {
        chain.push(event).expect("an unbroken chain");
    }
    let unique: std::collections::HashSet<Uuid> = events.iter().map(|event| event.event_id).collect();
    assert_eq!(unique.len(), events.len());
}
