//! What an export's description must keep to, member by member.

use std::collections::BTreeSet;

use super::state::{Filter, Format, SaslMechanism, Tls, Transport};

const MIB: u64 = 1 << 20;
/// The largest file, in bytes.
const LARGEST_FILE: u64 = 1 << 40;
const LONGEST_CA: usize = 64 << 10;
const LONGEST_SECRET: usize = 4096;
const MOST_NAMES: usize = 100;
const OUTCOMES: [&str; 3] = ["succeeded", "failed", "refused"];

/// A member that breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {rule}")]
pub struct Breach {
    /// JSON Pointer (RFC 6901) of the member.
    pub pointer: String,
    /// The rule, as a sentence for people.
    pub rule: String,
}

fn unless(fits: bool, pointer: &str, rule: &str) -> Result<(), Breach> {
    if fits { Ok(()) } else { Err(Breach { pointer: pointer.to_owned(), rule: rule.to_owned() }) }
}

/// Checks how an export is reached, what it sends and which events, and whether these fit each other.
pub fn check(format: Format, transport: &Transport, filter: &Filter) -> Result<(), Breach> {
    match transport {
        Transport::Syslog { address, tls } => {
            unless(host_and_port(address), "/transport/address", "must be host:port")?;
            check_tls(tls.as_ref())?;
        }
        Transport::SplunkHec { url, index, tls, .. } => {
            check_url(url)?;
            check_tls(tls.as_ref())?;
            unless(
                index.as_deref().is_none_or(splunk_index),
                "/transport/index",
                "must be 1 to 80 of a-z, 0-9, '_' and '-', starting with a letter or digit, without `kvstore`",
            )?;
        }
        Transport::Elasticsearch { url, index, tls } => {
            check_url(url)?;
            check_tls(tls.as_ref())?;
            unless(
                elasticsearch_index(index),
                "/transport/index",
                "must be 1 to 255 bytes in lower case without \\ / * ? \" < > | , # : and white space, not starting with - _ + or .",
            )?;
            unless(format.is_json(), "/format", "must be ocsf, ecs or json: Elasticsearch takes JSON only")?;
        }
        Transport::Webhook { url, tls } => {
            check_url(url)?;
            check_tls(tls.as_ref())?;
        }
        Transport::File { name, max_bytes, keep } => {
            unless(
                name.len() <= 100 && !name.starts_with('.') && !name.is_empty() && name.bytes().all(plain),
                "/transport/name",
                "must be 1 to 100 of letters, digits, '.', '_' and '-', not starting with '.'",
            )?;
            unless(
                (MIB..=LARGEST_FILE).contains(max_bytes),
                "/transport/max_bytes",
                "must be 1048576 (1 MiB) to 1099511627776 (1 TiB)",
            )?;
            unless(*keep <= 10_000, "/transport/keep", "must be 0 to 10000")?;
        }
        Transport::Kafka { brokers, topic, tls, sasl } => {
            let listed: Vec<_> = brokers.split(',').collect();
            unless(
                listed.len() <= 32 && listed.iter().all(|broker| host_and_port(broker)),
                "/transport/brokers",
                "must be 1 to 32 of host:port, separated by commas",
            )?;
            unless(
                topic.len() <= 249 && !["", ".", ".."].contains(&topic.as_str()) && topic.bytes().all(plain),
                "/transport/topic",
                "must be 1 to 249 of letters, digits, '.', '_' and '-', and neither '.' nor '..'",
            )?;
            check_tls(tls.as_ref())?;
            unless(
                *sasl != Some(SaslMechanism::Plain) || tls.is_some(),
                "/transport/sasl",
                "PLAIN needs tls: the password would travel in the clear",
            )?;
        }
    }
    check_filter(filter)
}

