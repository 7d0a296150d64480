//! What a batch of events makes of a table. Pure.

use std::collections::HashMap;

use crate::event::{Event, Poison};
use crate::projection::{Key, Kind, Projection, Stored};

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes<R> {
    /// Versions of earlier batches that end: their key, and the position at which they do.
    pub ended: Vec<(Key, u64)>,
    /// Rows that will never change again: of a [`Kind::Append`] table, and versions that began and ended here.
    pub done: Vec<Stored<R>>,
    /// The newest row of every key that was touched.
    pub newest: HashMap<Key, Stored<R>>,
}

impl<R> Changes<R> {
    /// Every row to be written.
    pub fn rows(&self) -> Vec<&Stored<R>> {
        self.done.iter().chain(self.newest.values()).collect()
    }
}

/// Folds events in order. `known` answers the row of a key before the batch, `None` where there is none.
///
/// Stops before the first event that cannot be read, and says which one that is: what comes before it counts.
pub fn fold<'e, P: Projection>(
    events: impl IntoIterator<Item = &'e Event>,
    mut known: impl FnMut(&Key) -> Option<P::Row>,
) -> (Changes<P::Row>, Option<Poison>) {
    let mut changes = Changes { ended: vec![], done: vec![], newest: HashMap::new() };
    for event in events {
        let Some(key) = P::key(event) else { continue };
        let step = match P::KIND {
            Kind::Append => append::<P>(&mut changes, event),
            Kind::Current | Kind::Versioned => change::<P>(&mut changes, event, key, &mut known),
        };
        if let Err(poison) = step {
            return (changes, Some(poison));
        }
    }
    (changes, None)
}

fn append<P: Projection>(changes: &mut Changes<P::Row>, event: &Event) -> Result<(), Poison> {
    let row = P::fold(None, event)?;
    changes.done.push(Stored { row, valid_from: None, valid_to: None });
    Ok(())
}

fn change<P: Projection>(
    changes: &mut Changes<P::Row>,
    event: &Event,
    key: Key,
    known: &mut impl FnMut(&Key) -> Option<P::Row>,
) -> Result<(), Poison> {
    let versioned = P::KIND == Kind::Versioned;
    let position = event.recorded.position;
    let before = match changes.newest.get(&key) {
        Some(newest) => Some(newest.row.clone()),
        None => known(&key),
    };
    let existed = before.is_some();
    let row = P::fold(before, event)?;
    let stored = Stored { row, valid_from: versioned.then_some(position), valid_to: None };
    if !versioned {
        changes.newest.insert(key, stored);
    } else if let Some(newest) = changes.newest.get_mut(&key) {
        let mut version = std::mem::replace(newest, stored);
        version.valid_to = Some(position);
        changes.done.push(version);
    } else {
        if existed {
            changes.ended.push((key.clone(), position));
        }
        changes.newest.insert(key, stored);
    }
    Ok(())
}
