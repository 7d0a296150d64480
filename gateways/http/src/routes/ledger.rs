//! `ledger`: checkpoints and what is proven under them. `checkpoint` and `tile` are C2SP tlog-tiles, read-only.

use axum::extract::{OriginalUri, Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use hub_commands::{Caller, Permission};
use hub_domain::kernel::TypedId as _;
use hub_domain::ledger::{VerifierKey, origin};
use hub_projections::Listed;
use hub_projections::proof::{ProofError, SignerKey};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::answer::{Answer, found, page};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{PageParams, Params};
use crate::problem::{Entry, Problem, ProblemDocument};
use crate::resources::{Checkpoint, Consistency, LedgerHead, SigningKey, hex};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(head))
        .routes(routes!(keys))
        .routes(routes!(checkpoints))
        .routes(routes!(consistency))
        .routes(routes!(checkpoint))
}

/// Tiles have paths of any depth, which `OpenAPI` cannot say: they stand beside the document.
pub fn tiles() -> axum::Router<App> {
    axum::Router::new().route("/ledger/tile/{*path}", axum::routing::get(tile))
}

/// Two sizes of the ledger.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Sizes {
    /// The older size, in leaves.
    #[param(required, maximum = 9_223_372_036_854_775_807_i64)]
    from: Option<u64>,
    /// The newer size, in leaves: at most that of the newest checkpoint.
    #[param(required, maximum = 9_223_372_036_854_775_807_i64)]
    to: Option<u64>,
}

/// Where the tenant's ledger ends, the newest checkpoint over it, and what verifies that.
#[utoipa::path(get, path = "/ledger/head", tag = "audit", operation_id = "getLedgerHead",
    responses((status = 200, description = "The head", body = LedgerHead)))]
async fn head(State(app): State<App>, signed: Signed, _: Params<()>) -> Answer {
    let caller = signed.may(Permission::ReadAudit)?;
    let (head, key) = (app.proofs().head(tenant(caller)).await?, app.proofs().verifier(tenant(caller))?);
    Ok(found(&LedgerHead::new(head, &key), None, app.read().position()))
}

/// The keys that sign or have signed the tenant's checkpoints, the oldest first, and what vouches for each change of them.
#[utoipa::path(get, path = "/ledger/keys", tag = "audit", operation_id = "listSigningKeys",
    responses((status = 200, description = "The keys", body = [SigningKey])))]
async fn keys(State(app): State<App>, signed: Signed, _: Params<()>) -> Answer {
    let caller = signed.may(Permission::ReadAudit)?;
    let of_tenant = |key: SignerKey| {
        let hub: VerifierKey = key.verifier.parse().map_err(ProofError::Key)?;
        let own = hub.named(&origin(hub.name(), tenant(caller))).map_err(ProofError::Key)?;
        Ok::<_, Problem>(SigningKey { verifier_key: own.to_string(), rotation: key.statement })
    };
    let keys = app.proofs().keys().await?.into_iter().map(of_tenant).collect::<Result<Vec<_>, _>>()?;
    Ok(found(&keys, None, app.read().position()))
}

/// Lists the signed checkpoints over the tenant's ledger, the newest first.
#[utoipa::path(get, path = "/ledger/checkpoints", tag = "audit", operation_id = "listCheckpoints",
    params(PageParams),
    responses((status = 200, description = "A page of checkpoints", body = [Checkpoint])))]
async fn checkpoints(
    State(app): State<App>,
    signed: Signed,
    OriginalUri(uri): OriginalUri,
    Params((paging,)): Params<(PageParams,)>,
) -> Answer {
    let caller = signed.may(Permission::ReadAudit)?;
    let paging = paging.page()?;
    if paging.sort.is_some() {
        return Err(Problem::parameter("sort", "is not known here: the newest checkpoint comes first"));
    }
    let listed = app.proofs().list(tenant(caller), paging.limit, paging.cursor.as_deref()).await?;
    Ok(page(&uri, &Listed { position: app.read().position(), ..listed.map(Checkpoint::from) }))
}

/// Proves that the ledger of a newer size begins with the one of an older size.
#[utoipa::path(get, path = "/ledger/consistency", tag = "audit", operation_id = "getLedgerConsistency",
    params(Sizes),
    responses((status = 200, description = "The proof", body = Consistency)))]
