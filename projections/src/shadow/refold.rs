//! The rows that the log tells of, one after the other, with no more of them in memory than may still change.

use std::collections::HashMap;

use super::ShadowError;
use super::snapshot::Snapshot;
use super::sums::{Buckets, Line};
use crate::event::Event;
use crate::feed::EventFeed;
use crate::projection::{Key, Kind, Projection, Stored};

/// Events read at a time.
const PAGE: usize = 1000;
/// Rows that may wait in memory for their last change.
const MOST_OPEN: usize = 50_000;

/// Whether a refold came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refolded {
    /// It did.
    Whole,
    /// More rows than may wait in memory are open at once: it is to be done in parts.
    TooMany,
}

/// Folds the log up to where the snapshot stands and hands over the rows of some buckets.
pub async fn refold<P: Projection>(
    feed: &dyn EventFeed,
    snapshot: &mut Snapshot,
    buckets: &Buckets,
    mut give: impl FnMut(Line),
) -> Result<Refolded, ShadowError> {
    let mut open: HashMap<Key, (u64, P::Row)> = HashMap::new();
    let mut hand_over = |stored: &Stored<P::Row>| {
        let line = Line::of(stored).map_err(|cause| ShadowError::Row(P::NAME, cause))?;
        if buckets.hold(line.bucket()) {
            give(line);
        }
        Ok::<(), ShadowError>(())
    };
    let mut after = 0;
    while after < snapshot.position {
        let limit = PAGE.min((snapshot.position - after) as usize);
        let page = feed.read(after, limit).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for event in page.into_iter().take_while(|event| event.position <= snapshot.position).map(Event::new)
        {
            let Some(key) = P::key(&event) else { continue };
            let position = event.recorded.position;
            if P::KIND == Kind::Append {
                let row = P::fold(None, &event)?;
                hand_over(&Stored { row, valid_from: None, valid_to: None })?;
            } else if buckets.hold_key(&key) {
                let row = P::fold(open.get(&key).map(|(_, row)| row.clone()), &event)?;
                let ended = open.insert(key, (position, row));
                if let (Kind::Versioned, Some((from, row))) = (P::KIND, ended) {
                    hand_over(&Stored { row, valid_from: Some(from), valid_to: Some(position) })?;
                }
            }
        }
        if open.len() > MOST_OPEN && buckets.can_part() {
            return Ok(Refolded::TooMany);
        }
        snapshot.breathe().await?;
    }
    for (from, row) in open.into_values() {
        let valid_from = (P::KIND == Kind::Versioned).then_some(from);
        hand_over(&Stored { row, valid_from, valid_to: None })?;
    }
    Ok(Refolded::Whole)
}
