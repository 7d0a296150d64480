//! A reader of the bus that trusts nobody: order, no repeats, every leaf recomputed, every chain verified.
//!
//! Kafka keeps order within a partition, so that the events of one stream come in order. The reader restores each tenant's whole order from
//! the sequences, within a window; drops events that it has seen (a hub that comes back repeats some); recomputes every leaf and holds it
//! against the chain; and holds signed checkpoints against the tree. What is wrong is named and not held back.

mod lanes;
mod notes;
mod order;
mod tenant;

use std::collections::BTreeMap;
use std::time::Duration;

use hub_domain::ledger::{Fault, Hash, Recorded, VerifierKey};
use rdkafka::consumer::StreamConsumer;
use rdkafka::error::KafkaError;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

use crate::context::Quiet;
use crate::message::Unreadable;
use crate::settings::{CHECKPOINTS, Connection, SettingsError, check_topic};
use lanes::{Arrived, Lanes};
use notes::{Note, Notes};
use order::Order;
pub use tenant::Mark;

/// How long a broker may take to answer one question.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no such topic.
    #[error("there is no topic `{0}`, or it may not be read")]
    NoTopic(String),
    /// No broker answers.
    #[error("no broker answers: {0}")]
    Away(String),
    /// The client failed.
    #[error("the topic cannot be read: {0}")]
    Kafka(#[from] KafkaError),
}

/// What a reader is told.
#[derive(Clone, Debug)]
pub struct ReaderSettings {
    /// Where from.
    pub connection: Connection,
    /// The topic of events.
    pub topic: String,
    /// The hub's verifier key, got from it by another way. With it checkpoints are read, too; a tenant's own key is
    /// for that tenant's only.
    pub key: Option<VerifierKey>,
    /// Events that wait, at most, for one before them that has not come.
    pub window: usize,
    /// How long they wait at the end of the topic.
    pub patience: Duration,
    /// The consumer group under whose name brokers count and limit this reader. It commits nothing there.
    pub group: String,
}

impl ReaderSettings {
    /// Of a topic, without a key.
    pub fn new(connection: Connection, topic: String) -> Self {
        Self {
            connection,
            topic,
            key: None,
            window: 1000,
            patience: Duration::from_secs(10),
            group: "clustermaster-reader".to_owned(),
        }
    }
}

/// Where a message lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
}

/// What an event is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one that belongs next in its tenant's ledger, every byte of it.
    Sound,
    /// It came after others that belong behind it, and too late to be put in its place.
    Late {
        /// Whether it fits the event before it. The one behind it was judged without it.
        proven: bool,
    },
    /// It is not the one that belongs there, or those before it are missing.
    Fault(Fault),
}

/// What a checkpoint is worth, which was signed by whom it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointVerdict {
    /// What was read comes to the root that was signed.
    Fits,
    /// It does not: the hub has signed another history than it has sent.
    Differs {
        /// The root that was signed.
        signed: Hash,
        /// The root of what was read.
        found: Hash,
    },
    /// The tenant's ledger was not read from its beginning without a fault, or so much lies between that the root is not at hand.
    Unchecked,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly everything that is read is an event")]
pub enum Read {
    /// An event, in its tenant's order.
    Event {
        /// As the hub recorded it.
        recorded: Recorded,
        /// What it is worth.
        verdict: Verdict,
        /// Where it lies.
        place: Place,
    },
    /// A message that is no event.
    Unreadable {
        /// Where it lies.
        place: Place,
        /// Why it is none.
        why: Unreadable,
    },
    /// A checkpoint, once as many events were read as it is of.
    Checkpoint {
        /// Whose.
        tenant: Uuid,
        /// Of how many events.
        size: u64,
        /// What it is worth.
        verdict: CheckpointVerdict,
    },
    /// A message among the checkpoints that whoever holds the key has not signed.
    Forged {
        /// Where it lies, in the topic of checkpoints.
        place: Place,
        /// Why it is none.
        why: String,
    },
}

/// More of a tenant's ledger was signed than was read: the rest has not come yet, or the topic was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Whose.
    pub tenant: Uuid,
    /// Events under the largest checkpoint.
    pub signed: u64,
    /// Events that were read.
    pub read: u64,
}

/// Where a reader stands. Keep it together with what the events have led to, and where nobody else can write: it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bookmark {
    /// The offset to go on from, by partition.
    pub offsets: BTreeMap<i32, i64>,
    /// Each tenant's ledger.
    pub tenants: Vec<Mark>,
}

