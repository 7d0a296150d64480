//! Typed, readable ids in `TypeID` form (spec 0.3): a prefix, `_`, and 128 bits in Crockford base32.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// Why a text is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The prefix is another one, or missing.
    #[error("the id must start with `{0}_`")]
    Prefix(&'static str),
    /// What follows the prefix is not 26 base32 digits of at most 128 bits.
    #[error("the id must end in 26 characters of 0-9 and a-z without i, l, o and u, the first at most 7")]
    Suffix,
}

/// An id that knows its prefix.
pub trait TypedId: Copy + fmt::Display + FromStr<Err = IdError> {
    /// The prefix, which is the aggregate's stream name.
    const PREFIX: &'static str;
    /// Wraps a UUID, by custom a `UUIDv7`.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID inside.
    fn uuid(self) -> Uuid;
}

fn encode(uuid: Uuid) -> [u8; LENGTH] {
    let mut bits = uuid.as_u128();
    let mut out = [0; LENGTH];
    for digit in out.iter_mut().rev() {
        *digit = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    out
}

fn decode(text: &str) -> Option<Uuid> {
    let digits = text.as_bytes();
    // 26 digits hold 130 bits: a first digit above 7 would overflow.
    if digits.len() != LENGTH || digits[0] > b'7' {
        return None;
    }
    digits
        .iter()
        .try_fold(0_u128, |bits, digit| {
            let value = ALPHABET.iter().position(|known| known == digit)?;
            Some((bits << 5) | value as u128)
        })
        .map(Uuid::from_u128)
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = encode(self.0);
                write!(out, concat!($prefix, "_{}"), std::str::from_utf8(&digits).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let suffix = text.strip_prefix(concat!($prefix, "_")).ok_or(IdError::Prefix($prefix))?;
                decode(suffix).map(Self).ok_or(IdError::Suffix)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// A tenant: one ledger of its own.
    TenantId,
    "tenant"
);
typed_id!(
    /// A user of one tenant.
    UserId,
    "user"
);
typed_id!(
    /// A managed Kubernetes cluster.
    ClusterId,
    "cluster"
);
typed_id!(
    /// A SIEM export of one tenant.
    ExportId,
    "export"
);
typed_id!(
    /// An import from another event store.
    ImportId,
    "import"
);
