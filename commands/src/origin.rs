//! From where a command came: personal data, which leaves this crate only sealed.

use std::net::IpAddr;

use hub_domain::kernel::UserId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Characters of a user agent that are kept.
const LONGEST_AGENT: usize = 256;

/// From where a command came. Never logged: it shows itself only as redacted.
#[derive(Clone, Debug)]
pub struct Origin(SecretString);

/// What an [`Origin`] holds, opened for somebody who may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrigin {
    /// The client's address.
    pub ip: IpAddr,
    /// What the client called itself, at most 256 characters without control characters.
    #[serde(default)]
    pub user_agent: Option<String>,
}

impl Origin {
    /// From an address and what the client calls itself.
    pub fn new(ip: IpAddr, user_agent: Option<&str>) -> Self {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
        let user_agent = user_agent.map(clean).filter(|text: &String| !text.is_empty());
        let open = OpenOrigin { ip: ip.to_canonical(), user_agent };
        Self(serde_json::to_string(&open).expect("an address and a text are plain data").into())
    }

    /// The document that is sealed.
    pub(crate) fn document(&self) -> &str {
        self.0.expose_secret()
    }
}

impl OpenOrigin {
    /// Reads the document that was sealed; `None` when it is none.
    pub fn read(document: &SecretString) -> Option<Self> {
        serde_json::from_str(document.expose_secret()).ok()
    }
}

/// Under whose key an origin is sealed: that of the user who acts, or of the user whose stream the hub itself writes.
pub fn subject<'a>(actor: &'a str, stream: &'a str) -> &'a str {
    if actor.parse::<UserId>().is_ok() { actor } else { stream }
}

#[cfg(test)]
mod tests;
