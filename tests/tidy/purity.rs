//! The domain stays pure: few dependencies, and nothing that reaches the world.

use crate::floors::{Dependency, packages};
use crate::tree::{File, files};

const ALLOWED: &[&str] = &[
    "base64",
    "chrono",
    "data-encoding",
    "ed25519-dalek",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "uuid",
];
/// What brings the clock of the machine into chrono.
const CLOCKS: &[&str] = &["clock", "default", "now"];
const IMPURE: &[&str] = &["tokio", "async fn", "std::fs", "std::net", "SystemTime"];

fn dependencies(of_domain: &[Dependency]) -> Vec<String> {
    let mut complaints = Vec::new();
    for Dependency { name, features, .. } in of_domain.iter().filter(|dependency| !dependency.dev) {
        if !ALLOWED.contains(&name.as_str()) {
            complaints.push(format!("domain: must not depend on {name}"));
        }
        if name == "chrono" && features.iter().any(|feature| CLOCKS.contains(&feature.as_str())) {
            complaints.push(format!("domain: chrono must come without its clock, not with {features:?}"));
        }
    }
    complaints
}

fn words(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("domain/src/") && file.ends_in(&[".rs"])) {
        if file.ends_in(&["/tests.rs"]) || file.path.contains("/tests/") {
            continue;
        }
        let code = file.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in code {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                complaints.push(format!("{}:{}: the domain knows no `{word}`", file.path, number + 1));
            }
        }
    }
    complaints
}

#[test]
fn the_domain_depends_on_little() {
    let packages = packages();
    let domain = packages.iter().find(|package| package.folder == "domain").expect("there is a domain");
    assert!(domain.dependencies.iter().any(|dependency| !dependency.dev), "{domain:?}");
    crate::none(&dependencies(&domain.dependencies));
}

#[test]
fn the_domain_does_not_reach_the_world() {
    let files = files();
    assert!(files.iter().any(|file| file.path == "domain/src/lib.rs"), "the domain is not seen");
    crate::none(&words(&files));
}

#[test]
fn another_dependency_is_seen() {
    let dependency = |name: &str, dev, features: &[&str]| Dependency {
        name: name.into(),
        folder: None,
        dev,
        features: features.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(dependencies(&[dependency("tokio", false, &[])]).len(), 1);
    assert_eq!(dependencies(&[dependency("chrono", false, &["default"])]).len(), 1);
    assert_eq!(dependencies(&[dependency("chrono", false, &["std", "clock"])]).len(), 1);
    crate::none(&dependencies(&[
        dependency("chrono", false, &["std", "serde"]),
        dependency("serde", false, &["default"]),
        dependency("proptest", true, &["default"]),
    ]));
}

#[test]
fn an_impure_word_is_seen() {
    for word in IMPURE {
        let text = format!("// {word} in a comment\nfn pure() {{}}\nuse {word};\n");
        let complaints = words(&[File::made_up("domain/src/user/decide.rs", &text)]);
        assert_eq!(complaints, [format!("domain/src/user/decide.rs:3: the domain knows no `{word}`")]);
        for path in ["domain/src/user/tests.rs", "domain/src/ledger/tests/log.rs", "commands/src/lib.rs"] {
            crate::none(&words(&[File::made_up(path, &text)]));
        }
    }
}
