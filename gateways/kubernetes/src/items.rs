//! A Kubernetes list, taken apart while it arrives: each item is handed on and forgotten, so that a list of any length
//! costs the memory of one item. The frame around the items is kept, for it says whether there are more.

use serde::Deserialize;

/// The largest item, in bytes. etcd takes objects up to 1.5 MiB.
const ITEM: usize = 4 << 20;
/// The largest frame, in bytes.
const FRAME: usize = 64 << 10;

/// What arrives is not a list of Kubernetes objects.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAList;

/// What stands around the items.
#[derive(Debug, Deserialize)]
struct Frame {
    kind: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

/// Takes a list apart. It looks only at nesting and strings; what an item holds is its reader's affair.
#[derive(Debug, Default)]
pub(crate) struct Items {
    frame: Vec<u8>,
    item: Vec<u8>,
    /// Open brackets: of the frame, or of the item.
    depth: usize,
    within: bool,
    string: bool,
    escaped: bool,
}

impl Items {
    /// Takes the next bytes; `each` gets every item that is complete, as JSON.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), NotAList>,
    ) -> Result<(), NotAList> {
        for byte in bytes {
            if self.within {
                if self.inside(*byte)? {
                    each(&self.item)?;
                    self.item.clear();
                }
            } else {
                self.outside(*byte)?;
            }
        }
        Ok(())
    }

    /// The end of the list: where the next page begins, if there is one.
    pub(crate) fn finish(self) -> Result<Option<String>, NotAList> {
        if self.within {
            return Err(NotAList);
        }
        let frame: Frame = serde_json::from_slice(&self.frame).map_err(|_| NotAList)?;
        if !frame.kind.ends_with("List") {
            return Err(NotAList);
        }
        Ok(frame.metadata.next.filter(|next| !next.is_empty()))
    }

    /// A byte of an item, or between two. Tells when an item is complete.
    fn inside(&mut self, byte: u8) -> Result<bool, NotAList> {
        if self.depth == 0 {
            match byte {
                b'{' => {}
                b']' => {
                    self.within = false;
                    self.depth = 1;
                    self.frame.push(byte);
                    return Ok(false);
                }
                b',' | b' ' | b'\t' | b'\r' | b'\n' => return Ok(false),
                _ => return Err(NotAList),
            }
        }
        if self.item.len() >= ITEM {
            return Err(NotAList);
        }
        self.item.push(byte);
        self.nest(byte)?;
        Ok(self.depth == 0)
    }

    fn outside(&mut self, byte: u8) -> Result<(), NotAList> {
        if self.frame.len() >= FRAME {
            return Err(NotAList);
        }
        if byte == b'[' && !self.string && self.depth == 1 && after_items(&self.frame) {
            self.within = true;
            self.depth = 0;
            self.frame.push(byte);
            return Ok(());
        }
        self.frame.push(byte);
        self.nest(byte)
    }

    fn nest(&mut self, byte: u8) -> Result<(), NotAList> {
        if self.string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.string = false,
                _ => {}
            }
            return Ok(());
        }
        match byte {
            b'"' => self.string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.checked_sub(1).ok_or(NotAList)?,
            _ => {}
        }
        Ok(())
    }
}

/// Whether the frame ends with the key `items`.
fn after_items(frame: &[u8]) -> bool {
    let key = frame.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
    key.is_some_and(|key| key.ends_with(b"\"items\"") && !key.ends_with(b"\\\"items\""))
}

#[cfg(test)]
mod tests;
