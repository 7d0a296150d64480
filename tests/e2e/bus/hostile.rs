//! Whoever may write to the topic, and what a reader makes of it.

use std::time::Duration;

use hub_domain::ledger::{Fault, Recorded};
use hub_kafka::message::{Unreadable, headers};
use hub_kafka::{Bookmark, Bus, BusSettings, Create, Read, Reader, ReaderSettings, Verdict};
use hub_kit::Broker;
use hub_kit::kafka::available;
use hub_projections::outlet::Outlet as _;
use rdkafka::ClientConfig;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{FutureProducer, FutureRecord};

use super::connection;
use crate::projections::world::{World, tenant};

/// A topic of four partitions with two tenants' ledgers on it, and somebody who may write there.
struct Scene {
    broker: Broker,
    topic: String,
    events: Vec<Recorded>,
    writer: FutureProducer,
}

impl Scene {
    async fn open(each: usize) -> Self {
        let (broker, world) = (Broker::start().await.unwrap(), World::fresh().await);
        for nth in 0..each {
            for number in 1..=2 {
                let stream = format!("cluster_{}", nth % 7);
                world.raw(tenant(number), &stream, "cluster.changed.v1", &format!("{{\"nth\":{nth}}}")).await;
            }
        }
        let topic = broker.topic();
        let mut settings = BusSettings::new(connection(&broker), topic.clone());
        settings.create = Some(Create { partitions: Some(4), replication: None });
        let (bus, events) = (Bus::open(settings).unwrap(), world.events().await);
        for some in events.chunks(33) {
            bus.deliver(some, &[]).await.unwrap();
        }
        let writer = ClientConfig::new().set("bootstrap.servers", broker.address()).create().unwrap();
        Self { broker, topic, events: events.into_iter().map(|event| event.recorded).collect(), writer }
    }

    async fn write(&self, event: &Recorded, headers: OwnedHeaders) {
        let record =
            FutureRecord::to(&self.topic).key(&event.stream).payload(&event.payload).headers(headers);
        self.writer.send(record, Duration::from_secs(10)).await.unwrap();
    }

    /// Reads everything; answers how many events were sound, what else was said, and how many repeats there were.
    async fn read(&self) -> (usize, Vec<Read>, u64) {
        let mut settings = ReaderSettings::new(connection(&self.broker), self.topic.clone());
        settings.patience = Duration::from_secs(2);
        let mut reader = Reader::open(&settings, Bookmark::default()).await.unwrap();
        let (mut sound, mut rest) = (0, vec![]);
        while let Some(read) = reader.next(Duration::from_secs(20)).await.unwrap() {
            match read {
                Read::Event { verdict: Verdict::Sound, .. } => sound += 1,
                other => rest.push(other),
            }
        }
        assert!(reader.caught_up(), "{sound} sound, {rest:?}");
        (sound, rest, reader.repeats())
    }
}

#[tokio::test]
async fn a_reader_restores_the_order_of_many_partitions() {
    if !available() {
        return;
    }
    let scene = Scene::open(300).await;
    let (sound, rest, repeats) = scene.read().await;
    assert_eq!((sound, rest, repeats), (600, vec![], 0));
}

#[tokio::test]
async fn what_others_write_among_the_events_is_named() {
    if !available() {
        return;
    }
    let scene = Scene::open(40).await;
    let event = &scene.events[30];
    // Once more, as a hub does that comes back.
    scene.write(event, headers(event)).await;
    // Without headers, as anybody may.
    scene.write(event, OwnedHeaders::new()).await;
    // Another payload under the same id.
    let forged = Recorded { payload: b"{\"nth\":\"forged\"}".to_vec(), ..event.clone() };
    scene.write(&forged, headers(&forged)).await;
    // An event of one's own at the end of the ledger.
    let last = scene.events.iter().rfind(|last| last.tenant == event.tenant).unwrap();
    let (sequence, revision) = (last.sequence + 1, last.revision + 1);
    let own = Recorded { sequence, revision, event_id: hub_kit::ids::uuid(), ..last.clone() };
    scene.write(&own, headers(&own)).await;

    let (sound, rest, repeats) = scene.read().await;
    assert_eq!((sound, repeats), (80, 1), "{rest:?}");
    let unreadable =
        |read: &Read| matches!(read, Read::Unreadable { why: Unreadable::Missing("ce_specversion"), .. });
    let altered = |at: u64| {
        move |read: &Read| {
            let Read::Event { verdict: Verdict::Fault(Fault::ContentAltered { sequence, .. }), .. } = read
            else {
                return false;
            };
            *sequence == at
        }
    };
    assert_eq!(rest.iter().filter(|read| unreadable(read)).count(), 1, "{rest:?}");
    assert_eq!(rest.iter().filter(|read| altered(event.sequence)(read)).count(), 1, "{rest:?}");
    assert_eq!(rest.iter().filter(|read| altered(own.sequence)(read)).count(), 1, "{rest:?}");
    assert_eq!(rest.len(), 3, "{rest:?}");
}
