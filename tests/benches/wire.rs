//! One connection of the load generator. It shares the machine with what it measures, so it does as little as it can.

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hub_kit::Client;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An open HTTP/1.1 connection with a session.
pub struct Wire {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    authorization: String,
}

impl Wire {
    /// Opens one, with the session of a client.
    pub async fn open(base: &str, client: &Client) -> anyhow::Result<Self> {
        let host = base.trim_start_matches("http://").to_owned();
        let token = client.session["access_token"].as_str().context("the client has no session")?;
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with its sender.
        tokio::spawn(connection);
        Ok(Self { sender, host, authorization: format!("Bearer {token}") })
    }

    /// A command under a key of its own; answers with its position.
    pub async fn put(&mut self, path: &str, body: String) -> anyhow::Result<u64> {
        let key = hub_kit::ids::uuid().to_string();
        self.send(Method::PUT, path, Some(&key), body).await
    }

    /// A query; answers with the position that it has seen.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<u64> {
        self.send(Method::GET, path, None, String::new()).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: String,
    ) -> anyhow::Result<u64> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header("host", &self.host)
            .header("authorization", &self.authorization)
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(body.into()))?).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        anyhow::ensure!(head.status == 200, "{}: {}", head.status, String::from_utf8_lossy(&body));
        let position =
            head.headers.get("ledger-position").and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(position.unwrap_or_default())
    }
}
