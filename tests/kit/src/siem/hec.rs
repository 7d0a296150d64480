//! A stand-in for Splunk's HTTP Event Collector, with the answers of its reference page.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Deserializer, Value, json};
use uuid::Uuid;

use super::{Order, Orders, Refused, Server, answer, header};

const KNOWN: [&str; 7] = ["time", "host", "source", "sourcetype", "index", "event", "fields"];

/// A collector with one token. What it has taken is in its memory.
#[derive(Debug)]
pub struct FakeHec {
    server: Server,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    token: String,
    acknowledges: bool,
    orders: Orders,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    events: Vec<Value>,
    requests: usize,
    /// Of each channel: how many requests it has had, and which of them are acknowledged and not yet told.
    channels: HashMap<Uuid, (u64, BTreeMap<u64, bool>)>,
}

impl FakeHec {
    /// Starts one. With `acknowledges`, its token has indexer acknowledgement.
    pub async fn start(acknowledges: bool) -> anyhow::Result<Self> {
        let (orders, kept) = (Orders::default(), Mutex::default());
        let token = crate::ids::uuid().to_string();
        let inner = Arc::new(Inner { token, acknowledges, orders, kept });
        let router = Router::new()
            .route("/services/collector/event", post(take))
            .route("/services/collector/ack", post(tell))
            .layer(DefaultBodyLimit::max(2 << 20))
            .with_state(inner.clone());
        Ok(Self { server: Server::start(router).await?, inner })
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its token.
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// Orders for the next requests that bring events, one each.
    pub fn order(&self, orders: impl IntoIterator<Item = Order>) {
        self.inner.orders.give(orders);
    }

    /// What it has taken, in order; repeats among it.
    pub fn events(&self) -> Vec<Value> {
        self.inner.kept().events.clone()
    }

    /// How many requests brought events.
    pub fn requests(&self) -> usize {
        self.inner.kept().requests
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the request may be made at all.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Refused> {
        match header(headers, "authorization") {
            "" => Err(said(401, 2, "Token is required")),
            text => match text.strip_prefix("Splunk ") {
                None => Err(said(401, 3, "Invalid authorization")),
                Some(token) if token != self.token => Err(said(403, 4, "Invalid token")),
                Some(_) => Ok(()),
            },
        }
    }
}

fn said(status: u16, code: u32, text: &str) -> Refused {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    (status, axum::Json(json!({ "text": text, "code": code }))).into_response().into()
}

fn invalid(code: u32, text: &str, number: usize) -> Refused {
    let body = json!({ "text": text, "code": code, "invalid-event-number": number });
    (StatusCode::BAD_REQUEST, axum::Json(body)).into_response().into()
}

/// The channel that a request names.
fn channel(headers: &HeaderMap) -> Result<Uuid, Refused> {
    match header(headers, "x-splunk-request-channel") {
        "" => Err(said(400, 10, "Data channel is missing")),
        text => text.parse().map_err(|_| said(400, 11, "Invalid data channel")),
    }
}

/// Reads JSON objects one behind the other, as Splunk does.
fn read(body: &[u8]) -> Result<Vec<Value>, Refused> {
    let mut events = Vec::new();
    for (number, event) in Deserializer::from_slice(body).into_iter::<Value>().enumerate() {
        let Ok(Value::Object(event)) = event else { return Err(invalid(6, "Invalid data format", number)) };
        let known = event.keys().all(|key| KNOWN.contains(&key.as_str()));
        let timed =
            event.get("time").is_none_or(|time| time.as_f64().is_some_and(|time| time > 1e9 && time < 1e10));
        match event.get("event") {
            None => return Err(invalid(12, "Event field is required", number)),
            Some(Value::String(text)) if text.is_empty() => {
                return Err(invalid(13, "Event field cannot be blank", number));
            }
            Some(_) if !known || !timed => return Err(invalid(6, "Invalid data format", number)),
            Some(_) => events.push(Value::Object(event)),
        }
    }
    if events.is_empty() { Err(said(400, 5, "No data")) } else { Ok(events) }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    inner.kept().requests += 1;
    let order = match inner.orders.next().await {
        Ok(order) => order,
        Err(refused) => return refused.into_response(),
    };
    match taken(&inner, &headers, &body, order.as_ref()) {
        Ok(taken) => answer(order.as_ref(), axum::Json(taken).into_response()).await,
        Err(refused) => refused.into_response(),
    }
}

fn taken(inner: &Inner, headers: &HeaderMap, body: &[u8], order: Option<&Order>) -> Result<Value, Refused> {
    inner.admit(headers)?;
    let channel = if inner.acknowledges { Some(channel(headers)?) } else { None };
    let events = read(body)?;
    let mut kept = inner.kept();
    if !matches!(order, Some(Order::Lose)) {
        kept.events.extend(events);
    }
    let mut taken = json!({ "text": "Success", "code": 0 });
    if let Some(channel) = channel {
        let (next, told) = kept.channels.entry(channel).or_default();
        told.insert(*next, !matches!(order, Some(Order::Lose | Order::ForgetAck)));
        taken["ackId"] = (*next).into();
        *next += 1;
    }
    Ok(taken)
}

async fn tell(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = inner.admit(&headers) {
        return refused.into_response();
    }
    if !inner.acknowledges {
        return said(400, 14, "ACK is disabled").into_response();
    }
    let channel = match channel(&headers) {
        Ok(channel) => channel,
        Err(refused) => return refused.into_response(),
    };
    let asked: Option<Vec<u64>> = serde_json::from_slice(&body)
        .ok()
        .and_then(|asked: Value| serde_json::from_value(asked["acks"].clone()).ok());
    let Some(asked) = asked else { return said(400, 6, "Invalid data format").into_response() };
    let mut kept = inner.kept();
    let (_, told) = kept.channels.entry(channel).or_default();
    // Told once, and then forgotten.
    let acks: BTreeMap<String, bool> = asked
        .into_iter()
        .map(|number| {
            let yes = told.get(&number) == Some(&true);
            if yes {
                told.remove(&number);
            }
            (number.to_string(), yes)
        })
        .collect();
    axum::Json(json!({ "acks": acks })).into_response()
}
