//! Who may depend on whom: an arrow between two rooms may only point down.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tree::root;

/// What a manifest says of one dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The crate's name.
    pub name: String,
    /// Its folder below the root, if it is one of ours.
    pub folder: Option<String>,
    /// Whether only tests see it.
    pub dev: bool,
    /// The features asked for; `default` among them unless it was declined.
    pub features: Vec<String>,
}

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its folder below the root: `gateways/http`.
    pub folder: String,
    /// What its manifest names.
    pub dependencies: Vec<Dependency>,
}

/// The crates of the workspace, as cargo reads their manifests.
pub fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let home = metadata["workspace_root"].as_str().expect("a workspace has a root");
    list(&metadata["packages"]).map(|package| read(package, Path::new(home))).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn read(package: &Value, home: &Path) -> Package {
    let below = |path: &str| {
        let path = Path::new(path);
        path.strip_prefix(home).unwrap_or(path).to_string_lossy().into_owned()
    };
    let manifest = package["manifest_path"].as_str().expect("a package has a manifest");
    let dependencies = list(&package["dependencies"])
        .map(|dependency| {
            let mut features: Vec<String> =
                list(&dependency["features"]).filter_map(Value::as_str).map(str::to_owned).collect();
            if dependency["uses_default_features"] != Value::Bool(false) {
                features.push("default".into());
            }
            Dependency {
                name: dependency["name"].as_str().expect("a dependency has a name").to_owned(),
                folder: dependency["path"].as_str().map(below),
                dev: dependency["kind"] == "dev",
                features,
            }
        })
        .collect();
    Package { folder: below(manifest.trim_end_matches("/Cargo.toml")), dependencies }
}

/// Whether `from` may see `to`; nothing is said of a room that has no floor.
fn may_see(from: &str, to: &str) -> Option<bool> {
    let below_gateways = ["domain", "commands", "projections"].contains(&to);
    Some(match from {
        "domain" => false,
        "commands" | "projections" => to == "domain",
        "gateways/hub" => below_gateways || to.starts_with("gateways/"),
        "replay-tools" => ["domain", "projections", "gateways/kurrentdb", "gateways/postgres"].contains(&to),
        "tests" => true,
        _ if from.starts_with("gateways/") => below_gateways,
        _ if from.starts_with("tests/") => true,
        _ => return None,
    })
}

fn judge(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for Package { folder: from, dependencies } in packages {
        if may_see(from, "domain").is_none() {
            complaints.push(format!("{from}: stands on no floor; give it one in tests/tidy/floors.rs"));
        }
        for to in dependencies.iter().filter_map(|dependency| dependency.folder.as_deref()) {
            if may_see(from, to) == Some(false) {
                complaints.push(format!("{from}: must not depend on {to}"));
            }
        }
    }
    complaints
}

#[test]
fn arrows_point_down() {
    let packages = packages();
    assert!(packages.iter().any(|package| package.folder == "domain"), "{packages:?}");
    let arrows = packages.iter().flat_map(|package| &package.dependencies).filter(|to| to.folder.is_some());
    assert!(arrows.count() > packages.len(), "the arrows are not seen");
    crate::none(&judge(&packages));
}

#[test]
fn an_arrow_that_points_up_is_seen() {
    let complaints = |from: &str, to: &str| {
        let dependency =
            Dependency { name: to.into(), folder: Some(to.into()), dev: true, features: Vec::new() };
        judge(&[Package { folder: from.into(), dependencies: vec![dependency] }]).len()
    };
    for (from, to) in [
        ("domain", "commands"),
        ("domain", "tests/kit"),
        ("commands", "projections"),
        ("projections", "commands"),
        ("projections", "gateways/postgres"),
        ("gateways/http", "gateways/postgres"),
        ("gateways/http", "gateways/hub"),
        ("gateways/postgres", "tests/kit"),
        ("gateways/hub", "replay-tools"),
        ("gateways/hub", "tests"),
        ("replay-tools", "commands"),
        ("replay-tools", "gateways/http"),
        ("attic", "domain"),
    ] {
        assert_eq!(complaints(from, to), 1, "{from} -> {to}");
    }
    for (from, to) in [
        ("commands", "domain"),
        ("gateways/http", "projections"),
        ("gateways/hub", "gateways/http"),
        ("replay-tools", "gateways/postgres"),
        ("tests", "tests/kit"),
        ("tests/kit", "gateways/postgres"),
    ] {
        assert_eq!(complaints(from, to), 0, "{from} -> {to}");
    }
}

#[test]
fn a_manifest_is_read_as_cargo_tells_it() {
    let package = serde_json::json!({
        "manifest_path": "/w/gateways/http/Cargo.toml",
        "dependencies": [
            {"name": "hub-domain", "path": "/w/domain", "kind": null, "features": [], "uses_default_features": true},
            {"name": "chrono", "kind": "dev", "features": ["std"], "uses_default_features": false},
        ],
    });
    let Package { folder, dependencies } = read(&package, Path::new("/w"));
    assert_eq!(folder, "gateways/http");
    assert_eq!(dependencies[0].folder.as_deref(), Some("domain"));
    assert_eq!((dependencies[0].dev, dependencies[0].features.join(" ")), (false, "default".into()));
    assert_eq!((dependencies[1].dev, dependencies[1].features.join(" ")), (true, "std".into()));
    assert_eq!(dependencies[1].folder, None);
}
