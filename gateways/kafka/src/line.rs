//! A line to the brokers: one producer, as long as nothing goes wrong with it.
//!
//! Messages never expire in the producer. One that does not come through for long ends the line with all that stands behind it: were only
//! that one given up, those behind it might overtake it.

use std::collections::VecDeque;
use std::time::Duration;

use hub_projections::Event;
use hub_projections::proof::Issued;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use tokio::time::{sleep, timeout};

use crate::bus::BusError;
use crate::context::Quiet;
use crate::settings::BusSettings;
use crate::topics::DEADLINE;
use crate::{message, telemetry};

/// Messages, and KiB of them, that the producer holds at most; then who hands over waits.
const MOST_MESSAGES: &str = "20000";
const MOST_KIB: &str = "32768";
/// The largest message that is tried: the broker's limit decides.
const LARGEST: &str = "4194304";
/// Bytes of one batch to a partition.
const BATCH: &str = "262144";
const PAUSE: Duration = Duration::from_millis(10);

/// Why not everything was acknowledged.
#[derive(Debug)]
pub(crate) struct Halt {
    /// Acknowledged from the front, without a gap.
    pub done: usize,
    /// The next one will never be taken; the line is as good as before.
    pub refused: bool,
    /// For people.
    pub message: String,
}

pub(crate) struct Line {
    producer: FutureProducer<Quiet>,
    quiet: Quiet,
    topic: String,
    checkpoints: String,
    patience: Duration,
}

impl Line {
    /// Opens a line. Speaks to no broker yet; reads certificates.
    pub fn open(settings: &BusSettings) -> Result<Self, BusError> {
        let mut config = settings.connection.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", "0")
            .set("linger.ms", "5")
            .set("compression.type", "lz4")
            .set("batch.size", BATCH)
            .set("message.max.bytes", LARGEST)
            .set("queue.buffering.max.messages", MOST_MESSAGES)
            .set("queue.buffering.max.kbytes", MOST_KIB)
            // As Java's clients do it: a key lies in the same partition, whoever asks.
            .set("partitioner", "murmur2_random");
        let quiet = Quiet::default();
        let producer = config.create_with_context(quiet.clone());
        let producer = producer.map_err(|cause| BusError::Config(cause.to_string()))?;
        telemetry::opened();
        Ok(Self {
            producer,
            quiet,
            topic: settings.topic.clone(),
            checkpoints: settings.checkpoints(),
            patience: settings.patience,
        })
    }

    /// Which of the two topics is not there, if one is not.
    pub async fn missing(&self) -> Result<Option<String>, BusError> {
        let (producer, quiet) = (self.producer.clone(), self.quiet.clone());
        let names = [self.topic.clone(), self.checkpoints.clone()];
        // Asking for the metadata blocks.
        let asked = tokio::task::spawn_blocking(move || {
            for name in names {
                let found = producer.client().fetch_metadata(Some(&name), DEADLINE);
                let found = found.map_err(|cause| {
                    BusError::Away(quiet.complaint().unwrap_or_else(|| cause.to_string()))
                })?;
                let there = |topic: &MetadataTopic| topic.error().is_none() && !topic.partitions().is_empty();
                if !found.topics().iter().any(there) {
                    return Ok(Some(name));
                }
            }
            Ok(None)
        });
        asked.await.unwrap_or_else(|cause| Err(BusError::Away(cause.to_string())))
    }

    /// Sends events, and waits until all are acknowledged.
    pub async fn events(&self, events: &[Event]) -> Result<(), Halt> {
        let first = match self.together(events).await {
            // A batch is refused as a whole: only an event by itself is refused for what it is.
            Err(halt) if halt.refused && events.len() > 1 => halt.done,
            sent => return sent,
        };
        tracing::warn!("the broker refuses a batch: its events are sent one by one");
        for (nth, event) in events.iter().enumerate().skip(first) {
            let sent = self.together(std::slice::from_ref(event)).await;
            sent.map_err(|halt| Halt { done: nth, ..halt })?;
        }
        Ok(())
    }

