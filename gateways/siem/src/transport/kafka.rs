//! A Kafka topic. All messages of an export bear its id as their key, so that they stay in one partition, in order.
//!
//! librdkafka finds the brokers' addresses by itself, also those that the first broker names. What is written in the export is
//! held against the rules for addresses, and looked up once more before a producer is made; what brokers name is not.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hub_domain::export::{SaslMechanism, Tls};
use hub_projections::outlet::Undelivered;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use secrecy::ExposeSecret as _;

use super::address::{self, Address};
use super::fault::{away, poison};
use super::portions::Portions;
use super::{Message, OpenError, Secrets, Settings, Transport, tls};

/// Brokers that a text may name.
const MOST_BROKERS: usize = 20;

/// A topic.
pub(crate) struct Kafka {
    config: ClientConfig,
    brokers: Vec<Address>,
    topic: String,
    key: String,
    settings: Settings,
    /// None until the first message, and after a failure: then what librdkafka still holds is dropped with it.
    producer: tokio::sync::Mutex<Option<FutureProducer<Seen>>>,
    seen: Seen,
}

/// What librdkafka last complained about since the producer was made: a delivery that takes too long says nothing of why.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<RDKafkaErrorCode>>>);

impl ClientContext for Seen {
    fn error(&self, error: KafkaError, _reason: &str) {
        use RDKafkaErrorCode::{Authentication, Resolve, SSL};
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match error.rdkafka_error_code() {
            // What else is said follows upon these.
            Some(code @ (SSL | Authentication | Resolve)) => *last = Some(code),
            Some(code) if !matches!(*last, Some(SSL | Authentication | Resolve)) => *last = Some(code),
            _ => {}
        }
    }
}

impl Kafka {
    pub(crate) fn open(
        brokers: &str,
        topic: &str,
        tls: Option<&Tls>,
        sasl: Option<SaslMechanism>,
        secrets: &Secrets,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let brokers = brokers
            .split(',')
            .map(|broker| address::host_and_port(broker.trim(), "/brokers", settings))
            .collect::<Result<Vec<_>, _>>()?;
        if brokers.len() > MOST_BROKERS {
            return Err(OpenError::transport("/brokers", "must be at most 20"));
        }
        if !is_topic(topic) {
            let rule = "must be 1 to 249 of letters, digits, `.`, `_` and `-`, and neither `.` nor `..`";
            return Err(OpenError::transport("/topic", rule));
        }
        let mut config = ClientConfig::new();
        let servers: Vec<String> = brokers.iter().map(written).collect();
        config
            .set("bootstrap.servers", servers.join(","))
            .set("client.id", "clustermaster")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "zstd")
            .set("linger.ms", "5")
            .set("message.timeout.ms", settings.answer_within.as_millis().to_string())
            .set(
                "socket.connection.setup.timeout.ms",
                settings.connect_within.as_millis().max(1000).to_string(),
            );
        secure(&mut config, tls, sasl, secrets, settings)?;
        Ok(Self {
            config,
            brokers,
            topic: topic.into(),
            key: settings.export.to_string(),
            settings: settings.clone(),
            producer: tokio::sync::Mutex::default(),
            seen: Seen::default(),
        })
    }

    async fn connect(&self) -> Result<FutureProducer<Seen>, Undelivered> {
        for broker in &self.brokers {
            let found = broker.resolve(&self.settings).await;
            found.map_err(|error| away(0, format!("Kafka: {error}")))?;
        }
        *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (config, seen) = (self.config.clone(), self.seen.clone());
        // Reads certificates; starts threads.
        let made = tokio::task::spawn_blocking(move || config.create_with_context(seen)).await;
        made.ok().and_then(Result::ok).ok_or_else(|| {
            away(0, "Kafka: librdkafka does not accept the settings; are certificates and keys in PEM?")
        })
    }

    fn record<'a>(&'a self, message: &'a Message) -> FutureRecord<'a, str, [u8]> {
        let content = if message.json { "application/json" } else { "text/plain; charset=utf-8" };
        let headers = [("id", message.id.as_str()), ("kind", &message.kind), ("content-type", content)];
        let headers = headers
            .into_iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
        FutureRecord::to(&self.topic)
            .key(self.key.as_str())
            .payload(message.body.as_slice())
            .timestamp(message.time.timestamp_millis())
            .headers(headers)
    }

    async fn produce(
        &self,
        producer: &FutureProducer<Seen>,
        messages: &[Message],
    ) -> Result<(), Undelivered> {
        let mut portions = Portions::new(messages, self.settings.max_batch_bytes);
        while let Some(mut portion) = portions.next() {
            let (mut flying, mut refused) = (Vec::with_capacity(portion.len()), None);
            for message in &messages[portion.clone()] {
                match producer.send_result(self.record(message)) {
                    Ok(delivery) => flying.push(delivery),
                    Err((error, _)) => {
                        refused = Some(error);
                        break;
                    }
                }
            }
            portion.end = portion.start + flying.len();
            for (at, delivery) in portion.clone().zip(flying) {
                match delivery.await {
                    Ok(Ok(_)) => {}
                    Ok(Err((error, _))) => return Err(self.failed(at, &error)),
                    Err(_) => return Err(away(at, "Kafka: the producer stopped")),
                }
            }
            match refused {
                // What was in the queue has left it.
                Some(error)
                    if !portion.is_empty()
                        && error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {}
                Some(error) => return Err(self.failed(portion.end, &error)),
                None => {}
            }
            portions.taken(&portion);
        }
        Ok(())
    }

    fn failed(&self, at: usize, error: &KafkaError) -> Undelivered {
        use RDKafkaErrorCode::{InvalidRecord, MessageSizeTooLarge, MessageTimedOut};
        let code = error.rdkafka_error_code();
        match code {
            Some(code @ (MessageSizeTooLarge | InvalidRecord)) => {
                poison(at, format!("Kafka refuses the message: {code}"))
            }
            Some(MessageTimedOut) => {
                let last = *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
                let why = last.map_or(String::new(), |last| format!(" ({last})"));
                away(at, format!("Kafka: the brokers have not taken the message in time{why}"))
            }
            Some(code) => away(at, format!("Kafka: {code}")),
            None => away(at, "Kafka: the message cannot be sent"),
        }
    }
}

