//! `clusters/test`: trying a connection, told at its end or as it goes.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, StreamExt as _};
use hub_commands::clusters::{Check, Hearer, Meant, Turn};
use hub_commands::ports::Stage;
use hub_commands::{Caller, Permission};
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::clusters::BODY_LIMIT;
use super::events::HEARTBEAT;
use crate::answer::{Answer, found};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{Json, Params, wants_stream};
use crate::problem::Problem;
use crate::resources::{ClusterCheck, ClusterTest, ClusterTestEvent, ClusterTestPlan, TestCluster};

/// Everything that one trial tells: its plan, a check a stage, and its end.
const EVENTS: usize = Stage::ALL.len() + 2;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(test))
}

/// Tries a connection as an import would, and records nothing: check by check, how far it comes.
///
/// With `Accept: text/event-stream` each check is told as soon as it is decided. A stream that ends without `done` was cut off.
#[utoipa::path(post, path = "/clusters/test", tag = "clusters", operation_id = "testCluster",
    request_body = TestCluster,
    responses((status = 200, description = "What came of it, whether or not it connects",
               content((ClusterTest = "application/json"), (ClusterTestEvent = "text/event-stream")))))]
async fn test(
    State(app): State<App>,
    signed: Signed,
    headers: HeaderMap,
    _: Params<()>,
    Json(body): Json<TestCluster, BODY_LIMIT>,
) -> Answer {
    let caller = signed.may(Permission::ManageClusters)?;
    body.check()?;
    let trial = Trying::new(&app, caller, body).await?;
    if wants_stream(&headers) {
        return Ok(told(app, trial));
    }
    let test = trial.run(&app, Arc::new(|_| ())).await?;
    Ok(found(&test, None, app.read().position()))
}

/// What is to be tried, and by whom.
struct Trying {
    caller: Caller,
    body: TestCluster,
    meant: Option<Meant>,
    turn: Turn,
}

impl Trying {
    async fn new(app: &App, caller: &Caller, body: TestCluster) -> Result<Self, Problem> {
        let meant = match body.cluster_id {
            None => None,
            Some(id) => {
                let row = app.read().cluster(caller.tenant, id, None).await?;
                let row = row.filter(|row| row.status != "decommissioned");
                let row =
                    row.ok_or_else(|| Problem::member("/cluster_id", "must be a cluster that is managed"))?;
                Some(Meant { id: row.id, uid: row.uid })
            }
        };
        let turn = app.clusters().turn(caller)?;
        Ok(Self { caller: caller.clone(), body, meant, turn })
    }

    /// Tries it. The hearer hears of every check.
    async fn run(self, app: &App, hearer: Hearer) -> Result<ClusterTest, Problem> {
        let Self { caller, body, meant, turn } = self;
        let heard = Arc::clone(&hearer);
        let mut trial = app.clusters().test(turn, &body.kubeconfig, body.context.as_deref(), heard).await;
        let managed = match &trial.seen {
            Some(seen) => app.read().clusters_with_uid(caller.tenant, &seen.facts.uid).await?,
            None => vec![],
        };
        trial.identify(&managed, meant.as_ref());
        if let Some(identity) = trial.identity() {
            hearer(identity);
        }
        Ok(ClusterTest::from(trial))
    }
}

/// Tells a trial as it goes. The answer's body drives it: when its client goes away, the trial is given up.
fn told(app: App, trial: Trying) -> axum::response::Response {
    let (send, receive) = mpsc::channel::<Event>(EVENTS);
    let tell = move |event: Option<Event>| {
        // There is room for all, and whoever no longer listens has given the trial up.
        event.map(|event| send.try_send(event).ok());
    };
    let plan = ClusterTestPlan { checks: Stage::ALL.map(Stage::as_str).to_vec() };
    tell(event("plan", &plan));
    let stopping = app.stopping().clone();
    let work = async move {
        let tell = Arc::new(tell);
        let heard = Arc::clone(&tell);
        let hearer: Hearer =
            Arc::new(move |check: &Check| heard(event("check", &ClusterCheck::from(check.clone()))));
        match trial.run(&app, hearer).await {
            Ok(test) => tell(event("done", &test)),
            Err(problem) => tracing::warn!(code = problem.entry().code, "a trial's stream ends early"),
        }
    };
    let work = stream::once(work).filter_map(|()| std::future::ready(None));
    let events = stream::unfold(receive, |mut receive| async move {
        receive.recv().await.map(|event| (Ok::<_, Infallible>(event), receive))
    });
    let events = stream::select(events, work).take_until(stopping.cancelled_owned());
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")).into_response()
}

fn event<T: Serialize>(name: &str, data: &T) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
