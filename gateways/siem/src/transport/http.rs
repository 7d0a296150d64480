//! One request over HTTP, bounded in time and in memory, to where the export says and to nowhere else.

use std::error::Error as _;
use std::time::Duration;

use chrono::DateTime;
use hub_domain::export::Tls;
use reqwest::header::{HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, StatusCode, redirect, retry};
use url::{Host, Url};

use super::address::{self, Guarded};
use super::{OpenError, Secrets, Settings, tls};

const AGENT: &str = concat!("clustermaster/", env!("CARGO_PKG_VERSION"));
/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 << 20;

/// A service.
#[derive(Debug)]
pub(crate) struct Service {
    client: Client,
    url: Url,
    /// The host as the service knows it, where the certificate bears another name.
    host: Option<HeaderValue>,
    settings: Settings,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

impl Service {
    /// Reads where it is and how it is trusted. `headers` go along with each request.
    pub(crate) fn open(
        url: &str,
        tls: Option<&Tls>,
        secrets: &Secrets,
        headers: HeaderMap,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let mut url = address::service(url, settings)?;
        if url.scheme() == "http" && tls.is_some() {
            return Err(OpenError::transport("/tls", "needs an address that begins with https://"));
        }
        let usual = Tls::default();
        let tls = tls.unwrap_or(&usual);
        let config = tls::client(tls, secrets)?;
        let (mut host, mut alias) = (None, None);
        if let Some(name) = &tls.server_name {
            let real = match url.host() {
                Some(Host::Domain(name)) => name.to_owned(),
                Some(Host::Ipv4(address)) => address.to_string(),
                Some(Host::Ipv6(address)) => address.to_string(),
                None => String::new(),
            };
            let shown = &url[url::Position::BeforeHost..url::Position::AfterPort];
            host = HeaderValue::from_str(shown).ok();
            alias = Some((name.to_ascii_lowercase(), real));
            url.set_host(Some(name))
                .map_err(|_| OpenError::transport("/tls/server_name", "must be a DNS name"))?;
        }
        // Neither another place, nor the environment's proxy, nor a second try that nobody counts.
        let client = Client::builder()
            .tls_backend_preconfigured(config)
            .dns_resolver(Guarded { allow_loopback: settings.allow_loopback, alias })
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .http1_only()
            .default_headers(headers)
            .user_agent(AGENT)
            .connect_timeout(settings.connect_within)
            .timeout(settings.connect_within + settings.answer_within)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|_| OpenError::transport("/url", "cannot be used"))?;
        Ok(Self { client, url, host, settings: settings.clone() })
    }

    /// A request to a path below the service's address.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        let mut url = self.url.clone();
        if !path.is_empty() {
            url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        }
        let request = self.client.post(url);
        match &self.host {
            Some(host) => request.header(HOST, host.clone()),
            None => request,
        }
    }

    /// What it answers; otherwise why there is no answer, in words without addresses.
    pub(crate) async fn ask(&self, request: RequestBuilder) -> Result<Answer, String> {
        let mut answer = request.send().await.map_err(reason)?;
        let status = answer.status();
        let retry_after = self.retry_after(answer.headers());
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(reason)? {
            if body.len() + part.len() > LONGEST {
                return Err("the answer is too long".into());
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, retry_after, body })
    }

    /// `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        (date.to_utc() - self.settings.clock.now()).to_std().ok()
    }
}

/// Why there is no answer. The innermost cause says it best; the address, which may be long, is left out.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "there was no answer in time".into();
    }
    let what = if error.is_connect() { "cannot be reached" } else { "the connection broke" };
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| what.into(), |cause| format!("{what}: {cause}"))
}

/// A secret as the value of a header. Is not shown when headers are.
pub(crate) fn secret_header(value: &str, member: &str) -> Result<HeaderValue, OpenError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| OpenError::secret(member, "must be visible ASCII characters"))?;
    value.set_sensitive(true);
    Ok(value)
}