    async fn together(&self, events: &[Event]) -> Result<(), Halt> {
        let mut sent = Sent::default();
        for event in events {
            let recorded = &event.recorded;
            let mut record = FutureRecord::to(&self.topic)
                .key(&recorded.stream)
                .payload(&recorded.payload)
                .headers(message::headers(recorded));
            loop {
                match self.producer.send_result(record) {
                    Ok(one) => {
                        sent.waiting.push_back(one);
                        break;
                    }
                    Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                        record = back;
                        // Whoever is acknowledged makes room; what else may fill the queue has no future here, and goes by itself.
                        if !self.settle_one(&mut sent).await? {
                            sleep(PAUSE).await;
                        }
                    }
                    Err((cause, _)) => {
                        self.settle(&mut sent).await?;
                        return Err(self.halt(sent.done, &cause));
                    }
                }
            }
        }
        self.settle(&mut sent).await
    }

    /// Sends a tenant's checkpoint, and waits until it is acknowledged.
    pub async fn checkpoint(&self, checkpoint: &Issued) -> Result<(), Halt> {
        let key = checkpoint.tenant.to_string();
        let record = FutureRecord::to(&self.checkpoints).key(&key).payload(&checkpoint.note).headers(
            OwnedHeaders::new()
                .insert(Header { key: "content-type", value: Some("text/plain; charset=utf-8") }),
        );
        let mut sent = Sent::default();
        match self.producer.send_result(record) {
            Ok(one) => sent.waiting.push_back(one),
            Err((cause, _)) => return Err(self.halt(0, &cause)),
        }
        self.settle(&mut sent).await
    }

    async fn settle(&self, sent: &mut Sent) -> Result<(), Halt> {
        while self.settle_one(sent).await? {}
        Ok(())
    }

    /// Waits for the oldest message, if there is one.
    async fn settle_one(&self, sent: &mut Sent) -> Result<bool, Halt> {
        let Some(oldest) = sent.waiting.pop_front() else { return Ok(false) };
        match self.acknowledged(oldest).await {
            Ok(()) => {
                sent.done += 1;
                Ok(true)
            }
            Err(halt) => {
                // What stands behind a refused one goes its way first: the line is used again.
                while halt.refused
                    && let Some(one) = sent.waiting.pop_front()
                {
                    self.acknowledged(one)
                        .await
                        .or_else(|next| if next.refused { Ok(()) } else { Err(next) })?;
                }
                Err(Halt { done: sent.done, ..halt })
            }
        }
    }

    async fn acknowledged(&self, one: DeliveryFuture) -> Result<(), Halt> {
        match timeout(self.patience, one).await {
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err((cause, _)))) => Err(self.halt(0, &cause)),
            Ok(Err(_)) => Err(Halt { done: 0, refused: false, message: "the producer has ended".into() }),
            Err(_) => {
                let why =
                    self.quiet.complaint().map_or_else(String::new, |complaint| format!(": {complaint}"));
                let message = format!("no acknowledgement within {} s{why}", self.patience.as_secs());
                Err(Halt { done: 0, refused: false, message })
            }
        }
    }

    fn halt(&self, done: usize, cause: &KafkaError) -> Halt {
        let code = cause.rdkafka_error_code();
        let refused =
            matches!(code, Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidRecord));
        let fatal = self.producer.client().fatal_error().map(|(_, reason)| reason);
        let why = fatal.or_else(|| if refused { None } else { self.quiet.complaint() });
        let message = why.map_or_else(|| cause.to_string(), |why| format!("{cause}: {why}"));
        Halt { done, refused, message }
    }
}

/// Messages on their way, the oldest first, and how many of those before them were acknowledged.
#[derive(Default)]
struct Sent {
    done: usize,
    waiting: VecDeque<DeliveryFuture>,
}
