//! Messages in portions that travel at once, and smaller ones where a portion was refused for one message in it.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::Message;

/// What a message needs beside its body, at most, in any of the protocols. Bytes.
const AROUND: usize = 512;

/// Walks over messages from the front.
#[derive(Debug)]
pub(crate) struct Portions<'a> {
    messages: &'a [Message],
    most: usize,
    at: usize,
    /// Lengths of the next portions, the last first.
    ahead: Vec<usize>,
}

impl<'a> Portions<'a> {
    /// Portions of about `most` bytes, and of one message at least.
    pub(crate) fn new(messages: &'a [Message], most: usize) -> Self {
        Self { messages, most, at: 0, ahead: Vec::new() }
    }

    /// The next portion. The same one until it is [`Self::taken`] or [`Self::narrow`]ed.
    pub(crate) fn next(&self) -> Option<Range<usize>> {
        let rest = &self.messages[self.at..];
        if rest.is_empty() {
            return None;
        }
        let length = self.ahead.last().copied().unwrap_or_else(|| {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|message| {
                bytes += message.body.len() + AROUND;
                bytes <= self.most
            });
            fits.count()
        });
        Some(self.at..self.at + length.clamp(1, rest.len()))
    }

    /// The other side has everything up to here.
    pub(crate) fn taken(&mut self, portion: &Range<usize>) {
        self.at = portion.end;
        self.ahead.pop();
    }

    /// The other side refuses the portion because of one message in it: the one of index `suspect` in the portion, if it
    /// says so. Goes on with what stands before that, and then with it alone. False when the portion was one message.
    pub(crate) fn narrow(&mut self, portion: &Range<usize>, suspect: Option<usize>) -> bool {
        if portion.len() < 2 {
            return false;
        }
        self.ahead.pop();
        match suspect {
            Some(0) => self.ahead.push(1),
            Some(nth) if nth < portion.len() => self.ahead.extend([1, nth]),
            _ => self.ahead.push(portion.len() / 2),
        }
        true
    }
}

/// How many messages from the front are what they say they are: a JSON object, or UTF-8.
pub(crate) fn sound(messages: &[Message]) -> usize {
    messages.iter().position(|message| !is_sound(message)).unwrap_or(messages.len())
}

fn is_sound(message: &Message) -> bool {
    if message.json {
        message.body.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(&message.body).is_ok()
    } else {
        std::str::from_utf8(&message.body).is_ok()
    }
}

#[cfg(test)]
mod tests;
