//! The other side of an export: a real rsyslog, and stand-ins for what cannot be had here. A stand-in refuses what the real one
//! would, and can be told to misbehave; its name begins with `Fake`.

mod bulk;
mod front;
mod hec;
pub mod rsyslog;
mod webhook;

use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use bulk::FakeBulk;
pub use front::{Authority, TlsFront};
pub use hec::FakeHec;
pub use rsyslog::Rsyslog;
pub use webhook::FakeWebhook;

/// How a stand-in treats one of the next requests.
#[derive(Clone, Debug)]
pub enum Order {
    /// Refuses it whatever it holds.
    Refuse {
        /// The status.
        status: u16,
        /// The body.
        body: Value,
        /// `Retry-After`.
        retry_after: Option<&'static str>,
    },
    /// Treats it as usual, a while later.
    Delay(Duration),
    /// Takes it, and never answers.
    TakeAndHang,
    /// Takes it and answers, but its acknowledgement never comes.
    ForgetAck,
    /// Answers, and has nothing: its acknowledgement never comes.
    Lose,
    /// Answers for one item of it as if that had failed; the item is not taken.
    FailItem {
        /// Which.
        nth: usize,
        /// The item's status.
        status: u16,
        /// The type of its error.
        kind: &'static str,
    },
}

impl Order {
    /// Refuses a request with a status.
    pub fn refuse(status: u16) -> Self {
        Self::Refuse { status, body: Value::Null, retry_after: None }
    }

    /// Refuses a request with a status, and asks to be left alone.
    pub fn refuse_for(status: u16, retry_after: &'static str) -> Self {
        Self::Refuse { status, body: Value::Null, retry_after: Some(retry_after) }
    }
}

/// An answer that ends a request early.
#[derive(Debug)]
struct Refused(Box<Response>);

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self(response.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Orders for the next requests, one each.
#[derive(Debug, Default)]
struct Orders(Mutex<VecDeque<Order>>);

impl Orders {
    fn give(&self, orders: impl IntoIterator<Item = Order>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(orders);
    }

    /// The order for this request, unless it is one that is carried out here.
    async fn next(&self) -> Result<Option<Order>, Refused> {
        let order = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match order {
            Some(Order::Refuse { status, body, retry_after }) => {
                let status = StatusCode::from_u16(status).unwrap_or_default();
                let mut headers = HeaderMap::new();
                headers.extend(retry_after.map(|value| {
                    (axum::http::header::RETRY_AFTER, axum::http::HeaderValue::from_static(value))
                }));
                Err((status, headers, body.to_string()).into_response().into())
            }
            Some(Order::Delay(pause)) => {
                tokio::time::sleep(pause).await;
                Ok(None)
            }
            order => Ok(order),
        }
    }
}

/// Answers, or never does.
async fn answer(order: Option<&Order>, response: Response) -> Response {
    if matches!(order, Some(Order::TakeAndHang)) {
        return pending().await;
    }
    response
}

/// A header's text; empty when it is not there.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A server on a free port. Dropping it stops it.
#[derive(Debug)]
struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
