//! What imported streams and events are called in the ledger: never as anything of the hub's own is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

use super::foreign::ForeignEvent;
use crate::fold;

/// The longest name of a stream or an event type, in bytes: both stand in the leaf.
const LONGEST: usize = 300;

/// `imported-KIND_ID`. Bytes other than letters, digits, `-` and `.` (in the id also `_` and `:`) are written `~XX`, so that no two
/// streams of a source get one name.
pub fn stream(kind: &str, id: &str) -> Result<String, String> {
    if kind.is_empty() || id.is_empty() {
        return Err("its stream has no kind or no id".into());
    }
    let mut name = String::from("imported-");
    escape(&mut name, kind, b"-.");
    name.push('_');
    escape(&mut name, id, b"-._:");
    if name.len() > LONGEST {
        return Err(format!("its stream's name would have {} of at most {LONGEST} bytes", name.len()));
    }
    Ok(name)
}

fn escape(into: &mut String, text: &str, plain: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            into.push(char::from(byte));
        } else {
            write!(into, "~{byte:02X}").expect("a text takes whatever is written");
        }
    }
}

/// Wire names that the operator chose: `NameAdded=customer.name_added.v1`, for one kind `Customer/NameAdded=…`.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, String>);

/// One of them, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    from: String,
    to: String,
}

impl FromStr for Rename {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once('=').ok_or("must read [KIND/]TYPE=WIRE_NAME")?;
        if !is_wire_name(to) {
            return Err(format!("`{to}` is no wire name: it must read like `customer.name_added.v1`"));
        }
        let family = to.split('.').next().unwrap_or_default();
        if fold::AGGREGATES.iter().any(|own| own.stream == family) {
            return Err(format!("`{to}`: events of the family `{family}` are the hub's own"));
        }
        Ok(Self { from: from.to_owned(), to: to.to_owned() })
    }
}

impl From<&[Rename]> for Names {
    fn from(given: &[Rename]) -> Self {
        Self(given.iter().map(|one| (one.from.clone(), one.to.clone())).collect())
    }
}

impl Names {
    /// An event's wire name and the version in it. Without a name that was chosen: `imported.KIND.TYPE.vN` in snake case, where `N` is
    /// the number that the version begins with, or 1.
    pub fn wire(&self, event: &ForeignEvent) -> Result<(String, u16), String> {
        let chosen = self.0.get(&format!("{}/{}", event.kind, event.event_type));
        if let Some(name) = chosen.or_else(|| self.0.get(&event.event_type)) {
            return Ok((name.clone(), hub_domain::kernel::version_of(name)));
        }
        let digits: String = event.version.chars().take_while(char::is_ascii_digit).collect();
        let version = digits.parse::<u16>().ok().filter(|version| i16::try_from(*version).is_ok());
        let version = version.unwrap_or(1);
        let name = format!("imported.{}.{}.v{version}", snake(&event.kind), snake(&event.event_type));
        if name.len() > LONGEST {
            return Err(format!("its type's name would have {} of at most {LONGEST} bytes", name.len()));
        }
        Ok((name, version))
    }
}

/// `NameAdded` -> `name_added`.
fn snake(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        let parts = out.is_empty() || out.ends_with('_');
        if character.is_ascii_uppercase() && !parts && !out.ends_with(|last: char| last.is_ascii_uppercase())
        {
            out.push('_');
        }
        if character.is_ascii_alphanumeric() {
            out.push(character);
        } else if !parts {
            out.push('_');
        }
    }
    let out = out.trim_end_matches('_').to_ascii_lowercase();
    if out.is_empty() { "unnamed".into() } else { out }
}

fn is_wire_name(name: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    name.len() <= LONGEST
        && name.rsplit_once(".v").is_some_and(|(front, version)| {
            front.contains('.')
                && front.split('.').all(word)
                && version.bytes().all(|digit| digit.is_ascii_digit())
                && version.parse::<i16>().is_ok()
        })
}
