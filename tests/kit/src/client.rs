//! An HTTP client that speaks as a user does, and that sees what it has done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::ensure;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; `Null` when it is empty or not JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The position that a command answered with.
    pub fn position(&self) -> u64 {
        self.header("ledger-position").parse().unwrap_or_default()
    }

    /// Fails with the whole answer unless the status is the wanted one.
    #[track_caller]
    #[allow(clippy::return_self_not_must_use, reason = "to have asked is often all that is wanted")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

/// What is answered from read models, and so a moment after what was done.
const READ_MODELS: [&str; 6] = ["audit-logs", "clusters", "exports", "fleet", "me", "users"];

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// The newest position that it was told of.
    seen: Arc<AtomicU64>,
    /// What the sign-in answered.
    pub session: Value,
}

impl Client {
    /// A client without a session. `base` is `http://127.0.0.1:PORT`.
    pub fn anonymous(base: &str) -> Self {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        Self {
            http: reqwest::Client::new(),
            base: base.to_owned(),
            token: None,
            seen: Arc::default(),
            session: Value::Null,
        }
    }

    /// A client of a user of the default tenant.
    pub async fn sign_in(base: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        Self::sign_in_to(base, "default", email, password).await
    }

    /// A client of a user of a tenant.
    pub async fn sign_in_to(base: &str, tenant: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        let mut client = Self::anonymous(base);
        let answer = client
            .post("auth/login", &json!({ "tenant": tenant, "email": email, "password": password }))
            .await?;
        ensure!(answer.status == StatusCode::OK, "sign-in: {} {}", answer.status, answer.text);
        client.token = answer.body["access_token"].as_str().map(str::to_owned);
        client.session = answer.body;
        Ok(client)
    }

    /// The same client with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client of the hub at another address: sessions outlive a restart.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// A request on a path below `/api/v1/`, or an absolute one.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with('/') {
            format!("{}{path}", self.base)
        } else {
            format!("{}/api/v1/{path}", self.base)
        };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads its answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body, text };
        self.seen.fetch_max(answer.position(), Ordering::Relaxed);
        Ok(answer)
    }

    /// GET. A read model is asked for no less than what this client was told of already.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let mut request = self.request(Method::GET, path);
        let seen = self.seen.load(Ordering::Relaxed);
        let resource = path.split(['/', '?']).next().unwrap_or_default();
        if READ_MODELS.contains(&resource) && seen > 0 && !path.contains("min_position=") {
            request = request.query(&[("min_position", seen)]);
        }
        self.send(request).await
    }

    /// POST, under a key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.command(Method::POST, path, Some(body)).await
    }

    /// PUT, under a key of its own.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.command(Method::PUT, path, Some(body)).await
    }

    /// DELETE, under a key of its own.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.command(Method::DELETE, path, None).await
    }

    async fn command(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let mut request = self.request(method, path);
        if !path.starts_with("auth/") {
            request = request.header("Idempotency-Key", crate::ids::uuid().to_string());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }
}
