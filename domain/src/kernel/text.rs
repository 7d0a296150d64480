//! Text that has passed its rule. A value of these types is valid by construction, also after reading it back.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Which rule a text broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(String);

impl TextError {
    fn new(rule: impl Into<String>) -> Self {
        Self(rule.into())
    }
}

/// A DNS label (RFC 1123, as Kubernetes names are): 1-63 of `a-z`, `0-9` and `-`, ends alphanumeric.
fn dns_label(text: &str) -> Result<(), TextError> {
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    let inside = bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
    if bytes.len() <= 63 && inside && edge(bytes.first()) && edge(bytes.last()) {
        return Ok(());
    }
    Err(TextError::new(
        "must be a DNS label: 1 to 63 characters of a-z, 0-9 and '-', starting and ending with a letter or digit",
    ))
}

/// Printable text of bounded length without control characters.
fn printable(text: &str, most: usize) -> Result<(), TextError> {
    if text.trim().is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(TextError::new(format!(
            "must be 1 to {most} characters, not blank, without control characters"
        )));
    }
    Ok(())
}

fn region(text: &str) -> Result<(), TextError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=63).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(());
    }
    Err(TextError::new("must be 1 to 63 characters of letters, digits, '-', '_' and '.'"))
}

/// A pseudonymous subject id: `user_01j…` or `system:observer`.
fn actor(text: &str) -> Result<(), TextError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
    if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(());
    }
    Err(TextError::new("must be 1 to 128 characters of letters, digits, '-', '_' and ':'"))
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the rule.
            pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
                let text = text.into();
                ($rule)(&text)?;
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, out)
            }
        }
    };
}

text!(
    /// A cluster's name: a DNS label.
    ClusterName,
    dns_label
);
text!(
    /// An export's name: a DNS label.
    ExportName,
    dns_label
);
text!(
    /// A tenant's name: a DNS label.
    TenantName,
    dns_label
);
text!(
    /// A provider's region or an on-premises site.
    Region,
    region
);
text!(
    /// Why somebody did something: up to 500 characters.
    Reason,
    |text: &str| printable(text, 500)
);
text!(
    /// Who acts: a pseudonymous subject id, `user_01j…` or `system:observer`.
    Actor,
    actor
);
text!(
    /// The name under which the vault keeps a secret; never the secret.
    SecretRef,
    |text: &str| printable(text, 200)
);
text!(
    /// Personal data sealed under its subject's own key (base64); readable only while that key exists.
    Sealed,
    |text: &str| printable(text, 4096)
);
text!(
    /// Whose key sealed a [`Sealed`] text: destroying that key erases the text everywhere.
    Subject,
    actor
);

/// Labels under Kubernetes' rules: at most 64, keys `[prefix/]name` up to 63 characters a name, values up to 63.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// Checks each key and value.
    pub fn new(labels: BTreeMap<String, String>) -> Result<Self, TextError> {
        if labels.len() > 64 {
            return Err(TextError::new("must hold at most 64 labels"));
        }
        for (key, value) in &labels {
            let (prefix, name) =
                key.split_once('/').map_or((None, key.as_str()), |(prefix, name)| (Some(prefix), name));
            let prefix_fits = prefix.is_none_or(|prefix| {
                prefix.len() <= 253
                    && !prefix.is_empty()
                    && prefix.split('.').all(|label| dns_label(label).is_ok())
            });
            if !prefix_fits || !label_text(name) {
                return Err(TextError::new(format!(
                    "label key `{}` breaks Kubernetes' rule for label keys",
                    short(key)
                )));
            }
            if !value.is_empty() && !label_text(value) {
                return Err(TextError::new(format!(
                    "the value of label `{key}` breaks Kubernetes' rule for label values"
                )));
            }
        }
        Ok(Self(labels))
    }

    /// The labels by key.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

fn label_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    bytes.len() <= 63 && bytes.iter().all(inside) && edge(bytes.first()) && edge(bytes.last())
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

impl TryFrom<BTreeMap<String, String>> for Labels {
    type Error = TextError;
    fn try_from(labels: BTreeMap<String, String>) -> Result<Self, TextError> {
        Self::new(labels)
    }
}

impl From<Labels> for BTreeMap<String, String> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}