/// Reads the bus.
pub struct Reader {
    lanes: Lanes,
    notes: Option<Notes>,
    order: Order,
    patience: Duration,
    /// When something was judged last.
    moved: Instant,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Reader").field("order", &self.order).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens the topic where a bookmark lies, or with an empty one at its beginning. Checkpoints are read first, all that are there.
    pub async fn open(settings: &ReaderSettings, from: Bookmark) -> Result<Self, ReaderError> {
        settings.connection.check()?;
        check_topic(&settings.topic)?;
        let notes = match &settings.key {
            Some(key) => {
                let topic = format!("{}{CHECKPOINTS}", settings.topic);
                Some(Notes::open(consumer(settings)?, &topic, key.clone()).await?)
            }
            None => None,
        };
        let Bookmark { offsets, tenants } = from;
        let lanes =
            Lanes::open(consumer(settings)?, &settings.topic, |partition| offsets.get(&partition).copied());
        let (lanes, order) = (lanes.await?, Order::new(settings.window, tenants));
        Ok(Self { lanes, notes, order, patience: settings.patience, moved: Instant::now() })
    }

    /// The next thing that was read; `None` once the end was reached (see [`Reader::caught_up`]), and then each time that nothing has come
    /// within a time. Cut off, it loses nothing.
    pub async fn next(&mut self, within: Duration) -> Result<Option<Read>, ReaderError> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(read) = self.order.pop() {
                self.moved = Instant::now();
                return Ok(Some(read));
            }
            if let Some(notes) = self.notes.as_mut().filter(|notes| !notes.caught_up()) {
                match timeout(deadline - Instant::now().min(deadline), notes.next()).await {
                    Ok(note) => match note?.and_then(|note| self.note(note)) {
                        Some(read) => return Ok(Some(read)),
                        None => continue,
                    },
                    Err(_) => return Ok(None),
                }
            }
            let order = &self.order;
            if let Some(Arrived { place, what }) = self.lanes.take(|event| order.is_due(event), false) {
                match what {
                    Ok(event) => self.order.push(place, event),
                    Err(why) => return Ok(Some(Read::Unreadable { place, why })),
                }
                continue;
            }
            let caught_up = self.caught_up();
            let stuck = self.lanes.holds() || self.order.waiting() > 0;
            let overdue = if stuck { self.moved + self.patience } else { deadline };
            let notes = async {
                match &mut self.notes {
                    Some(notes) => notes.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                arrived = self.lanes.arrive() => {
                    arrived?;
                    if !caught_up && self.caught_up() {
                        return Ok(None);
                    }
                }
                note = notes => {
                    if let Some(read) = note?.and_then(|note| self.note(note)) {
                        return Ok(Some(read));
                    }
                }
                () = sleep_until(overdue.min(deadline)) => {
                    if !stuck || overdue > deadline {
                        return Ok(None);
                    }
                    if let Some(read) = self.give_up() {
                        return Ok(Some(read));
                    }
                }
            }
        }
    }

    /// Waits no longer for what is missing.
    fn give_up(&mut self) -> Option<Read> {
        self.moved = Instant::now();
        while let Some(Arrived { place, what }) = self.lanes.take(|_| false, true) {
            match what {
                Ok(event) => self.order.push(place, event),
                Err(why) => return Some(Read::Unreadable { place, why }),
            }
        }
        self.order.overdue()
    }

    fn note(&mut self, note: Note) -> Option<Read> {
        match note {
            Note::Signed { tenant, checkpoint } => {
                self.order.hold(tenant, checkpoint.size, checkpoint.root);
                None
            }
            Note::Forged { place, why } => Some(Read::Forged { place, why }),
        }
    }

    /// Where it stands, once what was read last was dealt with.
    pub fn bookmark(&self) -> Bookmark {
        let mut offsets: BTreeMap<i32, i64> = self.lanes.offsets().collect();
        for Place { partition, offset } in self.order.places() {
            offsets.entry(partition).and_modify(|next| *next = offset.min(*next));
        }
        Bookmark { offsets, tenants: self.order.marks() }
    }

    /// Whether everything was read that was there when the topic was looked at last, and nothing waits.
    pub fn caught_up(&self) -> bool {
        self.lanes.ended() && self.order.waiting() == 0
    }

    /// How many messages repeated an event.
    pub fn repeats(&self) -> u64 {
        self.order.repeats()
    }

    /// Tenants of whose ledger more was signed than was read. At the end of the topic that means that it was cut.
    pub fn shortfalls(&self) -> Vec<Shortfall> {
        self.order.shortfalls()
    }
}

fn consumer(settings: &ReaderSettings) -> Result<StreamConsumer<Quiet>, KafkaError> {
    let mut config = settings.connection.client();
    config
        .set("group.id", &settings.group)
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        // Where an offset no longer exists, what is missing is named by the chain.
        .set("auto.offset.reset", "earliest")
        .set("queued.max.messages.kbytes", "16384");
    config.create_with_context(Quiet::default())
}
