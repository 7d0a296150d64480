//! Answers that are lost, a cluster that is away, batches that are too large: what was acknowledged stands once, and what was
//! refused not at all.

use hub_commands::ports::{AppendError, IdempotencyKey};
use hub_domain::ledger::LogVerifier;
use hub_projections::feed::EventFeed;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Settings that give up soon.
fn impatient() -> WriterSettings {
    WriterSettings { patience: Duration::from_secs(2), ..WriterSettings::default() }
}

async fn double() -> (KurrentDouble, Database, String) {
    (KurrentDouble::start().await.expect("the double"), Database::fresh().await, fresh_stream())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_out() {
    let (kurrent, database, stream) = double().await;
    let opened = Opened::open(&kurrent.url(), &stream, &database).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let append = |expected| log_suite::append(tenant, "cluster_lost", expected, 2);
    opened.log.append(append(Expected::NoStream)).await.expect("an append");
    kurrent.cut_after_next_append();
    let receipt = opened.log.append(append(Expected::Revision(1))).await.expect("it stands");
    assert_eq!((receipt.revision, receipt.position, receipt.repeated), (Some(3), 4, false));
    kurrent.cut_before_next_append();
    let receipt = opened.log.append(append(Expected::Revision(3))).await.expect("it is sent again");
    assert_eq!((receipt.revision, receipt.position), (Some(5), 6));
    assert_eq!(kurrent.cuts(), 2);
    assert_eq!(kurrent.stream(&stream).len(), 6, "nothing stands twice");
    assert_eq!(opened.log.read_stream(tenant, "cluster_lost", 0).await.expect("a stream").len(), 6);
    opened.close().await;
}

/// The answer is lost, and before it can be asked for again another hub writes: the batch stands in the log, or it does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_out_behind_others() {
    let (kurrent, database, stream) = double().await;
    let far = Database::fresh().await;
    let one = Opened::open(&kurrent.url(), &stream, &database).await.expect("a log");
    let other = Opened::open(&kurrent.url(), &stream, &far).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    for round in 0..10 {
        let name = format!("cluster_{round}");
        if round % 2 == 0 {
            kurrent.cut_after_next_append();
        } else {
            kurrent.cut_before_next_append();
        }
        let (first, second) = tokio::join!(
            one.log.append(log_suite::append(tenant, &name, Expected::NoStream, 1)),
            other.log.append(log_suite::append(tenant, &name, Expected::Any, 1)),
        );
        second.expect("any revision will do");
        let stood = one.log.read_stream(tenant, &name, 0).await.expect("a stream");
        assert_eq!(stood.len(), if first.is_ok() { 2 } else { 1 }, "{first:?}");
    }
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cannot_be_found_out_is_called_unknown() {
    let (kurrent, database, stream) = double().await;
    let opened = Opened::open_with(&kurrent.url(), &stream, &database, impatient()).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let mut append = log_suite::append(tenant, "cluster_away", Expected::NoStream, 1);
    append.idempotency = Some(IdempotencyKey { key: "away".into(), fingerprint: [1; 32] });
    kurrent.cut_after_next_append();
    let log = opened.log.clone();
    let asked = tokio::spawn({
        let append = append.clone();
        async move { log.append(append).await }
    });
    let cut = until(PATIENCE, || async { (kurrent.cuts() == 1).then_some(()) });
    cut.await.expect("the answer is cut off");
    kurrent.leave();
    let unknown = asked.await.expect("no panic");
    assert!(matches!(unknown, Err(AppendError::Unknown(_))), "{unknown:?}");
    let away = opened.log.append(log_suite::append(tenant, "cluster_b", Expected::NoStream, 1)).await;
    assert!(matches!(away, Err(AppendError::Unavailable(_))), "nothing was sent: {away:?}");
    kurrent.come_back().await.expect("it is back");
    append.events[0].event_id = ids::uuid();
    let told = until(PATIENCE, || async { opened.log.append(append.clone()).await.ok() });
    let told = told.await.expect("the cluster is back");
    assert!(told.repeated, "the key tells that it stands: {told:?}");
    assert_eq!(kurrent.stream(&stream).len(), 1);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_while_connections_are_cut() {
    let (kurrent, database, stream) = double().await;
    let opened = Opened::open(&kurrent.url(), &stream, &database).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|nth| {
            let (log, stop, name) = (opened.log.clone(), stop.clone(), format!("cluster_{nth}"));
            tokio::spawn(async move {
                let mut told = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let expected = told
                        .len()
                        .checked_sub(1)
                        .map_or(Expected::NoStream, |last| Expected::Revision(last as u64));
                    let append = log_suite::append(tenant, &name, expected, 1);
                    let receipt = log.append(append).await.expect("an append that is cut off is found out");
                    told.push((receipt.position, receipt.event_ids[0]));
                }
                told
            })
        })
        .collect();
    for nth in 0..12 {
        let (appends, cuts) = (kurrent.appends(), kurrent.cuts());
        let more = until(PATIENCE, || async { (kurrent.appends() > appends + 3).then_some(()) });
        more.await.expect("the writers write");
        if nth % 2 == 0 {
            kurrent.cut_after_next_append();
        } else {
            kurrent.cut_before_next_append();
        }
        let cut = until(PATIENCE, || async { (kurrent.cuts() > cuts).then_some(()) });
        cut.await.expect("it cuts");
    }
    stop.store(true, Ordering::Relaxed);
    let mut told = Vec::new();
    for writer in writers {
        told.extend(writer.await.expect("no panic"));
    }
    told.sort_unstable();
    let positions: Vec<u64> = told.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=told.len() as u64).collect::<Vec<_>>(), "each position was given once");
    // The log itself, read by the feed from its beginning, and the copy hold the same, and it is proven.
    let read = EventFeed::read(&opened.feed, 0, 1_000_000).await.expect("the log");
    let mut verifier = LogVerifier::new();
    assert!(read.iter().all(|event| verifier.push(event).is_empty()));
    assert_eq!(told, read.iter().map(|event| (event.position, event.event_id)).collect::<Vec<_>>());
    opened.copied(told.len() as u64).await;
    let copied = hub_postgres::log::read_after(&opened.pools.writer, 0, 1_000_000).await.expect("the copy");
    assert_eq!(copied, read);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_the_server_is_refused_alone() {
    let (kurrent, database, stream) = double().await;
    let opened = Opened::open(&kurrent.url(), &stream, &database).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let large = |nth: usize, bytes: usize| {
        let mut append = log_suite::append(tenant, &format!("cluster_{nth}"), Expected::NoStream, 1);
        append.events[0].payload = format!("\"{}\"", "x".repeat(bytes)).into_bytes();
        append
    };
    let refused = opened.log.append(large(0, (1 << 20) - 10)).await;
    assert!(
        matches!(refused, Err(AppendError::TooLarge { limit: 1_048_576, size: 1_048_577.. })),
        "{refused:?}"
    );
    // Many that fit one by one: together they take more than one append.
    let racers = (1..12).map(|nth| {
        let (log, append) = (opened.log.clone(), large(nth, 300 << 10));
        tokio::spawn(async move { log.append(append).await })
    });
    for done in futures::future::join_all(racers).await {
        done.expect("no panic").expect("an append");
    }
    assert_eq!(kurrent.stream(&stream).len(), 11);
    opened.close().await;
}
