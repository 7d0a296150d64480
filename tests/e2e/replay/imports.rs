//! `import`: a table that postgres-es itself wrote goes under the chain of a tenant.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use hub_kit::Database;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{Executor as _, PgPool};

use super::{Said, audit, refused};
use crate::http::{Running, text};

/// Its table, from postgres-es' `db/init.sql`.
const TABLE: &str = "create table events (
    aggregate_type text not null, aggregate_id text not null, sequence bigint check (sequence >= 0) not null,
    event_type text not null, event_version text not null, payload json not null, metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence))";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Customer {
    names: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum CustomerEvent {
    NameAdded { name: String },
    AddressUpdated { address: String },
}

impl DomainEvent for CustomerEvent {
    fn event_type(&self) -> String {
        match self {
            Self::NameAdded { .. } => "NameAdded".into(),
            Self::AddressUpdated { .. } => "AddressUpdated".into(),
        }
    }
    fn event_version(&self) -> String {
        "2.0".into()
    }
}

impl Aggregate for Customer {
    const TYPE: &'static str = "Customer";
    type Command = CustomerEvent;
    type Event = CustomerEvent;
    type Error = std::io::Error;
    type Services = ();

    async fn handle(
        &mut self,
        event: CustomerEvent,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), std::io::Error> {
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, _: CustomerEvent) {
        self.names += 1;
    }
}

/// A store of postgres-es.
struct Store {
    database: Database,
    pool: PgPool,
}

impl Store {
    async fn open() -> Self {
        let database = Database::fresh().await;
        let pool = PgPool::connect(database.url()).await.unwrap();
        pool.execute(TABLE).await.unwrap();
        Self { database, pool }
    }

    /// Has customers write, by the framework.
    async fn write(&self, customers: std::ops::Range<u64>, events: u64) {
        let cqrs = postgres_es::postgres_cqrs::<Customer>(self.pool.clone(), vec![], ());
        for customer in customers {
            for nth in 0..events {
                let event = if nth % 2 == 0 {
                    CustomerEvent::NameAdded { name: format!("name {nth}") }
                } else {
                    CustomerEvent::AddressUpdated { address: format!("street {nth}") }
                };
                let metadata = [("time".to_owned(), nth.to_string())].into();
                cqrs.execute_with_metadata(&format!("id {customer}"), event, metadata).await.unwrap();
            }
        }
    }

    async fn row(&self, id: &str, sequence: i64, payload: &str) {
        sqlx::query("insert into events values ('Customer', $1, $2, 'NameAdded', '1.0', $3::json, '{}')")
            .bind(id)
            .bind(sequence)
            .bind(payload)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    async fn import(&self, ledger: &str, more: &[&str]) -> Said {
        let from = ["import", "--from-postgres-es", self.database.url(), "--tenant", "default", "--json"];
        audit(ledger, &[&from, more].concat()).await
    }
}

fn counts(said: &Said) -> (u64, u64, u64) {
    let outcome = said.json();
    let count = |name: &str| outcome[name].as_u64().unwrap();
    (count("imported"), count("known"), count("refused"))
}

async fn stream(ledger: &str, stream: &str) -> Vec<Value> {
    audit(ledger, &["replay", "--stream", stream, "--format", "json"]).await.expect(0).lines()
}

#[tokio::test]
async fn a_postgres_es_table_goes_under_the_chain_once() {
    let (running, store) = (Running::with(&[]).await, Store::open().await);
    let (admin, ledger) = (running.admin().await, running.database.url());
    store.write(0..30, 25).await;
    let head = || async { audit(ledger, &["head"]).await.expect(0).json()[0]["size"].as_u64().unwrap() };
    let before = head().await;

    assert_eq!(counts(&store.import(ledger, &["--dry-run"]).await.expect(0)), (750, 0, 0));
    assert_eq!(head().await, before, "a dry run writes nothing");
    let done = store.import(ledger, &["--map", "AddressUpdated=customer.address_updated.v2"]).await.expect(0);
    assert_eq!((counts(&done), &done.json()["streams"]), ((750, 0, 0), &json!(30)));
    let after = head().await;
    assert_eq!(after, before + 752, "and two that say that it was imported");

    // Byte for byte, in order, with an origin.
    let events = stream(ledger, "imported-Customer_id~207").await;
    let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
        "select sequence, event_type, payload::text, metadata::text from events where aggregate_id = 'id 7' order by 1",
    )
    .fetch_all(&store.pool)
    .await
    .unwrap();
    assert_eq!((events.len(), rows.len()), (25, 25));
    for (event, (sequence, event_type, payload, metadata)) in events.iter().zip(&rows) {
        let wire = match event_type.as_str() {
            "NameAdded" => "imported.customer.name_added.v2",
            _ => "customer.address_updated.v2",
        };
        assert_eq!((&event["event_type"], &event["actor"]), (&json!(wire), &json!("system:import")));
        let stored: Vec<u8> =
            sqlx::query_scalar("select payload from ledger.events where event_id = $1::uuid")
                .bind(text(&event["event_id"]))
                .fetch_one(&PgPool::connect(ledger).await.unwrap())
                .await
                .unwrap();
        assert_eq!(String::from_utf8(stored).unwrap(), *payload);
        let origin = &event["metadata"]["imported"];
        assert_eq!((&origin["id"], &origin["revision"]), (&json!("id 7"), &json!(sequence)));
        assert_eq!(origin["metadata"], serde_json::from_str::<Value>(metadata).unwrap());
    }
    assert!(audit(ledger, &["verify"]).await.expect(0).out.contains("the ledger is intact"));