/// Checks which secrets are handed in for a transport, each by its name and its length.
pub fn check_secrets<'a>(
    transport: &Transport,
    secrets: impl IntoIterator<Item = (&'a str, usize)>,
) -> Result<(), Breach> {
    let mut given = BTreeSet::new();
    for (name, length) in secrets {
        unless(
            (1..=LONGEST_SECRET).contains(&length),
            &format!("/credentials/{name}"),
            "must be 1 to 4096 bytes",
        )?;
        given.insert(name);
    }
    let choices: &[&[&str]] = match transport {
        Transport::Syslog { .. } | Transport::File { .. } | Transport::Kafka { sasl: None, .. } => &[&[]],
        Transport::SplunkHec { .. } => &[&["token"]],
        Transport::Elasticsearch { .. } => &[&[], &["token"], &["username", "password"]],
        Transport::Webhook { .. } => &[&["signing_key"]],
        Transport::Kafka { sasl: Some(_), .. } => &[&["username", "password"]],
    };
    let fits = choices.iter().any(|choice| choice.iter().copied().collect::<BTreeSet<_>>() == given);
    let words: Vec<_> = choices
        .iter()
        .map(|choice| {
            if choice.is_empty() {
                "be left out".to_owned()
            } else {
                format!("hold {}", choice.join(" and "))
            }
        })
        .collect();
    unless(fits, "/credentials", &format!("must {} for {}", words.join(" or "), transport.kind()))
}

fn check_filter(filter: &Filter) -> Result<(), Breach> {
    let word = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let action = |text: &String| {
        text.split_once('.').is_some_and(|(group, rest)| word(group) && (rest == "*" || word(rest)))
    };
    unless(
        filter.actions.len() <= MOST_NAMES && filter.actions.iter().all(action),
        "/filter/actions",
        "must be at most 100 commands such as cluster.import, or cluster.*",
    )?;
    unless(
        filter.target_types.len() <= MOST_NAMES && filter.target_types.iter().all(|text| word(text)),
        "/filter/target_types",
        "must be at most 100 kinds such as cluster",
    )?;
    unless(
        filter.outcomes.iter().all(|text| OUTCOMES.contains(&text.as_str())),
        "/filter/outcomes",
        "must be of succeeded, failed and refused",
    )
}

fn check_tls(tls: Option<&Tls>) -> Result<(), Breach> {
    let Some(tls) = tls else { return Ok(()) };
    let pem = |text: &String| text.len() <= LONGEST_CA && text.contains("-----BEGIN CERTIFICATE-----");
    unless(
        tls.ca.as_ref().is_none_or(pem),
        "/transport/tls/ca",
        "must be certificates in PEM, at most 64 KiB",
    )?;
    unless(
        tls.server_name.as_deref().is_none_or(host),
        "/transport/tls/server_name",
        "must be a DNS name or an address",
    )
}

/// `https://host[:port][/path]`; in the clear only on the hub's own machine. What stands before an `@` would be a secret.
fn check_url(url: &str) -> Result<(), Breach> {
    let printable = url.len() <= 2048 && url.bytes().all(|byte| byte.is_ascii_graphic());
    let parts = url.strip_prefix("https://").map(|rest| (rest, true));
    let parts = parts.or_else(|| url.strip_prefix("http://").map(|rest| (rest, false)));
    let fits = printable
        && parts.is_some_and(|(rest, secure)| {
            let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            let named = match authority.rsplit_once(':') {
                Some((name, digits)) if !digits.ends_with(']') => port(digits).then_some(name),
                _ => Some(authority),
            };
            let local = |name| ["localhost", "127.0.0.1", "[::1]"].contains(&name);
            !rest.contains('#') && named.is_some_and(|name| host(name) && (secure || local(name)))
        });
    unless(
        fits,
        "/transport/url",
        "must be https://host[:port][/path], at most 2048 characters, without a user name; http only for this machine",
    )
}

fn host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(name, digits)| host(name) && port(digits))
}

fn port(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|port| port > 0)
}

/// A DNS name, an IPv4 address, or an IPv6 address in brackets.
fn host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|inner| inner.parse::<core::net::Ipv6Addr>().is_ok());
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// Splunk's own rule for names of indexes.
fn splunk_index(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (1..=80).contains(&text.len())
        && text.bytes().all(fits)
        && !text.starts_with(['_', '-'])
        && !text.contains("kvstore")
}

/// Elasticsearch's own rule for names of indexes and data streams.
fn elasticsearch_index(text: &str) -> bool {
    let fits = |c: char| {
        !c.is_uppercase()
            && !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '\\' | '/' | '*' | '?' | '"' | '<' | '>' | '|' | ',' | '#' | ':')
    };
    (1..=255).contains(&text.len()) && text.chars().all(fits) && !text.starts_with(['-', '_', '+', '.'])
}
