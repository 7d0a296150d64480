//! The bus as an outlet: what is handed over is outside once the brokers have acknowledged it.

use std::time::Instant;

use async_trait::async_trait;
use hub_projections::Event;
use hub_projections::outlet::{Fault, Notice, Outlet, Undelivered};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::line::{Halt, Line};
use crate::settings::{BusSettings, SettingsError};
use crate::{telemetry, topics};

/// Why the bus is not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The client cannot be made of the settings: a certificate cannot be read, for example.
    #[error("the Kafka client cannot be made: {0}")]
    Config(String),
    /// A topic is not there and was not made.
    #[error(
        "the topic `{topic}` is not there and was not made ({why}): make it, or let the hub's user make topics"
    )]
    NoTopic {
        /// Which topic.
        topic: String,
        /// Why not.
        why: String,
    },
    /// No broker answers.
    #[error("no broker answers: {0}")]
    Away(String),
}

/// Every event of every tenant to one topic, in the ledger's order within each stream, and checkpoints to another.
///
/// After a failure the producer goes with all that it holds, and the next delivery opens another: nothing of an older one can come behind
/// what a newer one has sent.
pub struct Bus {
    settings: BusSettings,
    line: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    line: Option<Line>,
    /// Whether both topics were seen.
    topics: bool,
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Bus").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Bus {
    /// Opens the bus. Wrong settings are told at once; a broker that is away is the concern of the first delivery.
    pub fn open(settings: BusSettings) -> Result<Self, BusError> {
        settings.check()?;
        let held = Held { line: Some(Line::open(&settings)?), topics: false };
        Ok(Self { settings, line: Mutex::new(held) })
    }

    async fn send(&self, line: &Line, items: &[Event], notices: &[Notice]) -> Result<(), Halt> {
        line.events(items).await?;
        for notice in notices {
            // Nothing is held back on the bus, so nobody needs a manifest there: sequences have no gaps.
            let Notice::Checkpoint(checkpoint) = notice else { continue };
            line.checkpoint(checkpoint).await.map_err(|halt| Halt { done: items.len(), ..halt })?;
            telemetry::messages("checkpoints", "acknowledged", 1);
        }
        Ok(())
    }

    /// The line, and both topics at its other end.
    async fn line(&self, held: &mut Held) -> Result<Line, BusError> {
        let line = held.line.take().map_or_else(|| Line::open(&self.settings), Ok)?;
        if !held.topics {
            let refused = topics::make(&self.settings).await?;
            match line.missing().await {
                Ok(None) => held.topics = true,
                Ok(Some(topic)) => return Err(BusError::NoTopic { topic, why: refused.join("; ") }),
                Err(away) => {
                    held.line = Some(line);
                    return Err(away);
                }
            }
        }
        Ok(line)
    }
}

#[async_trait]
impl Outlet<Event> for Bus {
    async fn deliver(&self, items: &[Event], notices: &[Notice]) -> Result<(), Undelivered> {
        let started = Instant::now();
        let mut held = self.line.lock().await;
        // The line is taken out while it is in use: should nobody wait for this delivery any more, it goes, and what it holds with it.
        let away = |cause: BusError| Undelivered {
            delivered: 0,
            fault: Fault::Away { after: None },
            message: cause.to_string(),
        };
        let line = Open(Some(self.line(&mut held).await.map_err(away)?));
        let sent = self.send(line.get(), items, notices).await;
        telemetry::delivery(started.elapsed());
        let done = sent.as_ref().map_or_else(|halt| halt.done, |()| items.len());
        telemetry::messages("events", "acknowledged", done);
        telemetry::bytes(items[..done].iter().map(|event| event.recorded.payload.len()).sum());
        let Err(Halt { done, refused, message }) = sent else {
            held.line = line.keep();
            return Ok(());
        };
        let fault = if refused {
            held.line = line.keep();
            telemetry::messages("events", "refused", 1);
            Fault::Poison
        } else {
            // A topic may have gone.
            held.topics = false;
            line.end().await;
            telemetry::messages("events", "away", items.len() - done);
            Fault::Away { after: None }
        };
        Err(Undelivered { delivered: done, fault, message })
    }
}

/// A line in use. Ending one takes up to half a second, on a thread that nobody waits for.
struct Open(Option<Line>);

impl Open {
    fn get(&self) -> &Line {
        self.0.as_ref().expect("a line in use is there until it is kept or ended")
    }

    fn keep(mut self) -> Option<Line> {
        self.0.take()
    }

    async fn end(mut self) {
        let line = self.0.take();
        spawn_blocking(move || drop(line)).await.ok();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            std::thread::spawn(move || drop(line));
        }
    }
}
