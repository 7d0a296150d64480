//! From what an export says to a way out.

use hub_domain::export::Transport as Config;

use super::bulk::Bulk;
use super::file::Files;
use super::hec::Hec;
use super::kafka::Kafka;
use super::syslog::Syslog;
use super::webhook::Webhook;
use super::{OpenError, Secrets, Settings, Transport};

/// Opens a way out. Touches neither the network nor a disk: that is for the first message, so that whoever is away now can
/// be reached later.
pub fn open(
    config: &Config,
    secrets: &Secrets,
    settings: &Settings,
) -> Result<Box<dyn Transport>, OpenError> {
    Ok(match config {
        Config::Syslog { address, tls } => {
            Box::new(Syslog::open(address, tls.as_ref(), secrets, settings)?) as Box<dyn Transport>
        }
        Config::SplunkHec { url, index, acknowledge, tls } => {
            let index = index.as_deref();
            Box::new(Hec::open(url, index, *acknowledge, tls.as_ref(), secrets, settings)?)
        }
        Config::Elasticsearch { url, index, tls } => {
            Box::new(Bulk::open(url, index, tls.as_ref(), secrets, settings)?)
        }
        Config::Webhook { url, tls } => Box::new(Webhook::open(url, tls.as_ref(), secrets, settings)?),
        Config::File { name, max_bytes, keep } => {
            Box::new(Files::open(name, *max_bytes, *keep, secrets, settings)?)
        }
        Config::Kafka { brokers, topic, tls, sasl } => {
            Box::new(Kafka::open(brokers, topic, tls.as_ref(), *sasl, secrets, settings)?)
        }
    })
}

/// Whether [`open`] would succeed. For the API, before anything is recorded.
pub fn check(config: &Config, secrets: &Secrets, settings: &Settings) -> Result<(), OpenError> {
    open(config, secrets, settings).map(drop)
}

#[cfg(test)]
mod tests;