    // Twice is once, and leaves no trace. A store that has grown is imported from where it was.
    let again =
        store.import(ledger, &["--map", "AddressUpdated=customer.address_updated.v2"]).await.expect(0);
    assert_eq!((counts(&again), head().await), ((0, 750, 0), after));
    store.write(7..8, 2).await;
    store.write(100..101, 1).await;
    let more = store.import(ledger, &["--map", "AddressUpdated=customer.address_updated.v2"]).await.expect(0);
    assert_eq!((counts(&more), head().await), ((3, 750, 0), after + 5));
    assert_eq!(stream(ledger, "imported-Customer_id~207").await.len(), 27);

    // The hub shows all of it, and its read models go on.
    let shown = || async {
        let entries = admin.get("audit-logs?limit=500&actor=system:import").await.unwrap().expect(200).body;
        let entries = entries.as_array().unwrap().clone();
        let types: Vec<String> = entries.iter().map(|entry| text(&entry["event_type"])).collect();
        let all = ["imported.customer.name_added.v2", "customer.address_updated.v2", "import.completed.v1"];
        all.iter().all(|wanted| types.iter().any(|found| found == wanted)).then_some(())
    };
    hub_kit::until(crate::http::SOON, shown).await.expect("the audit log shows what was imported");
    let imports = audit(ledger, &["replay", "--type", "import.", "--format", "json"]).await.expect(0).lines();
    let types: Vec<String> = imports.iter().map(|event| text(&event["event_type"])).collect();
    assert_eq!(types, ["import.started.v1", "import.completed.v1"].repeat(2));
    assert_eq!(imports[3]["payload"]["tally"], json!({ "streams": 31, "events": 753, "refused": 0 }));
    assert!(!imports[0].to_string().contains(store.database.url()), "no address stands in the ledger");
}

