//! The rows that were used last, bounded.

use std::collections::HashMap;

use crate::projection::Key;

/// Two generations of rows: what is used moves into the young one; when that is full, the old one is forgotten.
#[derive(Debug)]
pub struct Recent<R> {
    young: HashMap<Key, R>,
    old: HashMap<Key, R>,
    room: usize,
}

impl<R> Recent<R> {
    /// Holds the `room` rows that were used last, and at most twice as many.
    pub fn new(room: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), room }
    }

    /// A row, if it is held.
    pub fn get(&mut self, key: &Key) -> Option<&R> {
        if let Some((key, row)) = self.old.remove_entry(key) {
            self.put(key, row);
        }
        self.young.get(key)
    }

    /// Holds a row.
    pub fn put(&mut self, key: Key, row: R) {
        if self.young.len() >= self.room && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, row);
    }

    /// How many rows it holds.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Forgets every row.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}
