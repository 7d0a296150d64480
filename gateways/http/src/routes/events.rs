//! `events`: what happens, as it happens, by server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream;
use hub_commands::{Caller, Permission};
use serde::Deserialize;
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::Answer;
use crate::app::App;
use crate::auth::Signed;
use crate::extract::Params;
use crate::problem::Problem;
use crate::resources::AuditLog;
use crate::streams::Open;

/// A comment goes out whenever nothing else did for so long, so that nobody between takes the stream for dead.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a silent stream looks whether its session still lives.
const LOOK: Duration = Duration::from_secs(5);
/// How soon a client may come back.
const RETRY: Duration = Duration::from_secs(2);
/// Events that are read at once: the most that one stream holds in memory.
const BATCH: usize = 256;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(follow))
}

/// Where to go on.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AfterParams {
    /// A ledger position: the stream begins behind it, and behind the present end when it is left out.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<u64>,
}

/// The header of a browser that comes back, for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "read by hand, so that a broken header is named; declared for the document")]
struct LastEventId {
    /// The id of the last event that was seen; counts before `after`.
    #[param(rename = "Last-Event-ID", nullable = false, example = "42", pattern = "^[0-9]{1,19}$")]
    last_event_id: Option<String>,
}

/// Follows the tenant's events: id = ledger position, event = event type, data = the entry of the audit log.
///
/// Who may not read the audit log sees the events of clusters. The stream ends with the session.
#[utoipa::path(get, path = "/events", tag = "live", operation_id = "followEvents",
    params(AfterParams, LastEventId),
    responses((status = 200, description = "The events, without end", body = String,
               content_type = "text/event-stream")))]
async fn follow(
    State(app): State<App>,
    signed: Signed,
    headers: HeaderMap,
    Params((query,)): Params<(AfterParams,)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?.clone();
    let after = match headers.get("last-event-id") {
        Some(value) => {
            let id =
                value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok()).filter(|id| *id >= 0);
            id.ok_or_else(|| Problem::header("Last-Event-ID", "must be a ledger position"))? as u64
        }
        None => match query.after {
            Some(after) if after > i64::MAX as u64 => {
                return Err(Problem::parameter("after", "must be a ledger position"));
            }
            Some(after) => after,
            None => app.read().position(),
        },
    };
    let tail = Tail {
        open: app.streams().open(&caller)?,
        whole: caller.authorise(Permission::ReadAudit).is_ok(),
        progress: app.read().progress(),
        ready: VecDeque::new(),
        seen: after,
        caller,
        app,
    };
    let hello = stream::iter([Ok::<_, Infallible>(Event::default().retry(RETRY).comment("connected"))]);
    let events = futures::StreamExt::chain(hello, stream::unfold(tail, Tail::next));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")).into_response())
}

/// Where one stream stands.
struct Tail {
    app: App,
    caller: Caller,
    /// Whether the caller may see more than clusters.
    whole: bool,
    seen: u64,
    ready: VecDeque<AuditLog>,
    progress: watch::Receiver<u64>,
    #[allow(dead_code, reason = "held for as long as the stream is open")]
    open: Open,
}

impl Tail {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                let event = Event::default().id(entry.position.to_string()).event(&entry.event_type);
                let event = event.json_data(&entry).ok()?;
                return Some((Ok(event), self));
            }
            if self.app.stopping().is_cancelled() || !self.lives().await {
                return None;
            }
            if !self.read().await? {
                tokio::select! {
                    changed = self.progress.changed() => changed.ok()?,
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.app.stopping().cancelled() => {}
                }
            }
        }
    }

    /// Whether the session still lives. When nobody can tell, the client comes back and asks again.
    async fn lives(&self) -> bool {
        let Some(session) = self.caller.session() else { return false };
        self.app.sessions().alive(self.caller.tenant, session).await.unwrap_or(false)
    }

    /// Reads on; whether there was anything new. `None` ends the stream: the client comes back where it was.
    async fn read(&mut self) -> Option<bool> {
        let end = *self.progress.borrow_and_update();
        if end <= self.seen {
            return Some(false);
        }
        let rows = self.app.read().events_after(self.caller.tenant, self.seen, BATCH).await;
        let rows = rows.inspect_err(|cause| tracing::warn!(%cause, "an event stream ends early")).ok()?;
        let last = rows.last().map(|row| row.position);
        self.seen = if rows.len() < BATCH { last.unwrap_or(0).max(end) } else { last.unwrap_or(end) };
        let visible =
            rows.into_iter().map(AuditLog::from).filter(|entry| self.whole || entry.is_of_a_cluster());
        self.ready.extend(visible);
        Some(true)
    }
}
