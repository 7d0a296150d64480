//! What a batch of events makes of a table. Pure.

use std::collections::HashMap;

use crate::event::{Event, Poison};
use crate::projection::{Key, Kind, Projection, Stored};

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes<R> {
    /// Versions that end: their key, and the position at which they do.
    pub ended: Vec<(Key, u64)>,
    /// Rows to add; of a [`Kind::Current`] table, to put in the place of those with the same key.
    pub rows: Vec<Stored<R>>,
    /// The newest row of every key that was touched.
    pub newest: HashMap<Key, R>,
}

/// Folds events in order. `known` answers the row of a key before the batch, `None` where there is none.
///
/// Stops before the first event that cannot be read, and says which one that is: what comes before it counts.
pub fn fold<'e, P: Projection>(
    events: impl IntoIterator<Item = &'e Event>,
    mut known: impl FnMut(&Key) -> Option<P::Row>,
) -> (Changes<P::Row>, Option<Poison>) {
    let mut changes = Changes { ended: vec![], rows: vec![], newest: HashMap::new() };
    let mut open: HashMap<Key, usize> = HashMap::new();
    let mut poison = None;
    for event in events {
        let Some(key) = P::key(event) else { continue };
        let before = match P::KIND {
            Kind::Append => None,
            _ => changes.newest.get(&key).cloned().or_else(|| known(&key)),
        };
        let existed = before.is_some();
        let row = match P::fold(before, event) {
            Ok(row) => row,
            Err(found) => {
                poison = Some(found);
                break;
            }
        };
        match P::KIND {
            Kind::Append => changes.rows.push(Stored { row, valid_from: None, valid_to: None }),
            Kind::Current => {
                changes.newest.insert(key, row);
            }
            Kind::Versioned => {
                let position = event.recorded.position;
                match open.insert(key.clone(), changes.rows.len()) {
                    Some(version) => changes.rows[version].valid_to = Some(position),
                    None if existed => changes.ended.push((key.clone(), position)),
                    None => {}
                }
                let version = Stored { row: row.clone(), valid_from: Some(position), valid_to: None };
                changes.rows.push(version);
                changes.newest.insert(key, row);
            }
        }
    }
    if P::KIND == Kind::Current {
        let rows = changes.newest.values().cloned();
        changes.rows = rows.map(|row| Stored { row, valid_from: None, valid_to: None }).collect();
    }
    (changes, poison)
}
