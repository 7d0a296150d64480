//! `audit-logs`: what happened, as the ledger tells it.

use axum::extract::{OriginalUri, State};
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hub_commands::origin::OpenOrigin;
use hub_commands::ports::VaultError;
use hub_commands::{Caller, Permission};
use hub_domain::kernel::TypedId as _;
use hub_projections::{AuditQuery, AuditRow, Listed};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::answer::{Answer, found, page};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{AsOfParams, EventId, EventPath, FreshParams, OneOf, PageParams, Params, time};
use crate::problem::{Problem, ProblemDocument};
use crate::resources::{AuditLog, AuditOutcome, EntryProof};

/// Origins of a page that are opened at once.
const AT_ONCE: usize = 16;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(get)).routes(routes!(proof))
}

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Who did it, parted by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["system:observer"]))]
    actor: Option<OneOf>,
    /// Commands, parted by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["cluster.import"]))]
    action: Option<OneOf>,
    /// Events, parted by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["cluster.imported.v1"]))]
    event_type: Option<OneOf>,
    /// To what, parted by commas: ids such as `cluster_01j…`, or kinds such as `cluster`.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["cluster"]))]
    target: Option<OneOf>,
    /// `succeeded`, `failed` or `refused`, parted by commas.
    #[param(inline, value_type = Option<Vec<AuditOutcome>>, style = Form, explode = false)]
    outcome: Option<OneOf>,
    /// The effects of these events, parted by commas: what was done because of them.
    #[param(value_type = Option<Vec<Uuid>>, style = Form, explode = false)]
    caused_by: Option<OneOf>,
    /// Requests, by the `X-Request-Id` of their answers, parted by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["deploy-7"]))]
    request_id: Option<OneOf>,
    /// Recorded then or later (RFC 3339).
    #[serde(default, deserialize_with = "time")]
    from: Option<DateTime<Utc>>,
    /// Recorded before then (RFC 3339).
    #[serde(default, deserialize_with = "time")]
    to: Option<DateTime<Utc>>,
}

impl Filters {
    fn query(self) -> Result<AuditQuery, Problem> {
        let values = |values: Option<OneOf>| values.unwrap_or_default().0;
        let ids = values(self.caused_by);
        let ids: Option<Vec<Uuid>> = ids.iter().map(|text| EventId::read(text)).collect();
        let wrong = || Problem::parameter("caused_by", "must be the ids of events, parted by commas");
        Ok(AuditQuery {
            actor: values(self.actor),
            action: values(self.action),
            event_type: values(self.event_type),
            target: values(self.target),
            outcome: values(self.outcome),
            caused_by: ids.ok_or_else(wrong)?,
            request_id: values(self.request_id),
            from: self.from,
            to: self.to,
        })
    }
}

/// Lists the audit log, the newest entry first, as it stands or as it stood.
#[utoipa::path(get, path = "/audit-logs", tag = "audit", operation_id = "listAuditLogs",
    params(PageParams, FreshParams, AsOfParams, Filters),
    responses((status = 200, description = "A page of the audit log", body = [AuditLog])))]
async fn list(
    State(app): State<App>,
    signed: Signed,
    OriginalUri(uri): OriginalUri,
    Params((paging, fresh, past, filters)): Params<(PageParams, FreshParams, AsOfParams, Filters)>,
) -> Answer {
    let caller = signed.may(Permission::ReadAudit)?;
    let (paging, query) = (paging.page()?, filters.query()?);
    app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let Listed { rows, total, exact, next, position } =
        app.read().audit_logs(caller.tenant, &query, &paging, moment).await?;
    let opening = stream::iter(rows).map(|row| opened(&app, caller, row));
    let rows: Vec<AuditLog> = opening.buffered(AT_ONCE).try_collect().await?;
    Ok(page(&uri, &Listed { rows, total, exact, next, position }))
}

/// Shows one entry.
#[utoipa::path(get, path = "/audit-logs/{id}", tag = "audit", operation_id = "getAuditLog",
    params(EventPath, FreshParams),
    responses((status = 200, description = "The entry", body = AuditLog)))]
async fn get(
    State(app): State<App>,
    signed: Signed,
    EventId(id): EventId,
    Params((fresh,)): Params<(FreshParams,)>,
) -> Answer {
    let (entry, position) = read(&app, &signed, id, fresh).await?;
    Ok(found(&opened(&app, signed.caller(), entry).await?, None, position))
}

/// Proves one entry to whoever has the verifier key and nothing else: `clustermaster-audit check` reads the answer.
#[utoipa::path(get, path = "/audit-logs/{id}/proof", tag = "audit", operation_id = "getAuditLogProof",
    params(EventPath, FreshParams),
    responses((status = 200, description = "The proof", body = EntryProof),
              (status = 409, description = "No checkpoint covers the entry yet", body = ProblemDocument,
               content_type = "application/problem+json")))]
async fn proof(
    State(app): State<App>,
    signed: Signed,
    EventId(id): EventId,
    Params((fresh,)): Params<(FreshParams,)>,
) -> Answer {
    let (entry, position) = read(&app, &signed, id, fresh).await?;
    let (proofs, tenant) = (app.proofs(), signed.caller().tenant.uuid());
    let proof = EntryProof::new(proofs.entry(tenant, entry.sequence).await?, &proofs.verifier(tenant)?);
    Ok(found(&proof, None, position))
}

/// A row with its origin opened for a caller who may see it. Whose key was destroyed has none any more.
async fn opened(app: &App, caller: &Caller, row: AuditRow) -> Result<AuditLog, Problem> {
    let sealed = match &row.origin_sealed {
        Some(sealed) if caller.authorise(Permission::ReadPersonal).is_ok() => sealed,
        _ => return Ok(row.into()),
    };
    let open = match app.vault().open(caller.tenant, row.subject(), sealed).await {
        Ok(document) => OpenOrigin::read(&document),
        Err(VaultError::Erased | VaultError::NotFound) => None,
        Err(error) => return Err(Problem::unavailable(&error)),
    };
    Ok(AuditLog { origin: open.map(Into::into), ..row.into() })
}

/// The entry, and what the read models have seen.
async fn read(app: &App, signed: &Signed, id: Uuid, fresh: FreshParams) -> Result<(AuditRow, u64), Problem> {
    let caller = signed.may(Permission::ReadAudit)?;
    let position = app.seen(fresh.min_position).await?;
    let entry = app.read().audit_log(caller.tenant, id).await?.ok_or_else(EventId::missing)?;
    Ok((entry, position))
}
