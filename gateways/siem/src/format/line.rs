//! Lines of `key=value`: what CEF and LEEF have in common.
//!
//! A value can end neither its field nor its line. Control characters that neither format can write stand as U+FFFD, the replacement character.

use std::fmt::{Display, Write as _};

/// How a format writes what would mean something else.
pub trait Escape {
    /// What stands for a character within a value, where it does not stand for itself.
    fn value(letter: char) -> Option<&'static str>;
    /// The same within the header.
    fn header(letter: char) -> Option<&'static str>;
    /// What stands between two fields.
    const DELIMITER: char;
}

/// What replaces a control character.
pub const REPLACEMENT: &str = "\u{fffd}";
/// What ends a value that was cut.
const CUT: char = '…';

/// A line in the making.
pub struct Line<E> {
    text: String,
    fields: usize,
    escape: std::marker::PhantomData<E>,
}

impl<E: Escape> Line<E> {
    /// A line that begins so.
    pub fn new(begin: &str) -> Self {
        let mut text = String::with_capacity(1024);
        text.push_str(begin);
        Self { text, fields: 0, escape: std::marker::PhantomData }
    }

    /// A field of the header, behind a pipe; cut to so many bytes.
    pub fn header(&mut self, value: &str, most: usize) {
        self.text.push('|');
        self.escaped(value, most, E::header);
    }

    /// Ends the header with what is written as it stands.
    pub fn end_header(&mut self, last: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "|{last}|");
    }

    /// A field; an empty one is left out, a long one is cut to so many bytes.
    pub fn text(&mut self, key: &str, value: &str, most: usize) {
        if !value.is_empty() {
            self.key(key);
            self.escaped(value, most, E::value);
        }
    }

    /// A field that holds nothing to escape: a number, a time, an id.
    pub fn plain(&mut self, key: &str, value: impl Display) {
        self.key(key);
        let _ = write!(self.text, "{value}");
    }

    /// The line.
    pub fn end(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// A field that names another: `keyLabel`.
    pub fn label(&mut self, key: &str, label: &str) {
        self.delimit();
        for part in [key, "Label=", label] {
            self.text.push_str(part);
        }
    }

    fn key(&mut self, key: &str) {
        self.delimit();
        self.text.push_str(key);
        self.text.push('=');
    }

    fn delimit(&mut self) {
        if self.fields > 0 {
            self.text.push(E::DELIMITER);
        }
        self.fields += 1;
    }

    fn escaped(&mut self, value: &str, most: usize, escape: fn(char) -> Option<&'static str>) {
        let fits = value.len() <= most;
        let value = if fits { value } else { &value[..value.floor_char_boundary(most - CUT.len_utf8())] };
        let mut from = 0;
        for (at, letter) in value.char_indices() {
            let written = escape(letter).or_else(|| letter.is_control().then_some(REPLACEMENT));
            if let Some(written) = written {
                self.text.push_str(&value[from..at]);
                self.text.push_str(written);
                from = at + letter.len_utf8();
            }
        }
        self.text.push_str(&value[from..]);
        if !fits {
            self.text.push(CUT);
        }
    }
}
