//! What the transport says of messages is told of items.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hub_domain::export::{Format, Transport as Config};
use hub_domain::ledger::Hash;
use hub_projections::models::AuditLog;
use hub_projections::outlet::{Fault, Manifest, Notice, Outlet as _, Undelivered};
use uuid::Uuid;

use super::{SiemOutlet, open};
use crate::transport::testing::settings;
use crate::transport::{Message, Secrets, Settings, Transport};

/// Takes everything but messages of some ids, of which it says what it is told to.
#[derive(Clone, Default)]
struct Choosy {
    refused: Vec<(String, Fault)>,
    taken: Arc<Mutex<Vec<Message>>>,
}

#[async_trait]
impl Transport for Choosy {
    async fn send(&self, messages: &[Message]) -> Result<(), Undelivered> {
        for (delivered, message) in messages.iter().enumerate() {
            if let Some((_, fault)) = self.refused.iter().find(|(id, _)| *id == message.id) {
                return Err(Undelivered { delivered, fault: *fault, message: "no".into() });
            }
            self.taken.lock().expect("nobody panicked").push(message.clone());
        }
        Ok(())
    }
}

fn outlet(format: Format) -> SiemOutlet {
    let settings = Settings { export_dir: Some("/nowhere".into()), ..settings() };
    let file = Config::File { name: "a".into(), max_bytes: 1 << 20, keep: 0 };
    open(format, &file, &Secrets::default(), &settings).expect("an outlet")
}

fn choosy(refused: &[(String, Fault)]) -> (SiemOutlet, Choosy) {
    let choosy = Choosy { refused: refused.to_vec(), ..Choosy::default() };
    (SiemOutlet { transport: Box::new(choosy.clone()), ..outlet(Format::Json) }, choosy)
}

fn entries(count: u128) -> Vec<AuditLog> {
    let sample = outlet(Format::Json).sample();
    (0..count).map(|nth| AuditLog { id: Uuid::from_u128(nth + 1), ..sample.clone() }).collect()
}

fn notices(count: u64) -> Vec<Notice> {
    let manifest = |from| Manifest {
        outlet: "export_1".into(),
        tenant: Uuid::from_u128(1),
        from,
        to: from,
        count: 1,
        root: Hash([7; 32]),
        checkpoint: None,
    };
    (0..count).map(|from| Notice::Manifest(manifest(from))).collect()
}

/// The ids under which they go out.
fn ids(outlet: &SiemOutlet, items: &[AuditLog], notices: &[Notice]) -> Vec<String> {
    let items = items.iter().map(|entry| entry.id.to_string());
    items.chain(notices.iter().map(|notice| outlet.writer.notice(notice).id)).collect()
}

fn taken(choosy: &Choosy) -> Vec<String> {
    choosy.taken.lock().expect("nobody panicked").iter().map(|message| message.id.clone()).collect()
}

#[tokio::test]
async fn notices_go_behind_items() {
    let (outlet, choosy) = choosy(&[]);
    let (items, notices) = (entries(3), notices(2));
    assert_eq!(outlet.deliver(&items, &notices).await, Ok(()));
    assert_eq!(taken(&choosy), ids(&outlet, &items, &notices));
    assert_eq!(outlet.deliver(&[], &[]).await, Ok(()));
}

#[tokio::test]
async fn what_is_refused_is_the_item_at_its_place() {
    let items = entries(3);
    for fault in [Fault::Poison, Fault::Away { after: None }] {
        let (outlet, choosy) = choosy(&[(items[1].id.to_string(), fault)]);
        let undelivered = outlet.deliver(&items, &notices(1)).await.expect_err("one is refused");
        assert_eq!((undelivered.delivered, undelivered.fault), (1, fault));
        assert_eq!(taken(&choosy), [items[0].id.to_string()]);
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_poison_behind_what_could() {
    let mut items = entries(3);
    items[1].tenant = Uuid::nil();
    let (outlet, choosy) = choosy(&[]);
    let undelivered = outlet.deliver(&items, &[]).await.expect_err("one has no tenant");
    assert_eq!((undelivered.delivered, undelivered.fault), (1, Fault::Poison));
    assert_eq!(taken(&choosy), [items[0].id.to_string()]);
    // What is away holds up what cannot be written.
    let away = Fault::Away { after: None };
    let (outlet, _) = self::choosy(&[(items[0].id.to_string(), away)]);
    let undelivered = outlet.deliver(&items, &[]).await.expect_err("away");
    assert_eq!((undelivered.delivered, undelivered.fault), (0, away));
}

#[tokio::test]
async fn a_notice_is_never_the_items_fault() {
    let (items, notices) = (entries(2), notices(3));
    let names = ids(&outlet(Format::Json), &items, &notices);
    let away = Fault::Away { after: None };
    let (outlet, choosy) = choosy(&[(names[3].clone(), Fault::Poison)]);
    assert_eq!(outlet.deliver(&items, &notices).await, Ok(()));
    assert_eq!(taken(&choosy), [&names[..3], &names[4..]].concat(), "the others go out, once");
    let (outlet, _) = self::choosy(&[(names[2].clone(), Fault::Poison), (names[4].clone(), away)]);
    let undelivered = outlet.deliver(&items, &notices).await.expect_err("away");
    assert_eq!((undelivered.delivered, undelivered.fault), (2, away));
}

#[tokio::test]
async fn a_test_is_one_message_in_each_format() {
    for format in [Format::Ocsf, Format::Ecs, Format::Cef, Format::Leef, Format::Json] {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = Settings { export_dir: Some(dir.path().to_owned()), ..settings() };
        let file = Config::File { name: "a".into(), max_bytes: 1 << 20, keep: 0 };
        let outlet = open(format, &file, &Secrets::default(), &settings).expect("an outlet");
        outlet.test().await.expect("it is written");
        let path = dir.path().join(settings.tenant.to_string()).join("a");
        let text = std::fs::read_to_string(path).expect("a file");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("export.test"), "{text}");
    }
}