#[tokio::test]
async fn what_cannot_be_imported_stops_its_own_stream_only() {
    let (running, store) = (Running::with(&[]).await, Store::open().await);
    let ledger = running.database.url();
    store.write(0..3, 4).await;
    store.row("a nul", 1, r#"{"fine":1}"#).await;
    store.row("a nul", 2, r#"{"name":"\u0000"}"#).await;
    store.row("a nul", 3, r#"{"behind":"it"}"#).await;
    store.row("large", 1, &format!("\"{}\"", "x".repeat(3 << 20))).await;
    let said = store.import(ledger, &[]).await.expect(0);
    assert_eq!(counts(&said), (13, 0, 3));
    let refusals = said.json()["refusals"].clone();
    assert_eq!(refusals.as_array().unwrap().len(), 2);
    assert_eq!((&refusals[0]["id"], &refusals[0]["revision"]), (&json!("a nul"), &json!(2)));
    assert!(
        text(&refusals[0]["cause"]).contains("U+0000") && text(&refusals[1]["cause"]).contains("1048576")
    );
    assert_eq!(counts(&store.import(ledger, &["--dry-run"]).await.expect(0)), (0, 13, 3));
    refused(&store.import(ledger, &["--strict"]).await, "event 2 of Customer `a nul` cannot be imported");

    // A row that was changed after it was imported is not imported again, and is named.
    sqlx::query("update events set payload = '{}' where aggregate_id = 'id 1' and sequence = 2")
        .execute(&store.pool)
        .await
        .unwrap();
    let said = store.import(ledger, &[]).await.expect(0);
    assert_eq!(counts(&said), (0, 10, 6));
    assert!(said.out.contains("it was imported before, and said something else"), "{}", said.out);
    assert_eq!(stream(ledger, "imported-Customer_id~201").await.len(), 4);
    audit(ledger, &["verify"]).await.expect(0);
}

#[tokio::test]
async fn an_import_that_was_cut_off_goes_on() {
    let (running, store) = (Running::with(&[]).await, Store::open().await);
    let ledger = running.database.url();
    store.write(0..40, 30).await;
    // Killed while it runs, again and again, until one run comes to its end.
    let mut cut = 0;
    for milliseconds in [60, 90, 120, 150, 180] {
        let mut command = tokio::process::Command::new(hub_kit::hub::program("clustermaster-audit"));
        command
            .args(["import", "--from-postgres-es", store.database.url(), "--tenant", "default"])
            .env("CLUSTERMASTER_DATABASE_URL", ledger)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let within = std::time::Duration::from_millis(milliseconds);
        if tokio::time::timeout(within, child.wait()).await.is_err() {
            child.kill().await.unwrap();
            cut += 1;
        }
    }
    let last = store.import(ledger, &[]).await.expect(0);
    let (imported, known, refused) = counts(&last);
    assert_eq!((imported + known, refused), (1200, 0), "{cut} runs were cut off");
    for customer in [0, 19, 39] {
        let events = stream(ledger, &format!("imported-Customer_id~20{customer}")).await;
        let revisions: Vec<u64> =
            events.iter().map(|event| event["metadata"]["imported"]["revision"].as_u64().unwrap()).collect();
        assert_eq!(revisions, (1..=30).collect::<Vec<_>>());
    }
    audit(ledger, &["verify"]).await.expect(0);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_and_changes_nothing() {
    let (running, store) = (Running::with(&[]).await, Store::open().await);
    let ledger = running.database.url();
    store.write(0..1, 1).await;
    let head = audit(ledger, &["head"]).await.expect(0).out;
    let from = ["import", "--from-postgres-es", store.database.url()];
    let ask = |more: &'static [&'static str]| [&from, more].concat();
    for (asked, why) in [
        (ask(&["--tenant", "nobody"]), "there is no tenant named `nobody`"),
        (ask(&[]), "--tenant"),
        (ask(&["--tenant", "default", "--table", "nowhere"]), "the source's table"),
        (ask(&["--tenant", "default", "--table", "events; drop table events"]), "--table must read"),
        (ask(&["--tenant", "default", "--map", "NameAdded=cluster.imported.v1"]), "the hub's own"),
        (ask(&["--tenant", "default", "--map", "NameAdded"]), "must read"),
        (vec!["import", "--tenant", "default"], "--from-postgres-es"),
        (
            vec!["import", "--tenant", "default", "--from-postgres-es", "nonsense"],
            "the database URL is malformed",
        ),
    ] {
        refused(&audit(ledger, &asked).await, why);
    }
    assert_eq!(audit(ledger, &["head"]).await.expect(0).out, head);
}
