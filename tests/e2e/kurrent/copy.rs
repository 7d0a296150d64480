//! The copy: it is the log, it finds what was altered, and it is never mixed with another history.

use hub_commands::ports::ClusterFeed;
use hub_domain::ledger::LogVerifier;
use hub_projections::feed::EventFeed;

use super::*;

/// What somebody does to a stored event.
type Alter = fn(&mut hub_kit::kurrent::Stored);

/// Appends events, and receipts that stand alone between them. Answers with the newest position.
async fn fill(log: &KurrentLog, tenant: TenantId, rounds: u64) -> u64 {
    let mut position = 0;
    for round in 0..rounds {
        let mut append = log_suite::append(tenant, "cluster_a", Expected::Any, (round % 3) as usize);
        let key = hub_commands::ports::IdempotencyKey { key: format!("{round}"), fingerprint: [0; 32] };
        append.idempotency = Some(key);
        position = log.append(append).await.expect("an append").position;
    }
    position
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_can_be_made_again_from_the_log_alone() {
    let kurrent = Kurrent::any().await.expect("a server");
    let (first, second) = (Database::fresh().await, Database::fresh().await);
    let stream = fresh_stream();
    let one = Opened::open(&kurrent.url(), &stream, &first).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let position = fill(&one.log, tenant, 30).await;
    one.copied(position).await;
    let again = Opened::open(&kurrent.url(), &stream, &second).await.expect("a log");
    let tables = [
        "select to_jsonb(e) from ledger.events e order by position",
        "select to_jsonb(r) - 'recorded_at' from ledger.receipts r order by tenant, key",
        "select to_jsonb(h) from ledger.tenant_heads h order by tenant",
        "select to_jsonb(h) - 'epoch' from ledger.head h",
    ];
    for sql in tables {
        let of = |pools: &Pools| {
            let pool = pools.writer.clone();
            async move { sqlx::query_scalar::<_, serde_json::Value>(sql).fetch_all(&pool).await.expect("rows") }
        };
        let (one, other) = (of(&one.pools).await, of(&again.pools).await);
        assert!(!one.is_empty());
        assert_eq!(one, other, "{sql}");
    }
    assert_eq!(*again.committed.borrow(), position);
    one.close().await;
    again.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_finds_any_position() {
    let (kurrent, database) = (Kurrent::any().await.expect("a server"), Database::fresh().await);
    let opened = Opened::open(&kurrent.url(), &fresh_stream(), &database).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let head = fill(&opened.log, tenant, 24).await;
    let all = EventFeed::read(&opened.feed, 0, 1000).await.expect("the log");
    let mut verifier = LogVerifier::new();
    assert!(all.iter().all(|event| verifier.push(event).is_empty()));
    assert_eq!(all.len() as u64, head);
    for after in [7, 0, head - 1, 3, head, 12] {
        let read = ClusterFeed::read(&opened.feed, after, 4).await.expect("a page");
        let wanted: Vec<_> = all.iter().skip(after as usize).take(4).cloned().collect();
        assert_eq!(read, wanted, "after {after}");
    }
    assert_eq!(EventFeed::head(&opened.feed).await.expect("a head"), Some(head));
    let waiting = EventFeed::wait(&opened.feed, head, PATIENCE);
    let appended =
        async { opened.log.append(log_suite::append(tenant, "cluster_b", Expected::NoStream, 1)).await };
    let (_, appended) = tokio::join!(tokio::time::timeout(PATIENCE / 2, waiting), appended);
    assert_eq!(appended.expect("an append").position, head + 1);
    assert_eq!(EventFeed::read(&opened.feed, head, 10).await.expect("a page").len(), 1);
    opened.close().await;
}

/// A subscription that a server ends in good order makes kurrentdb 1.2.0 spin: the copy goes on without it.
#[tokio::test(flavor = "multi_thread")]
async fn the_copy_goes_on_without_its_subscription() {
    let (kurrent, database) = (KurrentDouble::start().await.expect("the double"), Database::fresh().await);
    let opened = Opened::open(&kurrent.url(), &fresh_stream(), &database).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let position = fill(&opened.log, tenant, 6).await;
    opened.copied(position).await;
    kurrent.end_subscriptions();
    let position = fill(&opened.log, tenant, 3).await.max(position);
    let position = opened
        .log
        .append(log_suite::append(tenant, "cluster_c", Expected::NoStream, 1))
        .await
        .map_or(position, |receipt| receipt.position);
    opened.copied(position).await;
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_log_stops_the_copy_and_the_writer() {
    let (kurrent, near) = (KurrentDouble::start().await.expect("the double"), Database::fresh().await);
    let stream = fresh_stream();
    let one = Opened::open(&kurrent.url(), &stream, &near).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let position = fill(&one.log, tenant, 12).await;
    one.copied(position).await;
    one.close().await;
    let whole = kurrent.stream(&stream);
    let event =
        whole.iter().position(|stored| stored.event_type == "cluster.changed.v1" && stored.revision > 3);
    let at = event.expect("an event");
    let replace = |from: &str, to: &str, stored: &mut hub_kit::kurrent::Stored| {
        let text = String::from_utf8(stored.metadata.to_vec()).expect("JSON");
        assert!(text.contains(from), "{text}");
        stored.metadata = text.replacen(from, to, 1).into();
    };
    let alterations: [(&str, Alter); 6] = [
        ("payload", |stored| stored.data = br#"{"nth":9}"#.as_slice().into()),
        ("type", |stored| stored.event_type = "cluster.changed.v2".into()),
        ("id", |stored| stored.id = ids::uuid()),
        ("actor", |_| {}),
        ("metadata", |_| {}),
        ("not ours", |stored| stored.metadata = b"{}".as_slice().into()),
    ];
    for (what, alter) in alterations {
        kurrent.tamper(&stream, at, |stored| {
            alter(stored);
            match what {
                "actor" => replace("system:suite", "system:other", stored),
                "metadata" => replace(r#"\"suite\""#, r#"\"other\""#, stored),
                _ => {}
            }
        });
        let refused = Opened::open(&kurrent.url(), &stream, &Database::fresh().await).await.err();
        let Some(CopyError::Altered { number, .. }) = refused else { panic!("{what}: {refused:?}") };
        assert_eq!(number, at as u64, "{what}");
        kurrent.tamper(&stream, at, |stored| *stored = whole[at].clone());
    }

    // While the hub runs: whoever writes into the stream without knowing the chain stops the copy, and nothing more is written.
    let one = Opened::open(&kurrent.url(), &stream, &near).await.expect("a log");
    kurrent.append(&stream, "cluster.changed.v1", b"{}", b"{}");
    let mut standing = one.standing.clone();
    let stopped = tokio::time::timeout(PATIENCE, standing.wait_for(|standing| standing.stopped.is_some()));
    let stopped = stopped.await.expect("it stops").expect("it says so").stopped.clone().unwrap_or_default();
    assert!(stopped.contains(&format!("altered at its entry {}", whole.len())), "{stopped}");
    let refused = one.log.append(log_suite::append(tenant, "cluster_b", Expected::NoStream, 1)).await;
    assert!(matches!(refused, Err(hub_commands::ports::AppendError::Unavailable(_))), "{refused:?}");
    assert_eq!(kurrent.stream(&stream).len(), whole.len() + 1);
    one.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_histories_are_never_mixed() {
    let kurrent = KurrentDouble::start().await.expect("the double");
    let (database, own) = (Database::fresh().await, Database::fresh().await);
    let (stream, other) = (fresh_stream(), fresh_stream());
    let tenant = TenantId::from_uuid(ids::uuid());
    let one = Opened::open(&kurrent.url(), &stream, &database).await.expect("a log");
    let position = fill(&one.log, tenant, 9).await;
    one.copied(position).await;
    one.close().await;
    let refused = |stream: &str, database: &Database| {
        let (url, stream, pools) =
            (kurrent.url(), stream.to_owned(), Pools::connect(database.url(), PoolSizes::default()));
        async move {
            let connection = Connection::new(&url.parse().expect("an address"), &stream);
            let copy = Arc::new(PgCopy::new(pools.expect("pools").writer));
            let clock = Arc::new(hub_kit::SystemClock);
            match Ledger::open(connection, copy, clock, WriterSettings::default()).await.err() {
                Some(CopyError::Foreign(why)) => why,
                other => panic!("{other:?}"),
            }
        }
    };
    assert!(refused(&other, &database).await.contains("is a copy of the KurrentDB stream"));
    // A ledger of its own.
    let pools = Pools::connect(own.url(), PoolSizes::default()).expect("pools");
    let options = hub_postgres::pools::options(own.url()).expect("options");
    let clock = Arc::new(hub_kit::SystemClock);
    let (log, writer) = hub_postgres::PgLog::start(
        options,
        pools.writer.clone(),
        clock,
        hub_postgres::WriterSettings::default(),
    );
    log.append(log_suite::append(tenant, "cluster_a", Expected::NoStream, 1)).await.expect("an append");
    drop(log);
    writer.await.expect("the writer ends");
    assert!(refused(&stream, &own).await.contains("holds a ledger of its own"));
    // The database's own writer does not touch what is a copy, whoever starts it.
    let pools = Pools::connect(database.url(), PoolSizes::default()).expect("pools");
    let options = hub_postgres::pools::options(database.url()).expect("options");
    let settings =
        hub_postgres::WriterSettings { patience: Duration::from_millis(300), ..Default::default() };
    let clock = Arc::new(hub_kit::SystemClock);
    let (log, _) = hub_postgres::PgLog::start(options, pools.writer.clone(), clock, settings);
    let denied = log.append(log_suite::append(tenant, "cluster_a", Expected::Any, 1)).await;
    let denied = denied.expect_err("nothing is written").to_string();
    assert!(denied.contains("is a copy of a log that is kept elsewhere"), "{denied}");
    // The log was set back, and then went another way.
    let whole = kurrent.stream(&stream);
    kurrent.truncate(&stream, whole.len() - 2);
    assert!(refused(&stream, &database).await.contains("cut, restored from an older backup"));
    let elsewhere = Database::fresh().await;
    let two = Opened::open(&kurrent.url(), &stream, &elsewhere).await.expect("a shorter log is a log");
    two.log.append(log_suite::append(tenant, "cluster_z", Expected::NoStream, 4)).await.expect("an append");
    two.close().await;
    assert!(refused(&stream, &database).await.contains("is another one there"));
}
