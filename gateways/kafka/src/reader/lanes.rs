//! Partitions side by side: the next message of each, and which of them comes first.

use std::sync::Arc;

use futures::future::{pending, select_all};
use hub_domain::ledger::Recorded;
use rdkafka::consumer::stream_consumer::StreamPartitionQueue;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::MetadataPartition;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use tokio::task::AbortHandle;

use super::{DEADLINE, Place, ReaderError};
use crate::context::Quiet;
use crate::message::{self, Unreadable};

/// A message, and where it lies.
#[derive(Debug)]
pub(super) struct Arrived {
    pub place: Place,
    pub what: Result<Recorded, Unreadable>,
}

struct Lane {
    partition: i32,
    queue: StreamPartitionQueue<Quiet>,
    head: Option<Arrived>,
    /// The offset behind what was taken.
    next: i64,
    /// Whether nothing more was there when it was looked at last.
    ended: bool,
}

/// All partitions of a topic. Each holds one message here, and a bounded number of bytes in librdkafka.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    events: AbortHandle,
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.events.abort();
    }
}

/// The partitions of a topic.
pub(super) async fn partitions(
    consumer: &Arc<StreamConsumer<Quiet>>,
    topic: &str,
) -> Result<Vec<i32>, ReaderError> {
    let (asked, name) = (Arc::clone(consumer), topic.to_owned());
    let found = tokio::task::spawn_blocking(move || {
        let found = asked.fetch_metadata(Some(&name), DEADLINE);
        let found = found.map_err(|cause| {
            ReaderError::Away(asked.context().complaint().unwrap_or_else(|| cause.to_string()))
        })?;
        let topic = found.topics().iter().find(|topic| topic.name() == name && topic.error().is_none());
        let partitions: Vec<i32> =
            topic.iter().flat_map(|topic| topic.partitions()).map(MetadataPartition::id).collect();
        if partitions.is_empty() { Err(ReaderError::NoTopic(name)) } else { Ok(partitions) }
    });
    found.await.map_err(|cause| ReaderError::Away(cause.to_string()))?
}

impl Lanes {
    /// Opens all partitions, each from an offset on, or from its beginning where none is known.
    pub async fn open(
        consumer: StreamConsumer<Quiet>,
        topic: &str,
        offset: impl Fn(i32) -> Option<i64>,
    ) -> Result<Self, ReaderError> {
        let consumer = Arc::new(consumer);
        let partitions = partitions(&consumer, topic).await?;
        let mut assignment = TopicPartitionList::new();
        for partition in &partitions {
            let from = offset(*partition).map_or(Offset::Beginning, Offset::Offset);
            assignment.add_partition_offset(topic, *partition, from)?;
        }
        consumer.assign(&assignment)?;
        let mut lanes = Vec::new();
        for partition in partitions {
            let queue = consumer.split_partition_queue(topic, partition);
            let queue = queue.ok_or_else(|| ReaderError::NoTopic(topic.to_owned()))?;
            let next = offset(partition).unwrap_or(0);
            lanes.push(Lane { partition, queue, head: None, next, ended: false });
        }
        // The consumer's own queue has to be asked, too: what befalls it comes from there.
        let events = tokio::spawn(async move {
            loop {
                if let Err(cause) = consumer.recv().await {
                    tracing::debug!(%cause, "the bus's reader");
                }
            }
        });
        Ok(Self { lanes, events: events.abort_handle() })
    }

    /// Waits for a message in a partition of which none is held. Cut off, it loses nothing.
    pub async fn arrive(&mut self) -> Result<(), ReaderError> {
        let empty = self.lanes.iter().enumerate().filter(|(_, lane)| lane.head.is_none());
        let asked: Vec<_> = empty
            .map(|(nth, lane)| {
                Box::pin(async move {
                    let got = lane.queue.recv().await.map(|message| Arrived {
                        place: Place { partition: lane.partition, offset: message.offset() },
                        what: message::read(&message),
                    });
                    (nth, got)
                })
            })
            .collect();
        if asked.is_empty() {
            return pending().await;
        }
        let ((nth, got), ..) = select_all(asked).await;
        let lane = &mut self.lanes[nth];
        match got {
            Ok(arrived) => {
                lane.ended = false;
                lane.head = Some(arrived);
                Ok(())
            }
            Err(KafkaError::PartitionEOF(_)) => {
                lane.ended = true;
                Ok(())
            }
            Err(cause) if passes(&cause) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Takes the message that comes first: one that waits for nothing, or, once a message of each partition is there (or `now`), the one
    /// of the lowest position.
    pub fn take(&mut self, is_due: impl Fn(&Recorded) -> bool, now: bool) -> Option<Arrived> {
        let at_once = |arrived: &Arrived| arrived.what.as_ref().map_or(true, &is_due);
        let due = self.lanes.iter().position(|lane| lane.head.as_ref().is_some_and(at_once));
        let nth = due.or_else(|| {
            if !now && self.lanes.iter().any(|lane| lane.head.is_none()) {
                return None;
            }
            let position = |arrived: &Arrived| arrived.what.as_ref().map_or(0, |event| event.position);
            let heads = self.lanes.iter().enumerate();
            let heads = heads.filter_map(|(nth, lane)| Some((position(lane.head.as_ref()?), nth)));
            heads.min().map(|(_, nth)| nth)
        })?;
        let lane = &mut self.lanes[nth];
        let taken = lane.head.take()?;
        lane.next = taken.place.offset + 1;
        Some(taken)
    }

    /// Whether a message is held.
    pub fn holds(&self) -> bool {
        self.lanes.iter().any(|lane| lane.head.is_some())
    }

    /// Whether each partition was at its end when it was looked at last, and no message is held.
    pub fn ended(&self) -> bool {
        self.lanes.iter().all(|lane| lane.head.is_none() && lane.ended)
    }

    /// The offset behind what was taken of each partition.
    pub fn offsets(&self) -> impl Iterator<Item = (i32, i64)> {
        self.lanes.iter().map(|lane| (lane.partition, lane.next))
    }
}

/// Whether the consumer gets over it by itself.
pub(super) fn passes(cause: &KafkaError) -> bool {
    let lasting = matches!(
        cause.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::Fatal
        )
    );
    !lasting
}
