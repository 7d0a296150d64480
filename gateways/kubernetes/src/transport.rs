//! One request to an API server, bounded: in time by the gateway's patience, in memory by limits on what is kept.

use std::time::Instant;

use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hub_domain::cluster::{Failure, Issue};
use kube::Client;
use kube::api::ListParams;
use kube::client::Body;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::failure::{not_kubernetes, of_error, of_status, too_late};
use crate::items::{Items, NotAList};
use crate::summary::{Extent, Seen};
use crate::{Settings, telemetry};

/// The largest single answer, in bytes.
const ANSWER: usize = 1 << 20;
/// Objects asked for at a time.
const PAGE: u32 = 500;
/// Objects of a kind that are looked at.
const MOST: usize = 20_000;
/// How often a list is begun anew because its snapshot expired between two pages.
const FRESH_STARTS: usize = 2;
const AGENT: &str = concat!("clustermaster/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The API server answers with something other than success.
    Status(StatusCode),
    /// There is no answer that could be read.
    Failed(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Status(status) => of_status(status),
            Trouble::Failed(failure) => failure,
        }
    }
}

/// A kind of objects that are listed.
pub(crate) trait Kind {
    /// As it arrives.
    type Object: DeserializeOwned;
    /// What is kept of it.
    type Kept;
    /// The resource's name: `nodes`.
    const RESOURCE: &'static str;
    /// The path of all of them, in all namespaces.
    fn path() -> String;
    /// What is kept of one, and what is wrong with it.
    fn keep(object: Self::Object, issues: &mut Vec<Issue>) -> Self::Kept;
}

/// A client and how patient it is.
pub(crate) struct Transport<'a> {
    client: &'a Client,
    settings: Settings,
}

impl<'a> Transport<'a> {
    pub(crate) fn new(client: &'a Client, settings: Settings) -> Self {
        Self { client, settings }
    }

    /// One object.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        resource: &'static str,
        path: &str,
    ) -> Result<T, Trouble> {
        let mut body = self.ask(resource, path).await?;
        let mut bytes = Vec::new();
        while let Some(part) = self.part(&mut body).await? {
            if bytes.len() + part.len() > ANSWER {
                return Err(not_kubernetes().into());
            }
            bytes.extend_from_slice(&part);
        }
        serde_json::from_slice(&bytes).map_err(|_| not_kubernetes().into())
    }

    /// All objects of a kind, page by page; that they may not be listed, or do not exist here, is an answer too.
    pub(crate) async fn list<K: Kind>(&self) -> Result<Seen<K::Kept>, Failure> {
        let mut trouble = Trouble::Status(StatusCode::GONE);
        for _ in 0..=FRESH_STARTS {
            trouble = match self.pages::<K>().await {
                Ok(seen) => return Ok(seen),
                Err(Trouble::Status(StatusCode::FORBIDDEN)) => return Ok(nothing(Extent::Forbidden)),
                Err(Trouble::Status(StatusCode::NOT_FOUND)) => return Ok(nothing(Extent::Absent)),
                Err(expired @ Trouble::Status(StatusCode::GONE)) => expired,
                Err(trouble) => return Err(trouble.into()),
            };
        }
        Err(trouble.into())
    }

    async fn pages<K: Kind>(&self) -> Result<Seen<K::Kept>, Trouble> {
        let mut seen = nothing(Extent::All);
        let mut next = None;
        loop {
            let params = ListParams { limit: Some(PAGE), continue_token: next, ..ListParams::default() };
            let request = kube::core::Request::new(K::path()).list(&params).map_err(|_| not_kubernetes())?;
            let mut body = self.ask(K::RESOURCE, &request.uri().to_string()).await?;
            let mut items = Items::default();
            while seen.found.len() < MOST
                && let Some(part) = self.part(&mut body).await?
            {
                let kept = items.feed(&part, |item| {
                    let object = serde_json::from_slice(item).map_err(|_| NotAList)?;
                    if seen.found.len() < MOST {
                        seen.found.push(K::keep(object, &mut seen.issues));
                    } else {
                        seen.extent = Extent::First(MOST);
                    }
                    Ok(())
                });
                kept.map_err(|NotAList| not_kubernetes())?;
            }
            if seen.found.len() >= MOST {
                // Rather one too many than another page only to know.
                seen.extent = Extent::First(MOST);
                return Ok(seen);
            }
            next = items.finish().map_err(|NotAList| not_kubernetes())?;
            if next.is_none() {
                return Ok(seen);
            }
        }
    }

    /// The body of a successful answer.
    async fn ask(&self, resource: &'static str, path: &str) -> Result<Body, Trouble> {
        let began = Instant::now();
        let request = Request::get(path)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, AGENT)
            .body(Body::empty())
            .map_err(|_| not_kubernetes())?;
        let answer = match timeout(self.settings.patience, self.client.send(request)).await {
            Err(_) => Err(too_late()),
            Ok(Err(error)) => {
                let found = of_error(&error);
                tracing::debug!(code = found.code, %error, "a request to an API server failed");
                Err(found)
            }
            Ok(Ok(answer)) => Ok(answer),
        };
        let outcome = match &answer {
            Ok(answer) if answer.status().is_success() => "answered".to_owned(),
            Ok(answer) => of_status(answer.status()).code,
            Err(failure) => failure.code.clone(),
        };
        telemetry::request(resource, outcome, began.elapsed());
        let answer = answer?;
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        let status = answer.status();
        self.drain(answer.into_body()).await;
        Err(Trouble::Status(status))
    }

    /// The next part of a body.
    async fn part(&self, body: &mut Body) -> Result<Option<hyper::body::Bytes>, Failure> {
        loop {
            match timeout(self.settings.patience, body.frame()).await {
                Err(_) => return Err(too_late()),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(of_error(&error)),
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads a short body to its end, unseen: only then can an HTTP/1 connection serve again.
    async fn drain(&self, mut body: Body) {
        let mut size = 0;
        while size < ANSWER
            && let Ok(Some(part)) = self.part(&mut body).await
        {
            size += part.len();
        }
    }
}

fn nothing<T>(extent: Extent) -> Seen<T> {
    Seen { found: vec![], issues: vec![], extent }
}
