//! What may not stand in a file. The needles are put together from pieces, or this file would find itself.

use crate::tree::{File, files};

const LINES: usize = 600;
const SIZED: &[&str] = &[".rs", ".sql", ".py", ".ts", ".tsx", ".sh"];
/// Made from another file, and held against it by a test.
const GENERATED: &[&str] = &["gateways/web/src/api/schema.d.ts"];
const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];
const SLEEPS: &[&str] = &[concat!("thread::", "sleep"), concat!("time::", "sleep")];
/// Where a test may sleep: behind the one function that waits for a condition, and to keep a measured pace.
const SLEEPERS: &[&str] = &["tests/kit/", "tests/benches/", "tests/tidy/"];
const OUTSIDE: &str = concat!("../", "shared");

fn is_code(file: &File) -> bool {
    file.ends_in(SIZED) || file.path.starts_with("scripts/") || file.path.starts_with(".ci/")
}

fn too_long(files: &[File]) -> Vec<String> {
    let written = |file: &&File| file.ends_in(SIZED) && !GENERATED.contains(&file.path.as_str());
    let sized = files.iter().filter(written);
    sized
        .map(|file| (&file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines of at most {LINES}"))
        .collect()
}

/// Whether `needle` stands in `line`; one of letters only counts as a whole word.
fn has(line: &str, needle: &str) -> bool {
    let word = needle.bytes().all(|byte| byte.is_ascii_alphabetic());
    let part = |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    line.match_indices(needle).any(|(at, _)| {
        let (before, behind) = (&line[..at], &line[at + needle.len()..]);
        !word || !(part(before.chars().next_back()) || part(behind.chars().next()))
    })
}

fn lines_with<'a>(
    files: impl Iterator<Item = &'a File>,
    needles: &'a [&'a str],
    why: &'a str,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for needle in needles.iter().filter(|needle| has(line, needle)) {
                complaints.push(format!("{}:{}: `{needle}`: {why}", file.path, number + 1));
            }
        }
    }
    complaints
}

fn unfinished(files: &[File]) -> Vec<String> {
    lines_with(files.iter().filter(|file| is_code(file)), UNFINISHED, "nothing unfinished is kept")
}

fn sleeps(files: &[File]) -> Vec<String> {
    let tests = files.iter().filter(|file| file.path.starts_with("tests/") && file.ends_in(&[".rs"]));
    let awake = tests.filter(|file| !SLEEPERS.iter().any(|folder| file.path.starts_with(folder)));
    lines_with(awake, SLEEPS, "a test waits for a condition: hub_kit::until")
}

fn looks_outside(files: &[File]) -> Vec<String> {
    let inside = files.iter().filter(|file| file.path != ".ci/run");
    lines_with(inside, &[OUTSIDE], "only the build machine's gate knows what lies outside")
}

#[test]
fn files_are_short() {
    crate::none(&too_long(&files()));
}

#[test]
fn nothing_is_left_unfinished() {
    crate::none(&unfinished(&files()));
}

#[test]
fn tests_wait_for_conditions() {
    crate::none(&sleeps(&files()));
}

#[test]
fn the_project_stands_alone() {
    crate::none(&looks_outside(&files()));
}

#[test]
fn a_long_file_is_seen() {
    let file = |path: &str, lines| File::made_up(path, &"x\n".repeat(lines));
    for ending in SIZED {
        assert_eq!(too_long(&[file(&format!("a/b{ending}"), LINES + 1)]).len(), 1, "{ending}");
    }
    crate::none(&too_long(&[file("a.rs", LINES), file("Cargo.lock", LINES + 1)]));
}

#[test]
fn unfinished_work_is_seen() {
    for needle in UNFINISHED {
        let text = format!("fn one() {{}}\n    {needle} \"later\"\n");
        for path in ["domain/src/lib.rs", "scripts/setup", ".ci/run", "migrations/ledger/0009_x.sql"] {
            assert_eq!(unfinished(&[File::made_up(path, &text)]).len(), 1, "{needle} in {path}");
        }
        crate::none(&unfinished(&[File::made_up("README.md", &text)]));
    }
    // The placeholder of mktemp is none.
    let placeholder = format!("folder=$(mktemp -d /tmp/test.{0}{0})", concat!("XX", "X"));
    crate::none(&unfinished(&[File::made_up("scripts/setup", &placeholder)]));
}

#[test]
fn a_sleep_is_seen() {
    for needle in SLEEPS {
        let text = format!("tokio::{needle}(pause).await;");
        assert_eq!(sleeps(&[File::made_up("tests/e2e/log.rs", &text)]).len(), 1, "{needle}");
        for path in ["tests/kit/src/until.rs", "tests/benches/hub.rs", "commands/src/dispatcher.rs"] {
            crate::none(&sleeps(&[File::made_up(path, &text)]));
        }
    }
}

#[test]
fn a_look_outside_is_seen() {
    let text = format!("cp {OUTSIDE}/file .");
    assert_eq!(looks_outside(&[File::made_up("scripts/setup", &text)]).len(), 1);
    assert_eq!(looks_outside(&[File::made_up("README.md", &text)]).len(), 1);
    crate::none(&looks_outside(&[File::made_up(".ci/run", &text)]));
}