fn written(address: &Address) -> String {
    let Address { host, port } = address;
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// TLS and SASL, as librdkafka names them.
fn secure(
    config: &mut ClientConfig,
    tls: Option<&Tls>,
    sasl: Option<SaslMechanism>,
    secrets: &Secrets,
    settings: &Settings,
) -> Result<(), OpenError> {
    let [certificate, key] = tls::CERTIFICATE;
    let mut wanted = Vec::new();
    if tls.is_some() {
        wanted.extend([certificate, key]);
    }
    if sasl.is_some() {
        wanted.extend(["username", "password"]);
    }
    secrets.only(&wanted)?;
    match tls {
        None if !settings.allow_plaintext => {
            return Err(OpenError::transport("/tls", "must be there: nothing is sent in the clear"));
        }
        None if sasl == Some(SaslMechanism::Plain) => {
            return Err(OpenError::transport(
                "/sasl",
                "must be SCRAM where there is no TLS: PLAIN shows the password",
            ));
        }
        None => {}
        Some(tls) if tls.server_name.is_some() => {
            let rule = "must not be there: each broker's certificate bears the name of its host";
            return Err(OpenError::transport("/tls/server_name", rule));
        }
        Some(tls) => {
            tls::client(tls, secrets)?;
            match &tls.ca {
                Some(ca) => config.set("ssl.ca.pem", ca),
                None => config.set("ssl.ca.location", "probe"),
            };
            config.set("ssl.endpoint.identification.algorithm", "https");
            if let Some((certificate, key)) = tls::identity(secrets)? {
                config
                    .set("ssl.certificate.pem", certificate.expose_secret())
                    .set("ssl.key.pem", key.expose_secret());
            }
        }
    }
    if let Some(mechanism) = sasl {
        let login = secrets.login()?;
        let (username, password) =
            login.ok_or_else(|| OpenError::secret("/username", "must be there where there is SASL"))?;
        let mechanism = match mechanism {
            SaslMechanism::Plain => "PLAIN",
            SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
            SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
        };
        config
            .set("sasl.mechanism", mechanism)
            .set("sasl.username", username.expose_secret())
            .set("sasl.password", password.expose_secret());
    }
    let protocol = match (tls, sasl) {
        (None, None) => "plaintext",
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    Ok(())
}

fn is_topic(name: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=249).contains(&name.len()) && name.bytes().all(usual) && name != "." && name != ".."
}

#[async_trait]
impl Transport for Kafka {
    async fn send(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let mut held = self.producer.lock().await;
        let producer = match held.take() {
            Some(producer) => producer,
            None => self.connect().await?,
        };
        let sent = self.produce(&producer, messages).await;
        if sent.is_ok() {
            *held = Some(producer);
        } else {
            // Waits for its threads.
            tokio::task::spawn_blocking(move || drop(producer)).await.ok();
        }
        sent
    }
}
