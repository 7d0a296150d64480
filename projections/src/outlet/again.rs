//! What was set aside, tried again because somebody asked for it: late, one by one, before the turn goes on.

use std::time::Duration;

use tokio::time::sleep;

use super::work::{Stop, Work};
use super::{Fault, Undelivered};

/// Dead letters that are read at a time.
const SOME: u32 = 256;

impl<T: Send + Sync + 'static> Work<'_, T> {
    /// Tries dead letters again, where somebody has asked for it.
    pub(super) async fn try_again(&self) -> Result<(), Stop> {
        let pump = self.pump;
        loop {
            let due = pump.store.due(&pump.name, SOME).await?;
            if due.is_empty() {
                return Ok(());
            }
            for letter in due {
                let found = pump.feed.read(letter.position - 1, 1).await?;
                let made = found.into_iter().next().map(|event| (pump.make)(event)).transpose();
                let refused = match made.map(Option::flatten) {
                    Ok(Some(item)) => self.insist(&[item]).await?,
                    Ok(None) => None,
                    Err(what) => Some(what),
                };
                let (name, position) = (&pump.name, letter.position);
                if !pump.store.settle(name, self.token, position, refused.as_deref()).await? {
                    return Err(Stop::Lost);
                }
            }
        }
    }

    /// Hands one item over, however long it takes. Answers why it was refused.
    async fn insist(&self, item: &[T]) -> Result<Option<String>, Stop> {
        let pump = self.pump;
        let mut pauses = pump.settings.pauses();
        loop {
            match self.deliver(item, &[]).await? {
                Ok(()) => return Ok(None),
                Err(Undelivered { fault: Fault::Poison, message, .. }) => return Ok(Some(message)),
                Err(Undelivered { fault: Fault::Away { after }, message, .. }) => {
                    pump.store.fail(&pump.name, self.token, &message).await?.ok_or(Stop::Lost)?;
                    let pause = pauses.next().unwrap_or(pump.settings.longest_pause);
                    self.held(sleep(pause.max(after.unwrap_or_default())), Duration::ZERO).await?;
                }
            }
        }
    }
}
