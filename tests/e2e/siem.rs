//! Ways out to a SIEM: a real rsyslog and a broker, stand-ins for the others, and the real ones where their address is set.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bulk;
mod hec;
mod kafka;
mod outlet;
mod syslog;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use hub_commands::ports::Clock as _;
use hub_domain::export::Transport as Config;
use hub_domain::kernel::{ExportId, TenantId, TypedId as _};
use hub_kit::{SystemClock, ids};
use hub_projections::outlet::{Fault, Undelivered};
use hub_siem::transport::{Message, Secrets, Settings, Transport, open};
use serde_json::{Value, json};

/// Settings for another side on this machine, without TLS; impatient.
fn settings() -> Settings {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let (tenant, export) = (TenantId::from_uuid(ids::uuid()), ExportId::from_uuid(ids::uuid()));
    Settings {
        host: "hub.example".into(),
        allow_plaintext: true,
        answer_within: Duration::from_secs(20),
        ..Settings::new(tenant, export, Arc::new(SystemClock))
    }
}

/// The same, for another side that will not answer.
fn impatient() -> Settings {
    let brief = Duration::from_millis(500);
    Settings { connect_within: brief, answer_within: brief, acknowledge_within: brief, ..settings() }
}

fn secrets(document: &Value) -> Secrets {
    Secrets::parse(&document.to_string().into()).unwrap()
}

fn way(config: &Value, secrets: &Secrets, settings: &Settings) -> Box<dyn Transport> {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    open(&config, secrets, settings).unwrap()
}

/// An event as one of the JSON formats writes it.
fn event(n: usize) -> Message {
    Message {
        id: ids::uuid().to_string(),
        time: SystemClock.now(),
        kind: "cluster.import_requested.v1".into(),
        severity: 6,
        json: true,
        body: json!({ "n": n, "text": "Gr\u{fc}\u{df}e\n" }).to_string().into_bytes(),
    }
}

fn events(count: usize) -> Vec<Message> {
    (0..count).map(event).collect()
}

/// An event as CEF writes it.
fn line(n: usize) -> Message {
    Message {
        json: false,
        body: format!("CEF:0|ClusterMaster|Hub|0.1|x|line {n}|3|").into_bytes(),
        ..event(n)
    }
}

/// How many were delivered, and how long to wait.
#[track_caller]
fn away(answer: Result<(), Undelivered>) -> (usize, Option<Duration>, String) {
    let undelivered = answer.expect_err("not all is delivered");
    match undelivered.fault {
        Fault::Away { after } => (undelivered.delivered, after, undelivered.message),
        Fault::Poison => panic!("{undelivered}"),
    }
}

/// Which one is poison.
#[track_caller]
fn poison(answer: Result<(), Undelivered>) -> usize {
    let undelivered = answer.expect_err("one is not taken");
    assert_eq!(undelivered.fault, Fault::Poison, "{undelivered}");
    undelivered.delivered
}
