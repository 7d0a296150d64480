//! Syslog to a real rsyslog, over TCP and TLS, which is killed and comes back.

use std::time::Duration;

use hub_kit::siem::rsyslog::available;
use hub_kit::siem::{Authority, Rsyslog};
use hub_kit::until;
use hub_siem::transport::{Message, Secrets, Settings, Transport};
use serde_json::{Value, json};

use super::{away, event, secrets, settings, way};

const NAME: &str = "siem.example";

/// Bodies as they come: short, of many lines, of 60 KB, and full of what could be taken for a frame.
fn messages(count: usize) -> Vec<Message> {
    (0..count)
        .map(|n| {
            let body = match n % 4 {
                0 => format!("message {n}"),
                1 => format!("message {n}\nin\r\nlines\n\n"),
                2 => format!("message {n} {}", "\u{fc}".repeat(30_000)),
                _ => format!("message {n} 12 <110>1 - - - - - - \u{0} 99999999 <"),
            };
            Message { json: false, body: body.into_bytes(), ..event(n) }
        })
        .collect()
}

/// What the receiver has, without what syslog puts before it.
fn bodies(rsyslog: &Rsyslog) -> Vec<String> {
    let raw = rsyslog.messages().unwrap();
    raw.iter()
        .map(|raw| raw.split_once("] \u{feff}").unwrap_or_else(|| panic!("{raw:.80}")).1.to_owned())
        .collect()
}

/// rsyslog writes a zero byte as its own escape.
fn wanted(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .map(|message| String::from_utf8(message.body.clone()).unwrap().replace('\0', "#000"))
        .collect()
}

/// Bodies are long: only the first that differ are shown, and only their beginnings.
#[track_caller]
fn same(found: &[String], wanted: &[String]) {
    let brief = |body: Option<&String>| body.map(|body| body.chars().take(60).collect::<String>());
    let differs = (0..found.len().max(wanted.len())).find(|at| found.get(*at) != wanted.get(*at));
    if let Some(at) = differs {
        panic!("{at} of {}: {:?} instead of {:?}", wanted.len(), brief(found.get(at)), brief(wanted.get(at)));
    }
}

fn identity(authority: &Authority) -> Secrets {
    let (certificate, key) = authority.issue("hub.example").unwrap();
    secrets(&json!({ "client_certificate": certificate, "client_key": key }))
}

fn over_tls(rsyslog: &Rsyslog, tls: &Value, secrets: &Secrets) -> Box<dyn Transport> {
    way(&json!({ "kind": "syslog", "address": rsyslog.tls(), "tls": tls }), secrets, &settings())
}

fn both(rsyslog: &Rsyslog, authority: &Authority) -> [Box<dyn Transport>; 2] {
    let plain = json!({ "kind": "syslog", "address": rsyslog.plain() });
    let tls = json!({ "ca": authority.pem(), "server_name": NAME });
    [way(&plain, &Secrets::default(), &settings()), over_tls(rsyslog, &tls, &identity(authority))]
}

#[tokio::test]
async fn siem_syslog_arrives_once_whole_and_in_order() {
    if !available() {
        return;
    }
    let authority = Authority::new().unwrap();
    let rsyslog = Rsyslog::start(&authority, NAME).await.unwrap();
    let sent = messages(200);
    let mut all = Vec::new();
    for way in both(&rsyslog, &authority) {
        for portion in sent.chunks(37) {
            way.send(portion).await.unwrap();
            all.extend(wanted(portion));
            // What has been answered for is there at once.
            assert_eq!(bodies(&rsyslog).len(), all.len());
        }
        way.send(&[]).await.unwrap();
    }
    same(&bodies(&rsyslog), &all);
    let raw = rsyslog.messages().unwrap();
    assert!(raw[0].starts_with("<110>1 2"), "{}", raw[0]);
    assert!(
        raw[0].contains("Z hub.example clustermaster - cluster.import_requested.v1 [meta sequenceId=\"1\"]"),
        "{}",
        raw[0]
    );
    assert!(raw[199].contains("[meta sequenceId=\"200\"]"), "numbers go on over connections");
}

#[tokio::test]
async fn siem_syslog_checks_who_the_receiver_is() {
    if !available() {
        return;
    }
    let authority = Authority::new().unwrap();
    let rsyslog = Rsyslog::start(&authority, NAME).await.unwrap();
    let stranger = Authority::new().unwrap();
    let ours = identity(&authority);
    for (tls, secrets) in [
        (json!({ "ca": authority.pem() }), &ours),
        (json!({ "ca": authority.pem(), "server_name": "another.example" }), &ours),
        (json!({ "ca": stranger.pem(), "server_name": NAME }), &ours),
        (json!({ "server_name": NAME }), &ours),
    ] {
        let (_, _, message) = away(over_tls(&rsyslog, &tls, secrets).send(&messages(1)).await);
        assert!(message.contains("certificate"), "{message}");
    }
    let tls = json!({ "ca": authority.pem(), "server_name": NAME });
    for secrets in [Secrets::default(), identity(&stranger)] {
        let (delivered, _, _) = away(over_tls(&rsyslog, &tls, &secrets).send(&messages(1)).await);
        assert_eq!(delivered, 0, "rsyslog knows no such client");
    }
    assert!(bodies(&rsyslog).is_empty());
}

/// Sends as who runs it does: what did not arrive again, until it did. Answers with how often it was refused.
async fn pumped(way: &dyn Transport, messages: &[Message]) -> usize {
    let (mut at, mut refusals) = (0, 0);
    while at < messages.len() {
        let end = (at + 20).min(messages.len());
        match way.send(&messages[at..end]).await {
            Ok(()) => at = end,
            Err(undelivered) => {
                at += undelivered.delivered;
                refusals += 1;
                tokio::task::yield_now().await;
            }
        }
    }
    refusals
}

#[tokio::test]
async fn siem_syslog_survives_a_receiver_that_is_killed_or_stopped() {
    if !available() {
        return;
    }
    let authority = Authority::new().unwrap();
    for over_tls in [false, true] {
        let mut rsyslog = Rsyslog::start(&authority, NAME).await.unwrap();
        let (config, secrets) = if over_tls {
            let tls = json!({ "ca": authority.pem(), "server_name": NAME });
            (json!({ "kind": "syslog", "address": rsyslog.tls(), "tls": tls }), identity(&authority))
        } else {
            (json!({ "kind": "syslog", "address": rsyslog.plain() }), Secrets::default())
        };
        let way = way(&config, &secrets, &Settings { max_batch_bytes: 100_000, ..settings() });
        let sent = messages(800);
        let expected = wanted(&sent);
        let pump = tokio::spawn({
            let sent = sent.clone();
            async move { pumped(&*way, &sent).await }
        });
        for ends in 1..=4 {
            let some = until(Duration::from_mins(1), || async {
                (bodies(&rsyslog).len() > ends * 100).then_some(())
            });
            some.await.expect("messages arrive");
            if ends % 2 == 0 {
                rsyslog.kill().await;
            } else {
                rsyslog.stop().await;
            }
            rsyslog.start_again().await.unwrap();
        }
        let refusals = pump.await.unwrap();
        assert!(refusals > 0, "it was never away");
        let found = bodies(&rsyslog);
        let mut seen = std::collections::BTreeSet::new();
        let firsts: Vec<String> = found.iter().filter(|body| seen.insert((*body).clone())).cloned().collect();
        same(&firsts, &expected);
        // Only what was on its way then is there twice.
        assert!(found.len() - firsts.len() <= 4 * 20, "{} repeats", found.len() - firsts.len());
    }
}
