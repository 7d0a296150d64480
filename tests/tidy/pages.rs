//! The reference pages are complete: every table, event, metric, route and problem code stands on its page.

use std::path::Path;

use serde_json::Value;

use crate::tree::{File, files};

const TABLES: &str = "migrations/README.md";
const EVENTS: &str = "domain/README.md";
const METRICS: &str = "deploy/metrics.md";
const ROUTES: &str = "gateways/http/README.md";
const PROBLEMS: &str = ROUTES;
const DOCUMENT: &str = "gateways/http/openapi.json";
const CATALOGUE: &str = "gateways/http/src/problem/catalogue.rs";
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// What does not stand in backticks on the page. Nothing to look for is a complaint, too: then the sources moved.
fn missing(files: &[File], page: &str, kind: &str, names: &[String]) -> Vec<String> {
    if names.is_empty() {
        return vec![format!("{page}: found no {kind} in the sources; did they move?")];
    }
    let Some(file) = files.iter().find(|file| file.path == page) else {
        return vec![format!("{page}: there is no such page")];
    };
    let absent = names.iter().filter(|name| !file.text.contains(&format!("`{name}`")));
    absent.map(|name| format!("{page}: lacks the {kind} `{name}`")).collect()
}

/// Complaints about sources that must be there and must hold something: one for each that yields nothing.
fn barren(yields: &[(&str, Vec<String>)], kind: &str) -> Vec<String> {
    let empty = yields.iter().filter(|(_, names)| names.is_empty());
    empty.map(|(path, _)| format!("{path}: found no {kind} in it")).collect()
}

/// The parts of the lines of code between double quotes, each with what stands before and behind it.
fn quoted(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| {
        let parts: Vec<&str> = line.split('"').collect();
        parts.windows(3).map(|three| (three[0], three[1], three[2])).collect::<Vec<_>>()
    })
}

/// The tables and views that a migration makes. A name that is put together at run time has no row of its own.
fn tables(sql: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in sql.lines() {
        let line = line.split("--").next().unwrap_or_default().to_lowercase();
        for start in ["create table ", "create unlogged table ", "create view ", "create materialized view "]
        {
            let Some((_, rest)) = line.split_once(start) else { continue };
            let name = rest.trim_start().trim_start_matches("if not exists ");
            let name = name.split([' ', '(', ';']).next().unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            if !name.is_empty() && name.chars().all(plain) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// `cluster.imported.v1`.
fn is_event(name: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let parts: Vec<&str> = name.split('.').collect();
    matches!(parts[..], [stream, what, number] if word(stream) && word(what) && version(number))
}

fn events(code: &str) -> Vec<String> {
    quoted(code).filter(|(_, text, _)| is_event(text)).map(|(_, text, _)| text.to_owned()).collect()
}

fn metrics(code: &str) -> Vec<String> {
    let ours = quoted(code).filter(|(_, text, _)| text.starts_with("clustermaster_"));
    ours.map(|(_, text, _)| text.to_owned()).collect()
}

/// The codes of a table of problems or refusals: `NAME = "the-code", SomethingUpperCase`.
fn codes(code: &str) -> Vec<String> {
    let kebab = |text: &str| {
        text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
    };
    let entries = quoted(code).filter(|(before, text, behind)| {
        let kind = behind.strip_prefix(',').map(str::trim_start);
        before.trim_end().ends_with('=')
            && kebab(text)
            && kind.is_some_and(|kind| kind.starts_with(|c: char| c.is_ascii_uppercase()))
    });
    entries.map(|(_, text, _)| text.to_owned()).collect()
}

/// Each operation of an OpenAPI document: `GET /healthz`.
fn routes(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
        routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    routes
}

/// Applies `read` to every file that `is_source` names, and holds what it found against the page.
fn hold(
    files: &[File],
    (page, kind): (&str, &str),
    is_source: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Vec<String>,
    each_yields: bool,
) -> Vec<String> {
    let sources = files.iter().filter(|file| is_source(&file.path));
    let found: Vec<(&str, Vec<String>)> =
        sources.map(|file| (file.path.as_str(), read(&file.text))).collect();
    let mut complaints = if each_yields { barren(&found, kind) } else { Vec::new() };
    let names: Vec<String> = found.into_iter().flat_map(|(_, names)| names).collect();
    complaints.extend(missing(files, page, kind, &names));
    complaints
}

fn is_aggregates(path: &str, name: &str) -> bool {
    let inner = path.strip_prefix("domain/src/").and_then(|rest| rest.strip_suffix(name));
    inner.and_then(|folder| folder.strip_suffix('/')).is_some_and(|folder| !folder.contains('/'))
}

fn judge_tables(files: &[File]) -> Vec<String> {
    let is_sql =
        |path: &str| path.starts_with("migrations/") && Path::new(path).extension() == Some("sql".as_ref());
    hold(files, (TABLES, "table"), is_sql, tables, false)
}

fn judge_events(files: &[File]) -> Vec<String> {
    hold(files, (EVENTS, "event"), |path| is_aggregates(path, "events.rs"), events, true)
}

fn judge_metrics(files: &[File]) -> Vec<String> {
    hold(files, (METRICS, "metric"), |path| path.ends_with("/telemetry.rs"), metrics, false)
}

fn judge_routes(files: &[File]) -> Vec<String> {
    hold(files, (ROUTES, "route"), |path| path == DOCUMENT, routes, true)
}

fn judge_problems(files: &[File]) -> Vec<String> {
    let mut complaints = hold(files, (PROBLEMS, "problem"), |path| path == CATALOGUE, codes, true);
    let is_decider = |path: &str| is_aggregates(path, "decide.rs");
    complaints.extend(hold(files, (PROBLEMS, "refusal"), is_decider, codes, true));
    complaints
}

/// A metric is declared in a `telemetry.rs`, or its page could not be held against it.
fn declared_elsewhere(files: &[File]) -> Vec<String> {
    let code = files.iter().filter(|file| file.ends_in(&[".rs"]) && !file.ends_in(&["/telemetry.rs"]));
    let ours = code.filter(|file| !file.path.starts_with("tests/"));
    ours.filter(|file| {
        quoted(&file.text).any(|(before, _, _)| {
            ["counter!(", "gauge!(", "histogram!("].iter().any(|recorder| before.ends_with(recorder))
        })
    })
    .map(|file| format!("{}: names a metric; telemetry.rs is where they are declared", file.path))
    .collect()
}

#[test]
fn the_pages_are_complete() {
    let files = files();
    let complaints: Vec<String> =
        [judge_tables, judge_events, judge_metrics, judge_routes, judge_problems, declared_elsewhere]
            .iter()
            .flat_map(|judge| judge(&files))
            .collect();
    crate::none(&complaints);
}

mod tests;
