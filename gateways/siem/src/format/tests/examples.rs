//! One line of each: the examples beside this file are what the code writes.

use std::path::Path;

use hub_domain::export::Format;

use super::{FORMATS, corpus, line, writer};

fn file(format: Format) -> &'static str {
    match format {
        Format::Ocsf => "ocsf.jsonl",
        Format::Ecs => "ecs.jsonl",
        Format::Cef => "cef.txt",
        Format::Leef => "leef.txt",
        Format::Json => "json.jsonl",
    }
}

/// `scripts/test-ocsf` holds the same file against the published schema.
#[test]
fn the_examples_are_fresh() {
    // Asked for when the test runs: clones may share a folder of built tests.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let folder = Path::new(&package).join("src/format/tests/examples");
    for format in FORMATS {
        let writer = writer(format);
        let entries = corpus::all().into_iter().map(|entry| writer.entry(&entry).unwrap());
        let notices = corpus::notices().into_iter().map(|notice| writer.notice(&notice));
        let mut text = String::new();
        for message in entries.chain(notices) {
            text.push_str(line(&message));
            text.push('\n');
        }
        let path = folder.join(file(format));
        if std::env::var_os("UPDATE_EXAMPLES").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "{} is stale: run `UPDATE_EXAMPLES=1 cargo nextest run -p hub-siem the_examples`",
            file(format)
        );
    }
}
