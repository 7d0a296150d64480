//! A topic of a real broker, named by `CLUSTERMASTER_TEST_KAFKA_BROKER` (the program, not an address).

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use hub_kit::siem::Authority;
use hub_kit::until;
use hub_siem::transport::{Secrets, Settings};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{Headers as _, Message as _};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::{away, events, impatient, settings, way};

const INSTALL: &str = "set CLUSTERMASTER_TEST_KAFKA_BROKER to a broker's program (nisshi)";

fn program() -> Option<PathBuf> {
    let found =
        std::env::var_os("CLUSTERMASTER_TEST_KAFKA_BROKER").map(PathBuf::from).filter(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("CLUSTERMASTER_FORBID_SKIPS").is_none(), "no Kafka broker here: {INSTALL}");
        eprintln!("SKIP: no Kafka broker here: {INSTALL}");
    }
    found
}

/// A running broker. Dropping it kills it.
struct Broker {
    address: String,
    _child: Child,
    _folder: TempDir,
}

impl Broker {
    /// With an authority it speaks TLS, under a certificate for `localhost`.
    async fn start(program: PathBuf, authority: Option<&Authority>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let address = format!("localhost:{port}");
        let (listener, advertised) = (format!("tcp://127.0.0.1:{port}"), format!("tcp://{address}"));
        let mut command = Command::new(program);
        command.args(["broker", "--listener-url", &listener, "--advertised-listener-url", &advertised]);
        if let Some(authority) = authority {
            let (certificate, key) = authority.issue("localhost").unwrap();
            for (name, text) in [("cert.pem", certificate), ("key.pem", key)] {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
            command.args(["--cert", "cert.pem", "--key", "key.pem"]);
        }
        let child = command
            .args(["--storage-engine", "sqlite://broker.db"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let ready =
            until(Duration::from_secs(30), || async { TcpStream::connect(("127.0.0.1", port)).await.ok() });
        ready.await.expect("the broker comes up");
        Self { address, _child: child, _folder: folder }
    }
}

#[tokio::test]
async fn siem_kafka_gets_records_in_order() {
    let Some(program) = program() else { return };
    let broker = Broker::start(program, None).await;
    let settings = settings();
    let config = json!({ "kind": "kafka", "brokers": broker.address, "topic": "audit" });
    let way = way(&config, &Secrets::default(), &settings);
    let sent = events(500);
    for portion in sent.chunks(123) {
        way.send(portion).await.unwrap();
    }
    way.send(&[]).await.unwrap();
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", &broker.address)
        .set("group.id", "siem")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&["audit"]).unwrap();
    let read = async {
        let mut found = Vec::new();
        while found.len() < sent.len() {
            found.push(consumer.recv().await.unwrap().detach());
        }
        found
    };
    let found = tokio::time::timeout(Duration::from_mins(1), read).await.expect("all of them");
    for (message, record) in sent.iter().zip(&found) {
        assert_eq!(record.payload().unwrap(), message.body);
        assert_eq!(record.key().unwrap(), settings.export.to_string().as_bytes());
        assert_eq!(record.partition(), found[0].partition());
        let headers = record.headers().unwrap();
        let header =
            |name: &str| headers.iter().find(|header| header.key == name).and_then(|header| header.value);
        assert_eq!(header("id"), Some(message.id.as_bytes()));
        assert_eq!(header("kind"), Some(message.kind.as_bytes()));
        assert_eq!(record.timestamp().to_millis(), Some(message.time.timestamp_millis()));
    }
}

#[tokio::test]
async fn siem_kafka_trusts_who_the_export_names() {
    let Some(program) = program() else { return };
    let (authority, stranger) = (Authority::new().unwrap(), Authority::new().unwrap());
    let broker = Broker::start(program, Some(&authority)).await;
    let over = |ca: String| {
        let tls = json!({ "ca": ca });
        let config = json!({ "kind": "kafka", "brokers": broker.address, "topic": "audit", "tls": tls });
        way(&config, &Secrets::default(), &Settings { answer_within: Duration::from_secs(3), ..settings() })
    };
    over(authority.pem()).send(&events(10)).await.unwrap();
    let (delivered, _, message) = away(over(stranger.pem()).send(&events(1)).await);
    assert!(delivered == 0 && message.contains("SSL"), "{message}");
}

#[tokio::test]
async fn siem_kafka_without_a_broker_is_away() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let config = json!({ "kind": "kafka", "brokers": format!("127.0.0.1:{port}"), "topic": "audit" });
    let way = way(&config, &Secrets::default(), &impatient());
    for _ in 0..2 {
        let (delivered, _, message) = away(way.send(&events(2)).await);
        assert!(delivered == 0 && message.contains("Kafka: "), "{message}");
    }
}