async fn consistency(State(app): State<App>, signed: Signed, Params((sizes,)): Params<(Sizes,)>) -> Answer {
    let caller = signed.may(Permission::ReadAudit)?;
    let needed = |name, size: Option<u64>| size.ok_or_else(|| Problem::parameter(name, "is needed"));
    let (from, to) = (needed("from", sizes.from)?, needed("to", sizes.to)?);
    let proof = app.proofs().consistency(tenant(caller), from, to).await?;
    let body = Consistency {
        from,
        from_root: proof.from_root.to_string(),
        to,
        to_root: proof.to_root.to_string(),
        hashes: hex(&proof.hashes),
    };
    Ok(found(&body, None, app.read().position()))
}

/// The newest checkpoint as it was signed (C2SP tlog-tiles).
#[utoipa::path(get, path = "/ledger/checkpoint", tag = "audit", operation_id = "getCheckpoint",
    responses((status = 200, description = "The signed note", body = String, content_type = "text/plain"),
              (status = 409, description = "There is no checkpoint yet", content_type = "application/problem+json",
               body = ProblemDocument)))]
async fn checkpoint(State(app): State<App>, signed: Signed, _: Params<()>) -> Answer {
    let caller = signed.may(Permission::ReadAudit)?;
    let newest = app.proofs().newest(tenant(caller)).await?;
    let newest = newest.ok_or_else(|| Problem::new(Entry::PROOF_PENDING).retry_after(1))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], newest.note).into_response())
}

/// A tile of the tree, or a bundle of its leaves.
async fn tile(State(app): State<App>, signed: Signed, Path(path): Path<String>, _: Params<()>) -> Answer {
    let caller = signed.may(Permission::ReadAudit)?;
    let missing = || Problem::new(Entry::TILE_NOT_FOUND);
    let (level, rest) = path.split_once('/').ok_or_else(missing)?;
    let (index, width) = coordinates(rest).ok_or_else(missing)?;
    let (proofs, tenant) = (app.proofs(), tenant(caller));
    let bytes = if level == "entries" {
        let leaves = proofs.entries(tenant, index, width).await?;
        // A leaf has at most 1 KiB.
        let framed = |leaf: &Vec<u8>| [&(leaf.len() as u16).to_be_bytes()[..], leaf].concat();
        leaves.iter().flat_map(framed).collect()
    } else {
        let plain = level.len() <= 2 && level.bytes().all(|digit| digit.is_ascii_digit());
        let level =
            level.parse().ok().filter(|found: &u32| plain && *found < 64 && found.to_string() == level);
        let hashes = proofs.tile(tenant, level.ok_or_else(missing)?, index, width).await?;
        hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>()
    };
    Ok(binary(bytes))
}

fn binary(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
}

/// `x001/x234/067` is 1,234,067; `.p/5` behind it asks for the first five hashes of a tile that is not full yet.
fn coordinates(path: &str) -> Option<(u64, u64)> {
    let (path, width) = match path.split_once(".p/") {
        Some((path, width)) => {
            let width: u64 = width.parse().ok().filter(|found: &u64| found.to_string() == width)?;
            (path, Some(width).filter(|width| (1..256).contains(width))?)
        }
        None => (path, 256),
    };
    let parts: Vec<&str> = path.split('/').collect();
    let (last, above) = parts.split_last()?;
    let mut index: u64 = 0;
    for (nth, digits) in above.iter().map(|part| part.strip_prefix('x')).chain([Some(*last)]).enumerate() {
        let digits =
            digits.filter(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        // One spelling only: a number does not begin with an empty thousand.
        if nth == 0 && !above.is_empty() && digits == "000" {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((index, width))
}

fn tenant(caller: &Caller) -> Uuid {
    caller.tenant.uuid()
}

#[cfg(test)]
mod tests {
    use super::coordinates;

    #[test]
    fn a_tile_is_named_in_one_way() {
        for (path, wanted) in [
            ("000", Some((0, 256))),
            ("067", Some((67, 256))),
            ("x001/234", Some((1234, 256))),
            ("x001/x234/067.p/5", Some((1_234_067, 5))),
            ("x001/000.p/255", Some((1000, 255))),
        ] {
            assert_eq!(coordinates(path), wanted, "{path}");
        }
        for path in [
            "",
            "67",
            "0067",
            "x067",
            "x000/067",
            "001/067",
            "x1/067",
            "067.p/",
            "067.p/0",
            "067.p/256",
            "067.p/05",
            "067/",
            "/067",
            "06a",
            "x99999999999999999999/067",
            "067.p/5/6",
        ] {
            assert_eq!(coordinates(path), None, "{path}");
        }
    }
}
