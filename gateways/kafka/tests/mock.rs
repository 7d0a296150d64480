//! What a real broker does rarely and not when asked to: librdkafka's own mock cluster answers with the errors that a test chooses. It is no
//! Kafka, and lives in the process of each test.

use std::time::Duration;

use hub_domain::ledger::{Hash, Recorded};
use hub_kafka::{Bookmark, Bus, BusSettings, Connection, Read, Reader, ReaderSettings, Security, Verdict};
use hub_projections::Event;
use hub_projections::outlet::{Fault, Outlet as _, Undelivered};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use uuid::Uuid;

type Cluster = MockCluster<'static, DefaultProducerContext>;

const TOPIC: &str = "events";

/// Three brokers with a topic of one partition, whose leader is the first.
fn cluster() -> (Cluster, Bus) {
    let cluster = MockCluster::new(3).expect("a mock cluster");
    for topic in [TOPIC, "events.checkpoints"] {
        cluster.create_topic(topic, 1, 3).expect("a topic");
        cluster.partition_leader(topic, 0, Some(1)).expect("a leader");
    }
    let mut settings = BusSettings::new(connection(&cluster), TOPIC.to_owned());
    (settings.create, settings.patience) = (None, Duration::from_secs(3));
    let bus = Bus::open(settings).expect("a bus");
    (cluster, bus)
}

fn connection(cluster: &Cluster) -> Connection {
    Connection { brokers: cluster.bootstrap_servers(), security: Security::default() }
}

fn ledger(events: u64) -> Vec<Event> {
    let mut previous = Hash::ZERO;
    let event = |sequence: u64| {
        let mut event = Recorded {
            position: sequence + 1,
            tenant: Uuid::from_u128(1),
            sequence,
            stream: format!("meter_{}", sequence % 3),
            revision: sequence / 3,
            event_id: Uuid::from_u128(u128::from(sequence)),
            command_id: Uuid::from_u128(7),
            recorded_at: 1_700_000_000_000_000,
            event_type: "meter.read.v1".into(),
            schema_version: 1,
            actor: "user_somebody".into(),
            metadata: b"{}".to_vec(),
            payload: b"{}".to_vec(),
            leaf_hash: Hash::ZERO,
        };
        event.leaf_hash = event.leaf(previous).hash().expect("a leaf");
        previous = event.leaf_hash;
        Event::new(event)
    };
    (0..events).map(event).collect()
}

/// Everything that lies on the topic comes out sound and in order.
async fn assert_all_there(cluster: &Cluster, events: u64) {
    let settings = ReaderSettings::new(connection(cluster), TOPIC.to_owned());
    let mut reader = Reader::open(&settings, Bookmark::default()).await.expect("a reader");
    for expected in 0..events {
        match reader.next(Duration::from_secs(20)).await.expect("it can be read") {
            Some(Read::Event { recorded, verdict: Verdict::Sound, .. }) => {
                assert_eq!(recorded.sequence, expected);
            }
            other => panic!("where event {expected} belongs: {other:?}"),
        }
    }
}

fn away(sent: Result<(), Undelivered>) -> Undelivered {
    let undelivered = sent.expect_err("it is not delivered");
    assert!(matches!(undelivered.fault, Fault::Away { .. }), "{undelivered:?}");
    undelivered
}

#[tokio::test]
async fn errors_that_pass_are_not_noticed() {
    let (cluster, bus) = cluster();
    let events = ledger(300);
    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        ],
    );
    bus.deliver(&events[..100], &[]).await.expect("it is delivered in the end");
    // The leader moves.
    cluster.partition_leader(TOPIC, 0, Some(2)).expect("another leader");
    bus.deliver(&events[100..], &[]).await.expect("it is delivered to another leader");
    assert_all_there(&cluster, 300).await;
}

#[tokio::test]
async fn brokers_that_are_down_are_away_and_come_back() {
    let (cluster, bus) = cluster();
    let events = ledger(60);
    bus.deliver(&events[..20], &[]).await.expect("all is well");
    (1..=3).for_each(|broker| cluster.broker_down(broker).expect("down"));
    assert_eq!(away(bus.deliver(&events[20..], &[]).await).delivered, 0);
    away(bus.deliver(&events[20..], &[]).await);
    (1..=3).for_each(|broker| cluster.broker_up(broker).expect("up"));
    bus.deliver(&events[20..], &[]).await.expect("they are back");
    assert_all_there(&cluster, 60).await;
}

#[tokio::test]
async fn a_broker_that_takes_too_long_is_away() {
    let (cluster, bus) = cluster();
    let events = ledger(20);
    bus.deliver(&events[..10], &[]).await.expect("all is well");
    cluster.broker_round_trip_time(1, Duration::from_secs(30)).expect("slow");
    let said = away(bus.deliver(&events[10..], &[]).await);
    assert!(said.message.contains("no acknowledgement within 3 s"), "{said}");
    cluster.broker_round_trip_time(1, Duration::ZERO).expect("fast");
    bus.deliver(&events[10..], &[]).await.expect("it is fast again");
    assert_all_there(&cluster, 20).await;
}

#[tokio::test]
async fn a_producer_that_lost_its_order_is_opened_anew() {
    let (cluster, bus) = cluster();
    let events = ledger(20);
    // Fatal for an idempotent producer: it may do nothing any more.
    cluster.request_errors(
        RDKafkaApiKey::InitProducerId,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED],
    );
    let said = away(bus.deliver(&events, &[]).await);
    assert_eq!(said.delivered, 0);
    assert!(said.message.contains("authorization"), "{said}");
    bus.deliver(&events, &[]).await.expect("another producer may");
    assert_all_there(&cluster, 20).await;
}

#[tokio::test]
async fn only_what_is_refused_by_itself_is_poison() {
    let (cluster, bus) = cluster();
    let events = ledger(20);
    let large = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    // The batch was too large, and none of its events is.
    cluster.request_errors(RDKafkaApiKey::Produce, &[large]);
    bus.deliver(&events[..10], &[]).await.expect("one by one they are taken");
    // Neither in a batch nor by itself.
    cluster.request_errors(RDKafkaApiKey::Produce, &[large; 20]);
    for some in [&events[10..], &events[10..11]] {
        let refused = bus.deliver(some, &[]).await.expect_err("it is refused");
        assert_eq!((refused.delivered, refused.fault), (0, Fault::Poison));
    }
    cluster.clear_request_errors(RDKafkaApiKey::Produce);
    bus.deliver(&events[10..], &[]).await.expect("the broker has changed its mind");
    assert_all_there(&cluster, 20).await;
    // What no broker is asked about.
    let mut huge = ledger(22).split_off(20);
    huge[1].recorded.payload = vec![b' '; 5 << 20];
    let refused = bus.deliver(&huge, &[]).await.expect_err("it is refused");
    assert_eq!((refused.delivered, refused.fault), (1, Fault::Poison));
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_named() {
    let cluster: Cluster = MockCluster::new(1).expect("a mock cluster");
    let mut settings = BusSettings::new(connection(&cluster), TOPIC.to_owned());
    settings.create = None;
    cluster.topic_error(TOPIC, RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART).expect("no topic");
    let said = away(Bus::open(settings).expect("a bus").deliver(&ledger(1), &[]).await);
    assert!(said.message.contains("the topic `events` is not there"), "{said}");
}
