//! Splunk's HTTP Event Collector: batches of events, and, if asked for, the acknowledgement of its indexers.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use hub_domain::export::Tls;
use hub_domain::kernel::TypedId as _;
use hub_projections::outlet::Undelivered;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fault::{away, later, poison};
use super::http::{Answer, Service, secret_header};
use super::portions::{Portions, sound};
use super::{Message, OpenError, Secrets, Settings, Transport, tls};

const CHANNEL: HeaderName = HeaderName::from_static("x-splunk-request-channel");
/// How long to wait between two questions for acknowledgements: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A collector.
pub(crate) struct Hec {
    service: Service,
    index: Option<String>,
    acknowledge: bool,
    settings: Settings,
}

#[derive(Serialize)]
struct Envelope<'a> {
    time: Box<RawValue>,
    host: &'a str,
    source: &'static str,
    sourcetype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<&'a str>,
    event: Body<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Object(&'a RawValue),
    Text(&'a str),
}

#[derive(Default, Deserialize)]
struct Said {
    code: Option<u32>,
    #[serde(rename = "ackId")]
    ack: Option<u64>,
    #[serde(rename = "invalid-event-number")]
    invalid: Option<usize>,
}

#[derive(Deserialize)]
struct Acknowledged {
    acks: BTreeMap<String, bool>,
}

/// What became of one request.
enum Outcome {
    Taken(Option<u64>),
    /// One event of it is refused, the one of this number if it says so.
    Refused(Option<usize>),
    Failed(Undelivered),
}

impl Hec {
    pub(crate) fn open(
        url: &str,
        index: Option<&str>,
        acknowledge: bool,
        tls: Option<&Tls>,
        secrets: &Secrets,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let [certificate, key] = tls::CERTIFICATE;
        secrets.only(&["token", certificate, key])?;
        if let Some(index) = index
            && !is_index(index)
        {
            let rule = "must be lowercase letters, digits, `_` and `-`, and begin with a letter or digit, at most 80";
            return Err(OpenError::transport("/index", rule));
        }
        let token = secrets.token.as_ref().ok_or_else(|| OpenError::secret("/token", "must be there"))?;
        let token = secret_header(&format!("Splunk {}", token.expose_secret()), "/token")?;
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, token)]);
        if acknowledge {
            // One export, one channel, also after a restart.
            let channel = HeaderValue::from_str(&settings.export.uuid().to_string());
            headers.extend(channel.ok().map(|channel| (CHANNEL, channel)));
        }
        let service = Service::open(url, tls, secrets, headers, settings)?;
        Ok(Self { service, index: index.map(str::to_owned), acknowledge, settings: settings.clone() })
    }

    fn body(&self, messages: &[Message]) -> Vec<u8> {
        let mut out = Vec::new();
        for message in messages {
            let body = String::from_utf8_lossy(&message.body);
            let event = Envelope {
                time: seconds(message),
                host: &self.settings.host,
                source: "clustermaster",
                sourcetype: sourcetype(message),
                index: self.index.as_deref(),
                event: match serde_json::from_str(&body) {
                    Ok(object) if message.json => Body::Object(object),
                    _ => Body::Text(&body),
                },
            };
            serde_json::to_writer(&mut out, &event).expect("it goes into memory");
            out.push(b'\n');
        }
        out
    }

    async fn post(&self, messages: &[Message], before: usize) -> Outcome {
        let request = self.service.post("/services/collector/event").body(self.body(messages));
        let answer = match self.service.ask(request.header(CONTENT_TYPE, "application/json")).await {
            Ok(answer) => answer,
            Err(reason) => return Outcome::Failed(away(before, format!("Splunk: {reason}"))),
        };
        let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
        match (answer.status, said.code) {
            (StatusCode::OK, Some(0)) if self.acknowledge && said.ack.is_none() => {
                Outcome::Failed(away(before, "Splunk: the token has no indexer acknowledgement"))
            }
            (StatusCode::OK, Some(0)) => Outcome::Taken(said.ack),
            (StatusCode::PAYLOAD_TOO_LARGE, _) => Outcome::Refused(None),
            // Invalid data format; event field missing, or blank; fields that cannot be indexed.
            (StatusCode::BAD_REQUEST, Some(6 | 12 | 13 | 15)) => Outcome::Refused(said.invalid),
            _ => Outcome::Failed(failed(before, &answer, said.code)),
        }
    }

    /// Waits until the indexers have acknowledged requests. Each is the count of messages up to its end, and its number.
    async fn acknowledged(&self, mut asked: &[(usize, u64)], mut before: usize) -> Result<(), Undelivered> {
        let deadline = tokio::time::Instant::now() + self.settings.acknowledge_within;
        let mut pause = PAUSE.0;
        let mut open: Vec<u64> = asked.iter().map(|(_, number)| *number).collect();
        while !open.is_empty() {
            let question = serde_json::json!({ "acks": open });
            let request = self.service.post("/services/collector/ack").json(&question);
            let answer = self.service.ask(request).await;
            let answer = answer.map_err(|reason| away(before, format!("Splunk: {reason}")))?;
            if answer.status != StatusCode::OK {
                let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
                return Err(failed(before, &answer, said.code));
            }
            let Ok(Acknowledged { acks }) = serde_json::from_slice(&answer.body) else {
                return Err(away(before, "Splunk: its answer about acknowledgements cannot be read"));
            };
            // Splunk forgets an acknowledgement once it has told of it.
            open.retain(|number| acks.get(&number.to_string()) != Some(&true));
            while let Some(((end, _), rest)) =
                asked.split_first().filter(|((_, number), _)| !open.contains(number))
            {
                (before, asked) = (*end, rest);
            }
            if open.is_empty() {
                break;
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(away(before, "Splunk: its indexers have not acknowledged in time"));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
        Ok(())
    }

    async fn send_sound(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let mut portions = Portions::new(messages, self.settings.max_batch_bytes);
        let mut asked: Vec<(usize, u64)> = Vec::new();
        let mut end = Ok(());
        while let Some(portion) = portions.next() {
            match self.post(&messages[portion.clone()], portion.start).await {
                Outcome::Taken(number) => {
                    asked.extend(number.filter(|_| self.acknowledge).map(|number| (portion.end, number)));
                    portions.taken(&portion);
                }
                Outcome::Refused(suspect) => {
                    if !portions.narrow(&portion, suspect) {
                        end = Err(poison(portion.start, "Splunk refuses the event"));
                        break;
                    }
                }
                Outcome::Failed(undelivered) => {
                    end = Err(undelivered);
                    break;
                }
            }
        }
        self.acknowledged(&asked, 0).await?;
        end
    }
}

/// In words: a token that is wrong is not the events' fault.
fn failed(before: usize, answer: &Answer, code: Option<u32>) -> Undelivered {
    let words = match code {
        Some(1) => "the token is disabled",
        Some(2 | 3) => "it wants another kind of authorization",
        Some(4) => "the token is not valid",
        Some(7) => "the token may not write into the index, or there is none of this name",
        Some(8) => "it has an internal error",
        Some(9) => "it is busy",
        Some(10 | 11) => "the token wants indexer acknowledgement",
        Some(14) => "the token has no indexer acknowledgement",
        _ => "",
    };
    let status = answer.status.as_u16();
    let message = match (words, code) {
        ("", Some(code)) => format!("Splunk answers with status {status}, code {code}"),
        ("", None) => format!("Splunk answers with status {status}"),
        (words, _) => format!("Splunk: {words} (status {status})"),
    };
    later(before, answer.retry_after, message)
}

fn is_index(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=80).contains(&name.len())
        && name.bytes().next().is_some_and(letter)
        && name.bytes().all(|byte| letter(byte) || byte == b'_' || byte == b'-')
}

fn sourcetype(message: &Message) -> &'static str {
    match &message.body {
        _ if message.json => "_json",
        body if body.starts_with(b"CEF:") => "cef",
        body if body.starts_with(b"LEEF:") => "leef",
        _ => "clustermaster",
    }
}

/// Seconds since 1970 with six digits behind the point.
fn seconds(message: &Message) -> Box<RawValue> {
    let text = format!("{}.{:06}", message.time.timestamp(), message.time.timestamp_subsec_micros());
    RawValue::from_string(text).expect("it is a number")
}

#[async_trait]
impl Transport for Hec {
    async fn send(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let sound = sound(messages);
        self.send_sound(&messages[..sound]).await?;
        if sound < messages.len() {
            return Err(poison(sound, "the message is not what its format says"));
        }
        Ok(())
    }
}
