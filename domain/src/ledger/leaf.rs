//! The leaf (interim).
use sha2::{Digest, Sha256};
use uuid::Uuid;
/// A SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);
impl Hash {
    /// 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);
}
/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}
/// Leaf hash.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(leaf);
    Hash(hasher.finalize().into())
}
/// Bad leaf.
#[derive(Debug, thiserror::Error)]
#[error("the leaf is malformed")]
pub struct LeafError;
/// A leaf.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Leaf<'a> {
    pub tenant: Uuid,
    pub sequence: u64,
    pub previous: Hash,
    pub event_id: Uuid,
    pub command_id: Uuid,
    pub recorded_at: i64,
    pub stream: &'a str,
    pub revision: u64,
    pub event_type: &'a str,
    pub schema_version: u16,
    pub actor: &'a str,
    pub metadata_hash: Hash,
    pub payload_hash: Hash,
}
impl Leaf<'_> {
    /// Encodes.
    pub fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), LeafError> {
        out.push(1);
        out.extend(self.tenant.as_bytes());
        out.extend(self.sequence.to_be_bytes());
        out.extend(self.previous.0);
        out.extend(self.event_id.as_bytes());
        out.extend(self.command_id.as_bytes());
        out.extend(self.recorded_at.to_be_bytes());
        for text in [self.stream] {
            out.extend((text.len() as u16).to_be_bytes());
            out.extend(text.as_bytes());
        }
        out.extend(self.revision.to_be_bytes());
        out.extend((self.event_type.len() as u16).to_be_bytes());
        out.extend(self.event_type.as_bytes());
        out.extend(self.schema_version.to_be_bytes());
        out.extend((self.actor.len() as u16).to_be_bytes());
        out.extend(self.actor.as_bytes());
        out.extend(self.metadata_hash.0);
        out.extend(self.payload_hash.0);
        Ok(())
    }
}
