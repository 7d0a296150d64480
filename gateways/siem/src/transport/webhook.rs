//! A webhook as [Standard Webhooks](https://www.standardwebhooks.com) has it: signed with a key that both sides know.
//!
//! The body is a JSON array: an object of a JSON format as it is, a line of any other as a text.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hub_domain::export::Tls;
use hub_projections::outlet::Undelivered;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::{Digest as _, Sha256};

use super::fault::{away, later, poison};
use super::http::Service;
use super::portions::{Portions, sound};
use super::{Message, OpenError, Secrets, Settings, Transport, tls};

/// The least and the most bytes of a key.
const KEY: std::ops::RangeInclusive<usize> = 24..=64;

/// A receiver.
pub(crate) struct Webhook {
    service: Service,
    key: SecretSlice<u8>,
    settings: Settings,
}

impl Webhook {
    pub(crate) fn open(
        url: &str,
        tls: Option<&Tls>,
        secrets: &Secrets,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let [certificate, key] = tls::CERTIFICATE;
        secrets.only(&["signing_key", certificate, key])?;
        let text =
            secrets.signing_key.as_ref().ok_or_else(|| OpenError::secret("/signing_key", "must be there"))?;
        let text = text.expose_secret();
        let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok();
        let key = key.filter(|key| KEY.contains(&key.len())).ok_or_else(|| {
            OpenError::secret("/signing_key", "must be 24 to 64 bytes in base64, usually behind whsec_")
        })?;
        let service = Service::open(url, tls, secrets, HeaderMap::new(), settings)?;
        Ok(Self { service, key: key.into(), settings: settings.clone() })
    }

    async fn post(&self, messages: &[Message], before: usize) -> Result<StatusCode, Undelivered> {
        let body = body(messages);
        let id = batch_id(messages);
        let time = self.settings.clock.now().timestamp();
        let signature = signature(self.key.expose_secret(), &id, time, &body);
        let request = self
            .service
            .post("")
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", time)
            .header("webhook-signature", signature)
            .body(body);
        let answer = self.service.ask(request).await;
        let answer = answer.map_err(|reason| away(before, format!("webhook: {reason}")))?;
        match answer.status {
            status if status.is_success() => Ok(status),
            status @ (StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY) => Ok(status),
            StatusCode::GONE => {
                Err(away(before, "webhook: the receiver is gone (410): give the export another one"))
            }
            status => {
                let message = format!("webhook: the receiver answers with status {}", status.as_u16());
                Err(later(before, answer.retry_after, message))
            }
        }
    }

    async fn send_sound(&self, messages: &[Message]) -> Result<(), Undelivered> {
        let mut portions = Portions::new(messages, self.settings.max_batch_bytes);
        while let Some(portion) = portions.next() {
            let status = self.post(&messages[portion.clone()], portion.start).await?;
            if status.is_success() {
                portions.taken(&portion);
            } else if !portions.narrow(&portion, None) {
                let message = format!("webhook: the receiver refuses the message ({})", status.as_u16());
                return Err(poison(portion.start, message));
            }
        }
        Ok(())
    }
}

fn body(messages: &[Message]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (nth, message) in messages.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        if message.json {
            out.extend_from_slice(&message.body);
        } else {
            let text = String::from_utf8_lossy(&message.body);
            serde_json::to_writer(&mut out, &text).expect("it goes into memory");
        }
    }
    out.push(b']');
    out
}

/// The same whenever the same messages are sent again. Bears no `.`, which the signature puts behind it.
fn batch_id(messages: &[Message]) -> String {
    let mut hash = Sha256::new();
    for message in messages {
        hash.update(message.id.as_bytes());
        hash.update([0]);
    }
    format!("msg_{}", BASE32_NOPAD.encode(&hash.finalize()[..20]).to_ascii_lowercase())
}

/// `v1,` and the HMAC-SHA256 of `id.time.body` in base64.
fn signature(key: &[u8], id: &str, time: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[async_trait]
impl Transport for Webhook {
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
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::{batch_id, body, signature};
    use crate::transport::testing::{json as object, text};

    /// The example of the specification's reference implementations.
    #[test]
    fn a_signature_is_the_specifications() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signed =
            signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_body_is_one_array() {
        let body = body(&[object(1), text(2, "CEF:0|\"a\"\n")]);
        let read: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(read, json!([{ "n": 1 }, "CEF:0|\"a\"\n"]));
    }

    #[test]
    fn the_same_messages_bear_the_same_id() {
        let id = batch_id(&[object(1), object(2)]);
        assert_eq!(id, batch_id(&[object(1), object(2)]));
        assert_ne!(id, batch_id(&[object(2), object(1)]));
        assert!(!id.contains('.') && id.len() < 64, "{id}");
    }
}
