//! A receiver of webhooks that checks what Standard Webhooks asks it to check.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hub_commands::ports::Clock as _;
use serde_json::Value;
use sha2::Sha256;

use super::{Order, Orders, Server, answer, header};
use crate::SystemClock;

/// How old a request may be, in seconds.
const TOLERANCE: i64 = 300;

/// A receiver. What it has taken is in its memory.
#[derive(Debug)]
pub struct FakeWebhook {
    server: Server,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    key: Vec<u8>,
    orders: Orders,
    kept: Mutex<Vec<(String, Vec<Value>)>>,
}

impl FakeWebhook {
    /// Starts one.
    pub async fn start() -> anyhow::Result<Self> {
        let mut key = vec![0; 32];
        rand::fill(key.as_mut_slice());
        let inner = Arc::new(Inner { key, orders: Orders::default(), kept: Mutex::default() });
        let router = Router::new()
            .route("/hook", post(take))
            .layer(DefaultBodyLimit::max(2 << 20))
            .with_state(inner.clone());
        Ok(Self { server: Server::start(router).await?, inner })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("{}/hook", self.server.url())
    }

    /// The key that both sides know, as `whsec_…`.
    pub fn signing_key(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.inner.key))
    }

    /// Orders for the next requests, one each.
    pub fn order(&self, orders: impl IntoIterator<Item = Order>) {
        self.inner.orders.give(orders);
    }

    /// What it has taken, in order: the request's id and its messages.
    pub fn taken(&self) -> Vec<(String, Vec<Value>)> {
        self.inner.kept().clone()
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Vec<(String, Vec<Value>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one of the signatures is right and the request is new.
    fn verify(&self, id: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        let time = header(headers, "webhook-timestamp");
        let seconds: i64 = time.parse().map_err(|_| "no timestamp")?;
        if (SystemClock.now().timestamp() - seconds).abs() > TOLERANCE {
            return Err("too old, or from the future");
        }
        let right = header(headers, "webhook-signature").split(' ').any(|signature| {
            let signature = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return false };
            mac.update(format!("{id}.{time}.").as_bytes());
            mac.update(body);
            signature.is_some_and(|signature| mac.verify_slice(&signature).is_ok())
        });
        if right { Ok(()) } else { Err("no signature that is right") }
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let order = match inner.orders.next().await {
        Ok(order) => order,
        Err(refused) => return refused.into_response(),
    };
    let id = header(&headers, "webhook-id");
    if id.is_empty() || id.contains('.') {
        return (StatusCode::BAD_REQUEST, "no id").into_response();
    }
    if let Err(why) = inner.verify(id, &headers, &body) {
        return (StatusCode::UNAUTHORIZED, why).into_response();
    }
    let messages: Result<Vec<Value>, _> = serde_json::from_slice(&body);
    let Ok(messages) = messages else { return (StatusCode::BAD_REQUEST, "no array").into_response() };
    // What it can make nothing of, it says so about.
    if messages.iter().any(|message| message["poison"] == true) {
        return (StatusCode::UNPROCESSABLE_ENTITY, "a message that cannot be processed").into_response();
    }
    inner.kept().push((id.to_owned(), messages));
    answer(order.as_ref(), StatusCode::NO_CONTENT.into_response()).await
}
