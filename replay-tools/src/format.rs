//! The export file, format 2: see `FORMAT.md`.

use std::io::{self, BufRead, Write};

use hub_domain::ledger::{Hash, Head, Leaf, NOTE_LIMIT, Recorded};

const MAGIC: &[u8; 8] = b"CMLEDG02";
const EVENT: u8 = b'E';
const HEAD: u8 = b'H';
const CHECKPOINT: u8 = b'C';
const END: u8 = b'Z';
/// Two payload-sized fields, a leaf and the fixed parts: nothing valid is larger.
const RECORD_LIMIT: u32 = (2 << 20) + 4096;

/// Why a file is not an export.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file could not be read or written.
    #[error("the file cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// It does not begin as an export does.
    #[error("this is not a ledger export of format 2")]
    Magic,
    /// It ends in the middle, or without its end record.
    #[error("the file was cut off after {events} events")]
    CutOff {
        /// Whole events before the cut.
        events: u64,
    },
    /// A record does not fit its shape.
    #[error("record {record} is malformed: {what}")]
    Malformed {
        /// Which, from 1.
        record: u64,
        /// What is wrong.
        what: String,
    },
}

/// Writes an export.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    events: u64,
    first: u64,
    body: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    pub fn new(mut out: W) -> Result<Self, FormatError> {
        out.write_all(MAGIC)?;
        Ok(Self { out, events: 0, first: 0, body: Vec::new() })
    }

    fn record(&mut self, kind: u8) -> Result<(), FormatError> {
        self.out.write_all(&[kind])?;
        self.out.write_all(&(self.body.len() as u32).to_be_bytes())?;
        self.out.write_all(&self.body)?;
        Ok(())
    }

    /// Adds an event, whose leaf follows `previous` in its tenant's chain.
    pub fn event(&mut self, event: &Recorded, previous: Hash) -> Result<(), FormatError> {
        let leaf = event
            .leaf(previous)
            .encode()
            .map_err(|cause| FormatError::Malformed { record: self.events + 1, what: cause.to_string() })?;
        if self.events == 0 {
            self.first = event.position;
        }
        self.events += 1;
        self.body.clear();
        self.body.extend(event.position.to_be_bytes());
        self.body.extend(event.leaf_hash.0);
        self.body.extend((leaf.len() as u16).to_be_bytes());
        self.body.extend(leaf);
        for field in [&event.metadata, &event.payload] {
            self.body.extend((field.len() as u32).to_be_bytes());
            self.body.extend(field);
        }
        self.record(EVENT)
    }

    /// Adds a tenant's head.
    pub fn head(&mut self, head: &Head) -> Result<(), FormatError> {
        self.body.clear();
        self.body.extend(head.tenant.as_bytes());
        self.body.extend(head.size.to_be_bytes());
        self.body.extend(head.last.0);
        self.body.extend(head.root.0);
        self.record(HEAD)
    }

    /// Adds a tenant's signed checkpoint. These come before the events.
    pub fn checkpoint(&mut self, note: &str) -> Result<(), FormatError> {
        self.body.clear();
        self.body.extend(note.as_bytes());
        self.record(CHECKPOINT)
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<W, FormatError> {
        self.body.clear();
        self.body.extend(self.events.to_be_bytes());
        self.body.extend(self.first.to_be_bytes());
        self.record(END)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// What a file holds, record by record.
#[derive(Debug)]
pub enum Record {
    /// An event, and its leaf, byte for byte as it stands in the file.
    Event(Box<Recorded>, Vec<u8>),
    /// A tenant's head, as the exporter saw it.
    Head(Head),
    /// A tenant's signed checkpoint: the note.
    Checkpoint(String),
}

/// Reads an export.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    records: u64,
    events: u64,
    first: u64,
    ended: bool,
    body: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    /// Begins to read.
    pub fn new(mut input: R) -> Result<Self, FormatError> {
        let mut magic = [0; 8];
        input.read_exact(&mut magic).map_err(|_| FormatError::Magic)?;
        if &magic != MAGIC {
            return Err(FormatError::Magic);
        }
        Ok(Self { input, records: 0, events: 0, first: 0, ended: false, body: Vec::new() })
    }

    /// The position of the first event; 0 before it was read.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The next record, or `None` after the end record.
    pub fn next_record(&mut self) -> Result<Option<Record>, FormatError> {
        if self.ended {
            return Ok(None);
        }
        let mut frame = [0; 5];
        self.fill(&mut frame)?;
        self.records += 1;
        let length = u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]);
        if length > RECORD_LIMIT {
            return Err(self.malformed(format!("a length of {length} bytes")));
        }
        let mut body = std::mem::take(&mut self.body);
        body.resize(length as usize, 0);
        self.fill(&mut body)?;
        let record = self.parse(frame[0], &body);
        self.body = body;
        record
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), FormatError> {
        self.input.read_exact(buffer).map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => FormatError::CutOff { events: self.events },
            _ => cause.into(),
        })
    }

    fn malformed(&self, what: impl Into<String>) -> FormatError {
        FormatError::Malformed { record: self.records, what: what.into() }
    }

    fn parse(&mut self, kind: u8, body: &[u8]) -> Result<Option<Record>, FormatError> {
        let mut fields = Fields(body);
        let short = || FormatError::Malformed { record: self.records, what: "it ends too early".into() };
        let record = match kind {
            EVENT => {
                let position = fields.u64().ok_or_else(short)?;
                let stated = fields.hash().ok_or_else(short)?;
                let leaf_length = fields.u16().ok_or_else(short)?;
                let bytes = fields.take(leaf_length.into()).ok_or_else(short)?;
                let metadata = fields.sized().ok_or_else(short)?;
                let payload = fields.sized().ok_or_else(short)?;
                let leaf =
                    Leaf::decode(bytes).map_err(|cause| self.malformed(format!("its leaf: {cause}")))?;
                let event = Recorded {
                    position,
                    tenant: leaf.tenant,
                    sequence: leaf.sequence,
                    stream: leaf.stream.to_owned(),
                    revision: leaf.revision,
                    event_id: leaf.event_id,
                    command_id: leaf.command_id,
                    recorded_at: leaf.recorded_at,
                    event_type: leaf.event_type.to_owned(),
                    schema_version: leaf.schema_version,
                    actor: leaf.actor.to_owned(),
                    metadata: metadata.to_vec(),
                    payload: payload.to_vec(),
                    leaf_hash: stated,
                };
                if self.events == 0 {
                    self.first = position;
                }
                self.events += 1;
                Some(Record::Event(Box::new(event), bytes.to_vec()))
            }
            HEAD => Some(Record::Head(Head {
                tenant: uuid::Uuid::from_bytes(fields.array().ok_or_else(short)?),
                size: fields.u64().ok_or_else(short)?,
                last: fields.hash().ok_or_else(short)?,
                root: fields.hash().ok_or_else(short)?,
            })),
            CHECKPOINT => {
                if self.events > 0 {
                    return Err(self.malformed("a checkpoint stands behind an event"));
                }
                let note = fields.take(body.len().min(NOTE_LIMIT)).ok_or_else(short)?;
                let note = std::str::from_utf8(note).map_err(|_| self.malformed("its note is not UTF-8"))?;
                Some(Record::Checkpoint(note.to_owned()))
            }
            END => {
                let (events, first) = (fields.u64().ok_or_else(short)?, fields.u64().ok_or_else(short)?);
                if (events, first) != (self.events, self.first) {
                    return Err(self.malformed(format!(
                        "it counts {events} events from position {first}; the file holds {} from {}",
                        self.events, self.first
                    )));
                }
                self.ended = true;
                if !self.input.fill_buf()?.is_empty() {
                    return Err(self.malformed("bytes follow the end record"));
                }
                None
            }
            other => return Err(self.malformed(format!("an unknown kind {other:#04x}"))),
        };
        if fields.0.is_empty() { Ok(record) } else { Err(self.malformed("it holds more than its fields")) }
    }
}

/// Takes fields off the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn hash(&mut self) -> Option<Hash> {
        self.array().map(Hash)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(length as usize)
    }
}
