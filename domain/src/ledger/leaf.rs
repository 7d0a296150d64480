//! The leaf, format 1: the byte string that is hashed for each event.
//!
//! Integers are big-endian; a text is its length as u16 and its UTF-8. In order: format u8 = 1, tenant 16 bytes, sequence
//! u64, previous leaf hash 32 bytes, event id 16 bytes, command id 16 bytes, recorded at i64, stream text, revision u64,
//! event type text, schema version u16, actor text, SHA-256 of the metadata, SHA-256 of the payload.

use uuid::Uuid;

use super::hash::{Hash, leaf_hash};

/// The format's number, which is the leaf's first byte.
pub const FORMAT: u8 = 1;
/// The largest leaf, in bytes.
pub const LEAF_LIMIT: usize = 1024;

/// What is hashed for one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// In whose ledger.
    pub tenant: Uuid,
    /// Gapless within the tenant, from 0.
    pub sequence: u64,
    /// The leaf hash of the tenant's event before; [`Hash::ZERO`] for the first.
    pub previous: Hash,
    /// The event's id.
    pub event_id: Uuid,
    /// The id of the command that yielded it.
    pub command_id: Uuid,
    /// Microseconds since 1970, UTC.
    pub recorded_at: i64,
    /// The stream's name.
    pub stream: &'a str,
    /// Gapless within the stream, from 0.
    pub revision: u64,
    /// The event's wire name.
    pub event_type: &'a str,
    /// The version of the payload's shape.
    pub schema_version: u16,
    /// A pseudonymous subject id.
    pub actor: &'a str,
    /// SHA-256 of the metadata bytes.
    pub metadata_hash: Hash,
    /// SHA-256 of the payload bytes.
    pub payload_hash: Hash,
}

/// Why bytes and leaves do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// It would be larger than [`LEAF_LIMIT`].
    #[error("the leaf has {0} of at most {LEAF_LIMIT} bytes")]
    TooLong(usize),
    /// It ends before its last field.
    #[error("the leaf ends within its field `{0}`")]
    CutOff(&'static str),
    /// The first byte is another format's.
    #[error("the leaf has format {0}, known is {FORMAT}")]
    Format(u8),
    /// A text is not UTF-8.
    #[error("the leaf's field `{0}` is not UTF-8")]
    Text(&'static str),
    /// Bytes follow the last field.
    #[error("{0} bytes follow the leaf")]
    Trailing(usize),
}

impl<'a> Leaf<'a> {
    /// How many bytes a leaf with these texts has, if it may be one: everything else has one length.
    pub fn length(stream: &str, event_type: &str, actor: &str) -> Result<usize, LeafError> {
        const FIXED: usize = 1 + 16 + 8 + 32 + 16 + 16 + 8 + 2 + 8 + 2 + 2 + 2 + 32 + 32;
        let length = FIXED + stream.len() + event_type.len() + actor.len();
        if length > LEAF_LIMIT { Err(LeafError::TooLong(length)) } else { Ok(length) }
    }

    /// Appends the leaf's bytes. Nothing is appended on an error.
    pub fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), LeafError> {
        let length = Self::length(self.stream, self.event_type, self.actor)?;
        // The limit keeps every text far below what its u16 length can say.
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend_from_slice(&(text.len() as u16).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        };
        out.reserve(length);
        out.push(FORMAT);
        out.extend_from_slice(self.tenant.as_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.previous.0);
        out.extend_from_slice(self.event_id.as_bytes());
        out.extend_from_slice(self.command_id.as_bytes());
        out.extend_from_slice(&self.recorded_at.to_be_bytes());
        text(out, self.stream);
        out.extend_from_slice(&self.revision.to_be_bytes());
        text(out, self.event_type);
        out.extend_from_slice(&self.schema_version.to_be_bytes());
        text(out, self.actor);
        out.extend_from_slice(&self.metadata_hash.0);
        out.extend_from_slice(&self.payload_hash.0);
        Ok(())
    }

    /// The leaf's bytes.
    pub fn encode(&self) -> Result<Vec<u8>, LeafError> {
        let mut out = Vec::new();
        self.encode_into(&mut out)?;
        Ok(out)
    }

    /// Reads a leaf. Strict: `decode(bytes)` succeeds for exactly the byte strings that `encode` can answer.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, LeafError> {
        if bytes.len() > LEAF_LIMIT {
            return Err(LeafError::TooLong(bytes.len()));
        }
        let mut fields = Fields(bytes);
        let [format] = fields.array("format")?;
        if format != FORMAT {
            return Err(LeafError::Format(format));
        }
        let leaf = Self {
            tenant: Uuid::from_bytes(fields.array("tenant")?),
            sequence: u64::from_be_bytes(fields.array("sequence")?),
            previous: Hash(fields.array("previous leaf hash")?),
            event_id: Uuid::from_bytes(fields.array("event id")?),
            command_id: Uuid::from_bytes(fields.array("command id")?),
            recorded_at: i64::from_be_bytes(fields.array("recorded at")?),
            stream: fields.text("stream")?,
            revision: u64::from_be_bytes(fields.array("revision")?),
            event_type: fields.text("event type")?,
            schema_version: u16::from_be_bytes(fields.array("schema version")?),
            actor: fields.text("actor")?,
            metadata_hash: Hash(fields.array("metadata hash")?),
            payload_hash: Hash(fields.array("payload hash")?),
        };
        if fields.0.is_empty() { Ok(leaf) } else { Err(LeafError::Trailing(fields.0.len())) }
    }

    /// `SHA-256(0x00 || leaf)`.
    pub fn hash(&self) -> Result<Hash, LeafError> {
        self.hash_with(&mut Vec::new())
    }

    /// The same. `buffer` is scratch space, kept by the caller for speed.
    pub fn hash_with(&self, buffer: &mut Vec<u8>) -> Result<Hash, LeafError> {
        buffer.clear();
        self.encode_into(buffer)?;
        Ok(leaf_hash(buffer))
    }
}

/// Takes fields off the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], LeafError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(LeafError::CutOff(field))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], LeafError> {
        self.take(N, field)?.try_into().map_err(|_| LeafError::CutOff(field))
    }

    fn text(&mut self, field: &'static str) -> Result<&'a str, LeafError> {
        let length = u16::from_be_bytes(self.array(field)?);
        std::str::from_utf8(self.take(length.into(), field)?).map_err(|_| LeafError::Text(field))
    }
}
