//! What is written, held against what others have published.

mod cef;
mod corpus;
mod ecs;
mod examples;
mod hostile;
mod json;
mod leef;
mod ocsf;
mod writer;

use hub_domain::export::Format;

use super::{Product, Writer};

const FORMATS: [Format; 5] = [Format::Ocsf, Format::Ecs, Format::Cef, Format::Leef, Format::Json];

fn writer(format: Format) -> Writer {
    Writer::new(format, Product { version: "0.1.0".into(), hub: "hub.example.org".into() })
}

/// A message's body, which has no line break in it.
fn line(message: &crate::transport::Message) -> &str {
    let text = std::str::from_utf8(&message.body).unwrap();
    assert!(!text.contains(['\n', '\r']), "{text}");
    text
}
