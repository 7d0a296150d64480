//! The bulk interface of Elasticsearch and `OpenSearch`. A document is created under its message's id, so that a repeat is
//! seen there and changes nothing.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hub_domain::export::Tls;
use hub_projections::outlet::Undelivered;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::fault::{away, later, poison};
use super::http::{Service, secret_header};
use super::portions::{Portions, sound};
use super::{Message, OpenError, Secrets, Settings, Transport, tls};

/// What is not the document's fault although its status is 400.
const NOT_ITS_FAULT: [&str; 3] =
    ["invalid_index_name_exception", "index_closed_exception", "security_exception"];

/// An index.
pub(crate) struct Bulk {
    service: Service,
    path: String,
    settings: Settings,
}

#[derive(Deserialize)]
struct Said {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    create: Created,
}

#[derive(Deserialize)]
struct Created {
    status: u16,
    error: Option<Cause>,
}

#[derive(Deserialize)]
struct Cause {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    reason: String,
}

/// Whether an object has a member of this name.
#[derive(Deserialize)]
struct Timed {
    #[serde(rename = "@timestamp")]
    timestamp: Option<IgnoredAny>,
}

impl Bulk {
    pub(crate) fn open(
        url: &str,
        index: &str,
        tls: Option<&Tls>,
        secrets: &Secrets,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let [certificate, key] = tls::CERTIFICATE;
        secrets.only(&["token", "username", "password", certificate, key])?;
        if !is_index(index) {
            let rule = "must be an index or data stream: lowercase, without blanks and any of \\/*?\"<>|,#:%, not beginning with -, _, + or ., at most 255 bytes";
            return Err(OpenError::transport("/index", rule));
        }
        let mut headers = HeaderMap::new();
        let login = secrets.login()?;
        let authorization = match (&secrets.token, login) {
            (Some(_), Some(_)) => {
                return Err(OpenError::secret(
                    "/token",
                    "must not stand beside a username: one of them signs in",
                ));
            }
            (Some(token), None) => {
                Some(secret_header(&format!("ApiKey {}", token.expose_secret()), "/token")?)
            }
            (None, Some((username, password))) => {
                let both = format!("{}:{}", username.expose_secret(), password.expose_secret());
                Some(secret_header(&format!("Basic {}", STANDARD.encode(both)), "/password")?)
            }
            (None, None) => None,
        };
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
        let service = Service::open(url, tls, secrets, headers, settings)?;
        Ok(Self { service, path: format!("/{index}/_bulk"), settings: settings.clone() })
    }

    /// Sends a portion; the answer has one item for each message.
    async fn post(&self, messages: &[Message], before: usize) -> Result<Option<Vec<Item>>, Undelivered> {
        let mut body = Vec::new();
        for message in messages {
            let action = json!({ "create": { "_id": message.id } });
            body.extend_from_slice(action.to_string().as_bytes());
            body.push(b'\n');
            document(message, &mut body);
            body.push(b'\n');
        }
        let request = self.service.post(&self.path).header(CONTENT_TYPE, "application/x-ndjson").body(body);
        let answer = self.service.ask(request).await;
        let answer = answer.map_err(|reason| away(before, format!("Elasticsearch: {reason}")))?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::PAYLOAD_TOO_LARGE => return Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(away(
                    before,
                    format!("Elasticsearch: the credentials may not write ({})", answer.status),
                ));
            }
            status => {
                let message = format!("Elasticsearch answers with status {}", status.as_u16());
                return Err(later(before, answer.retry_after, message));
            }
        }
        match serde_json::from_slice::<Said>(&answer.body) {
            Ok(said) if said.items.len() == messages.len() => Ok(Some(said.items)),
            _ => Err(away(before, "Elasticsearch: its answer is none of the bulk interface")),
        }
    }

    async fn send_sound(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let mut portions = Portions::new(messages, self.settings.max_batch_bytes);
        while let Some(portion) = portions.next() {
            let Some(items) = self.post(&messages[portion.clone()], portion.start).await? else {
                if portions.narrow(&portion, None) {
                    continue;
                }
                return Err(poison(portion.start, "Elasticsearch: the document is too large"));
            };
            // Those behind the first that failed are sent again, and are then found to be there.
            for (nth, item) in items.iter().enumerate() {
                judge(&item.create, portion.start + nth)?;
            }
            portions.taken(&portion);
        }
        Ok(())
    }
}

/// What became of one document. The reason that is given may quote the document: only its type is passed on.
fn judge(created: &Created, at: usize) -> Result<(), Undelivered> {
    let (kind, reason) =
        created.error.as_ref().map_or(("", ""), |cause| (cause.kind.as_str(), cause.reason.as_str()));
    let shown: String =
        kind.chars().filter(|letter| letter.is_ascii_lowercase() || *letter == '_').take(80).collect();
    match created.status {
        200 | 201 => Ok(()),
        // It is there already: a repeat.
        409 if kind == "version_conflict_engine_exception" => Ok(()),
        400 if !NOT_ITS_FAULT.contains(&kind) && !reason.starts_with("pipeline with id") => {
            Err(poison(at, format!("Elasticsearch refuses the document: {shown}")))
        }
        status => Err(away(at, format!("Elasticsearch: a document's status is {status}: {shown}"))),
    }
}

/// A message as a document. Data streams want `@timestamp` in each.
fn document(message: &Message, out: &mut Vec<u8>) {
    let time = message.time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    if !message.json {
        let text = String::from_utf8_lossy(&message.body);
        let event = json!({ "id": message.id, "action": message.kind });
        let document = json!({ "@timestamp": time, "event": event, "message": text });
        out.extend_from_slice(document.to_string().as_bytes());
        return;
    }
    let timed = serde_json::from_slice(&message.body).is_ok_and(|Timed { timestamp }| timestamp.is_some());
    let one_line = message.body.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte });
    if timed {
        out.extend(one_line);
        return;
    }
    let empty = message.body[1..].trim_ascii_start().first() == Some(&b'}');
    let comma = if empty { "" } else { "," };
    out.extend_from_slice(format!("{{\"@timestamp\":\"{time}\"{comma}").as_bytes());
    out.extend(one_line.skip(1));
}

fn is_index(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && !name.starts_with(['-', '_', '+', '.'])
        && !name.chars().any(|letter| letter.is_uppercase() || letter.is_whitespace() || letter.is_control())
        && !name.contains(['\\', '/', '*', '?', '"', '<', '>', '|', ',', '#', ':', '%'])
}

#[async_trait]
impl Transport for Bulk {
    async fn send(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let sound = sound(messages);
        self.send_sound(&messages[..sound]).await?;
        if sound < messages.len() {
            return Err(poison(sound, "the message is not what its format says"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
