//! Checkpoints out of the compacted topic: opened with the key of whoever should have signed them.

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_domain::ledger::{Checkpoint, CheckpointError, VerifierKey, tenant_of};
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::{Message, Offset, TopicPartitionList};
use uuid::Uuid;

use super::lanes::{partitions, passes};
use super::{Place, ReaderError};
use crate::context::Quiet;

/// A checkpoint as it came.
#[derive(Debug)]
pub(super) enum Note {
    /// It was signed by whom it should be.
    Signed { tenant: Uuid, checkpoint: Checkpoint },
    /// It was not, or is no checkpoint of this tenant.
    Forged { place: Place, why: String },
}

pub(super) struct Notes {
    consumer: Arc<StreamConsumer<Quiet>>,
    key: VerifierKey,
    /// Partitions whose end has not been seen yet.
    unread: BTreeSet<i32>,
}

impl Notes {
    /// Opens the topic from its beginning.
    pub async fn open(
        consumer: StreamConsumer<Quiet>,
        topic: &str,
        key: VerifierKey,
    ) -> Result<Self, ReaderError> {
        let consumer = Arc::new(consumer);
        let unread: BTreeSet<i32> = partitions(&consumer, topic).await?.into_iter().collect();
        let mut assignment = TopicPartitionList::new();
        for partition in &unread {
            assignment.add_partition_offset(topic, *partition, Offset::Beginning)?;
        }
        consumer.assign(&assignment)?;
        Ok(Self { consumer, key, unread })
    }

    /// Whether everything that was there at the beginning has come.
    pub fn caught_up(&self) -> bool {
        self.unread.is_empty()
    }

    /// Waits for the next one; `None` at the end of a partition. Cut off, it loses nothing.
    pub async fn next(&mut self) -> Result<Option<Note>, ReaderError> {
        match self.consumer.recv().await {
            Ok(message) => Ok(open(&message, &self.key)),
            Err(KafkaError::PartitionEOF(partition)) => {
                self.unread.remove(&partition);
                Ok(None)
            }
            Err(cause) if passes(&cause) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }
}

/// Whether an origin is that of another tenant of the same hub, of which a tenant's key says nothing.
fn is_neighbour(origin: &str, key: &VerifierKey) -> bool {
    let hub = |name: &str| tenant_of(name).and(name.rsplit_once('/').map(|(hub, _)| hub.to_owned()));
    hub(origin).is_some() && hub(origin) == hub(key.name())
}

/// `None` for another tenant's.
fn open(message: &impl Message, key: &VerifierKey) -> Option<Note> {
    let place = Place { partition: message.partition(), offset: message.offset() };
    let text = |bytes: Option<&[u8]>| std::str::from_utf8(bytes?).ok().map(str::to_owned);
    let opened = text(message.payload()).ok_or_else(|| "it is no text".to_owned()).and_then(|note| {
        let checkpoint = match Checkpoint::open(&note, key) {
            Err(CheckpointError::Origin { found, .. }) if is_neighbour(&found, key) => return Ok(None),
            opened => opened.map_err(|cause| cause.to_string())?,
        };
        let tenant = tenant_of(&checkpoint.origin).ok_or("it is of no tenant")?;
        if text(message.key()) == Some(tenant.to_string()) {
            Ok(Some(Note::Signed { tenant, checkpoint }))
        } else {
            Err("its key is not its tenant".to_owned())
        }
    });
    opened.unwrap_or_else(|why| Some(Note::Forged { place, why }))
}
