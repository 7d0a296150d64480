//! What can be told of settings without a broker.

use super::{BusSettings, Connection, Create, Mechanism, Sasl, Security, SettingsError, Tls};

fn connection(brokers: &str) -> Connection {
    Connection { brokers: brokers.to_owned(), security: Security::default() }
}

fn sasl(mechanism: Mechanism, username: &str) -> Sasl {
    Sasl { mechanism, username: username.to_owned(), password: "hidden".into() }
}

#[test]
fn brokers_are_hosts_and_ports() {
    for brokers in ["kafka:9092", "a:1, b:2", "[::1]:9092", "10.0.0.1:65535,"] {
        assert_eq!(connection(brokers).check(), Ok(()), "{brokers}");
    }
    for broker in ["kafka", "kafka:", ":9092", "kafka:0", "kafka:65536", "kafka://host:9092", "a b:1"] {
        let refused = connection(&format!("fine:1,{broker}")).check();
        assert_eq!(refused, Err(SettingsError::Broker(broker.to_owned())), "{broker}");
    }
    assert_eq!(connection(" , ").check(), Err(SettingsError::NoBroker));
    let shown = connection("user:hidden@kafka:9092").check().expect_err("an address carries no secret");
    assert!(!shown.to_string().contains("hidden"), "{shown}");
}

#[test]
fn topics_are_named_as_kafka_allows() {
    let settings = |topic: &str| BusSettings::new(connection("kafka:9092"), topic.to_owned()).check();
    let longest = "x".repeat(249 - ".checkpoints".len());
    for topic in ["clustermaster.events", "a", "A_b-c.1", &longest] {
        assert_eq!(settings(topic), Ok(()), "{topic}");
    }
    for topic in ["", ".", "..", "a b", "a/b", "ä", &format!("{longest}x")] {
        assert_eq!(settings(topic), Err(SettingsError::Topic(topic.to_owned())), "{topic}");
    }
    let mut none = BusSettings::new(connection("kafka:9092"), "events".to_owned());
    none.create = Some(Create { partitions: Some(0), replication: None });
    assert!(none.check().expect_err("no partition").to_string().contains("partitions must be at least 1"));
}

#[test]
fn a_password_is_not_sent_in_the_clear_and_not_shown() {
    let mut plain = connection("kafka:9092");
    plain.security.sasl = Some(sasl(Mechanism::Plain, "hub"));
    assert_eq!(plain.check(), Err(SettingsError::PlainInTheClear));
    plain.security.tls = Some(Tls::default());
    assert_eq!(plain.check(), Ok(()));
    assert_eq!(plain.client().get("security.protocol"), Some("sasl_ssl"));
    assert!(!format!("{plain:?} {:?}", plain.client()).contains("hidden"), "{plain:?}");

    let mut scram = connection("kafka:9092");
    scram.security.sasl = Some(sasl(Mechanism::ScramSha512, "hub"));
    assert_eq!(scram.check(), Ok(()));
    assert_eq!(scram.client().get("sasl.mechanisms"), Some("SCRAM-SHA-512"));
    scram.security.sasl = Some(sasl(Mechanism::ScramSha256, ""));
    assert_eq!(scram.check(), Err(SettingsError::NoUser));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = || Some("/nowhere/ca.pem".into());
    let identity = Some(("/nowhere/cert.pem".into(), "/nowhere/key.pem".into()));
    for (tls, file) in [
        (Tls { ca_file: missing(), identity: None }, "/nowhere/ca.pem"),
        (Tls { ca_file: None, identity }, "/nowhere/cert.pem"),
    ] {
        let mut under_tls = connection("kafka:9092");
        under_tls.security.tls = Some(tls);
        let refused = under_tls.check().expect_err("there is no such file").to_string();
        assert!(refused.starts_with(file), "{refused}");
    }
}
