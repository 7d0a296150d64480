//! A stand-in for the bulk interface of Elasticsearch, writing into a data stream.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use chrono::DateTime;
use serde_json::{Value, json};

use super::{Order, Orders, Refused, Server, answer, header};

/// A server with one data stream and one API key. What it has taken is in its memory.
#[derive(Debug)]
pub struct FakeBulk {
    server: Server,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    key: String,
    index: String,
    orders: Orders,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    documents: BTreeMap<String, Value>,
    /// Ids in the order in which they came to be.
    order: Vec<String>,
    conflicts: usize,
}

impl FakeBulk {
    /// Starts one.
    pub async fn start(index: &str) -> anyhow::Result<Self> {
        let key = crate::ids::uuid().simple().to_string();
        let (orders, kept) = (Orders::default(), Mutex::default());
        let inner = Arc::new(Inner { key, index: index.into(), orders, kept });
        let router = Router::new()
            .route("/{index}/_bulk", post(take))
            .layer(DefaultBodyLimit::max(100 << 20))
            .with_state(inner.clone());
        Ok(Self { server: Server::start(router).await?, inner })
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its API key.
    pub fn key(&self) -> &str {
        &self.inner.key
    }

    /// Orders for the next requests, one each.
    pub fn order(&self, orders: impl IntoIterator<Item = Order>) {
        self.inner.orders.give(orders);
    }

    /// What was created, in that order: each id and its document.
    pub fn documents(&self) -> Vec<(String, Value)> {
        let kept = self.inner.kept();
        kept.order.iter().map(|id| (id.clone(), kept.documents[id].clone())).collect()
    }

    /// How many creations found their id taken.
    pub fn conflicts(&self) -> usize {
        self.inner.kept().conflicts
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(status: StatusCode, kind: &str, reason: &str) -> Refused {
    let body = json!({ "error": { "type": kind, "reason": reason }, "status": status.as_u16() });
    (status, axum::Json(body)).into_response().into()
}

/// Pairs of an action and a document; each line ends in a line break.
fn read(body: &[u8]) -> Result<Vec<(String, Value)>, Refused> {
    let bad = |reason: &str| refused(StatusCode::BAD_REQUEST, "illegal_argument_exception", reason);
    let body = body
        .strip_suffix(b"\n")
        .ok_or_else(|| bad("The bulk request must be terminated by a newline [\\n]"))?;
    let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
    let pairs = lines.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(bad("an action without a document"));
    }
    pairs
        .map(|pair| {
            let action: Value =
                serde_json::from_slice(pair[0]).map_err(|_| bad("Malformed action/metadata line"))?;
            let only = action.as_object().is_some_and(|action| action.len() == 1);
            let id = action["create"]["_id"].as_str().filter(|id| only && (1..=512).contains(&id.len()));
            let id = id
                .ok_or_else(|| bad("only write ops with an op_type of create are allowed in data streams"))?;
            let document = serde_json::from_slice(pair[1]).map_err(|_| bad("a document that is no JSON"))?;
            Ok((id.to_owned(), document))
        })
        .collect()
}

async fn take(
    State(inner): State<Arc<Inner>>,
    Path(index): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let order = match inner.orders.next().await {
        Ok(order) => order,
        Err(refused) => return refused.into_response(),
    };
    if header(&headers, "authorization") != format!("ApiKey {}", inner.key) {
        return refused(StatusCode::UNAUTHORIZED, "security_exception", "unable to authenticate")
            .into_response();
    }
    if header(&headers, "content-type") != "application/x-ndjson" {
        return refused(StatusCode::NOT_ACCEPTABLE, "media_type_header_exception", "Content-Type")
            .into_response();
    }
    let pairs = match read(&body) {
        Ok(pairs) => pairs,
        Err(refused) => return refused.into_response(),
    };
    let items: Vec<Value> = pairs
        .into_iter()
        .enumerate()
        .map(|(nth, (id, document))| match &order {
            Some(Order::FailItem { nth: which, status, kind }) if *which == nth => failed(&id, *status, kind),
            _ => created(&inner, &index, &id, document),
        })
        .collect();
    let errors = items.iter().any(|item| item["create"]["error"].is_object());
    let body = json!({ "took": 3, "errors": errors, "items": items });
    answer(order.as_ref(), axum::Json(body).into_response()).await
}

fn failed(id: &str, status: u16, kind: &str) -> Value {
    let error = json!({ "type": kind, "reason": format!("[{id}]: refused") });
    json!({ "create": { "_id": id, "status": status, "error": error } })
}

fn created(inner: &Inner, index: &str, id: &str, document: Value) -> Value {
    if index != inner.index {
        return failed(id, 404, "index_not_found_exception");
    }
    let timed =
        document["@timestamp"].as_str().is_some_and(|time| DateTime::parse_from_rfc3339(time).is_ok());
    if !timed {
        return failed(id, 400, "document_parsing_exception");
    }
    let mut kept = inner.kept();
    if kept.documents.contains_key(id) {
        kept.conflicts += 1;
        return failed(id, 409, "version_conflict_engine_exception");
    }
    kept.order.push(id.to_owned());
    kept.documents.insert(id.to_owned(), document);
    json!({ "create": { "_index": index, "_id": id, "_version": 1, "result": "created", "status": 201 } })
}
