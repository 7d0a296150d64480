//! What all operations of the document have in common: written once here, from the same tables that the layers use.

use std::sync::LazyLock;

use axum::http::Method;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::middleware::gate;
use crate::problem::{MEDIA_TYPE, ProblemDocument};

/// The document as pretty JSON, with a line break at its end.
pub fn openapi_json() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let text = crate::openapi().to_pretty_json().expect("the document is plain data");
        format!("{text}\n")
    });
    &TEXT
}

/// The document of an API that lies below a path prefix.
pub(crate) fn json_below(prefix: &str) -> String {
    let mut document = crate::openapi();
    document.servers = Some(vec![Server::new(prefix)]);
    document.to_pretty_json().expect("the document is plain data")
}

/// The document before the routes.
pub(crate) fn base() -> OpenApi {
    let tags = [
        ("authentication", "Sessions"),
        ("me", "The caller"),
        ("users", "Accounts of the tenant"),
        ("clusters", "Clusters under management"),
        ("fleet", "All clusters at once: the dashboard, the grid, the search"),
        ("exports", "Streams of the tenant's events to SIEMs"),
        ("audit", "What happened, as the ledger tells it"),
        ("live", "What happens"),
        ("system", "Probes, metrics and this document"),
    ];
    let mut bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    bearer.description =
        Some("The `access_token` of `POST /api/v1/auth/login`; it holds for 15 minutes".into());
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("ClusterMaster")
                .version("1")
                .description(Some(
                    "Operate Kubernetes fleets with proof: every action is a command, every command yields events \
                     in an append-only ledger, and every answer is a projection of it.",
                ))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build())),
        )
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("bearer", SecurityScheme::Http(bearer))
                .schema(ProblemDocument::name(), ProblemDocument::schema())
                .schema(crate::problem::FieldError::name(), crate::problem::FieldError::schema())
                .build(),
        ))
        .tags(Some(tags.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build())))
        .build()
}

/// Completes every operation: security, the errors that its kind of route can answer, the common headers.
pub(crate) fn complete(mut api: OpenApi) -> OpenApi {
    for (path, item) in &mut api.paths.paths {
        let methods = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                finish(path, &method, operation);
            }
        }
    }
    api
}

fn finish(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let public = gate::public(&axum_method(method), path);
    let parameters = || {
        operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
    };
    let has = |name: &str| parameters().any(|parameter| parameter.name == name);
    let (command, list, fresh) = (has("dry_run"), has("cursor"), has("min_position"));
    let in_path = parameters().any(|parameter| parameter.parameter_in == ParameterIn::Path);
    let body = operation.request_body.is_some();
    let tokens = operation.tags.iter().flatten().any(|tag| tag == "authentication");
    let limited = !matches!(public, Some(gate::Public::Unlimited | gate::Public::Scrape));

    if public.is_none() {
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    }
    let errors = [
        (true, "400", "A parameter, a header or the body is malformed"),
        (
            public.is_none() || tokens || public == Some(gate::Public::Scrape),
            "401",
            "No valid access token was shown",
        ),
        (public.is_none(), "403", "The caller's roles do not permit this"),
        (in_path, "404", "There is no such resource in the caller's tenant"),
        (command, "409", "The present state forbids the command"),
        (command, "412", "The resource is at another revision than `If-Match` says"),
        (command || body, "413", "The body is too large"),
        (body, "415", "The body is not `application/json`"),
        (command || body, "422", "A member of the body breaks its rule"),
        (limited, "429", "Too many requests; `Retry-After` says when to come back"),
        (true, "500", "Something went wrong on our side"),
        (true, "503", "The hub cannot serve this now; `Retry-After` says when to come back"),
    ];
    let responses = &mut operation.responses.responses;
    for (applies, status, description) in errors {
        if applies {
            responses.entry(status.into()).or_insert_with(|| RefOr::T(problem(description)));
        }
    }
    let headers = [
        (
            command || fresh,
            "Ledger-Position",
            Type::Integer,
            "What the answer has seen, or where the command stands",
        ),
        (command || (fresh && in_path), "ETag", Type::String, "The resource's revision, for `If-Match`"),
        (
            command,
            "Idempotent-Replayed",
            Type::Boolean,
            "The answer is that of an earlier, identical command",
        ),
        (list, "Total-Count", Type::Integer, "Entries of the whole list"),
        (list, "Total-Count-At-Least", Type::Boolean, "There may be more: counting stopped at `Total-Count`"),
        (list, "Link", Type::String, "Where the next page is (RFC 8288, `rel=\"next\"`)"),
        (limited, "RateLimit-Limit", Type::Integer, "Requests a minute"),
        (limited, "RateLimit-Remaining", Type::Integer, "Requests left at once"),
        (limited, "RateLimit-Reset", Type::Integer, "Seconds until all of them are there again"),
    ];
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        for (applies, name, kind, description) in &headers {
            if *applies && status.starts_with('2') {
                let schema = ObjectBuilder::new().schema_type(kind.clone());
                let header =
                    HeaderBuilder::new().schema(Some(schema)).description(Some(*description)).build();
                response.headers.insert((*name).into(), header.into());
            }
        }
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDocument::name()))).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}

fn axum_method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Put => Method::PUT,
        HttpMethod::Post => Method::POST,
        HttpMethod::Delete => Method::DELETE,
        _ => Method::GET,
    }
}
