use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use hub_domain::export::Transport as Config;
use hub_domain::kernel::{ExportId, TypedId as _};
use hub_projections::outlet::Fault;

use super::is_name;
use crate::transport::testing::{settings, text};
use crate::transport::{Message, Secrets, Settings, Transport, open};

fn way(dir: &Path, keep: u32) -> Box<dyn Transport> {
    way_of(dir, keep, settings().export)
}

fn way_of(dir: &Path, keep: u32, export: ExportId) -> Box<dyn Transport> {
    let config = Config::File { name: "audit.log".into(), max_bytes: 65_536, keep };
    let settings = Settings { export_dir: Some(dir.to_owned()), export, ..settings() };
    open(&config, &Secrets::default(), &settings).expect("a way out")
}

fn folder(dir: &Path) -> PathBuf {
    dir.join(settings().tenant.to_string())
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

/// The names in the folder, in order.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(dir))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    names
}

fn lines(count: u128, size: usize) -> Vec<Message> {
    (0..count).map(|nth| text(nth, &format!("{nth:08}{}", "x".repeat(size - 8)))).collect()
}

#[tokio::test]
async fn lines_are_appended_for_the_hub_and_its_group() {
    let dir = tempfile::tempdir().expect("a folder");
    let way = way(dir.path(), 0);
    way.send(&[text(1, "one"), text(2, "two")]).await.expect("written");
    way.send(&[]).await.expect("nothing to write");
    way.send(&[text(3, "three")]).await.expect("written");
    let path = folder(dir.path()).join("audit.log");
    assert_eq!(read(&path), "one\ntwo\nthree\n");
    let metadata = path.metadata().expect("a file");
    assert_eq!(metadata.permissions().mode() & 0o137, 0, "nothing for others, nothing to run");
}

#[tokio::test]
async fn full_files_are_numbered_and_the_oldest_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let way = way(dir.path(), 2);
    // 64 lines of 1 KiB fill a file to the byte.
    let sent = lines(64 * 4 + 1, 1023);
    way.send(&sent).await.expect("written");
    assert_eq!(
        names(dir.path()),
        [".audit.log.lock", "audit.log", "audit.log.00000003", "audit.log.00000004"]
    );
    let path = folder(dir.path());
    assert_eq!(path.join("audit.log.00000003").metadata().expect("a file").size(), 65_536);
    let kept: String =
        ["audit.log.00000003", "audit.log.00000004", "audit.log"].map(|name| read(&path.join(name))).concat();
    let wanted: Vec<_> =
        sent[128..].iter().map(|line| String::from_utf8_lossy(&line.body).into_owned()).collect();
    assert_eq!(kept.lines().collect::<Vec<_>>(), wanted);
    // A line longer than a file stands alone in one.
    way.send(&lines(1, 100_000)).await.expect("written");
    way.send(&lines(1, 10)).await.expect("written");
    assert_eq!(path.join("audit.log.00000006").metadata().expect("a file").size(), 100_001);
}

#[tokio::test]
async fn a_torn_line_is_cut_off_at_the_next_start() {
    for (before, after) in [("one\ntwo\ntor", "one\ntwo\n"), ("torn", ""), ("one\n", "one\n"), ("", "")] {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder(dir.path())).expect("a folder");
        let path = folder(dir.path()).join("audit.log");
        std::fs::write(&path, before).expect("a file");
        way(dir.path(), 0).send(&[text(3, "three")]).await.expect("written");
        assert_eq!(read(&path), format!("{after}three\n"));
    }
    // Also where the line is longer than what is read at once.
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder(dir.path())).expect("a folder");
    let path = folder(dir.path()).join("audit.log");
    std::fs::write(&path, format!("one\n{}", "x".repeat(200_000))).expect("a file");
    way(dir.path(), 0).send(&[text(2, "two")]).await.expect("written");
    assert_eq!(read(&path), "one\ntwo\n");
}

#[tokio::test]
async fn links_are_not_followed_and_nobody_else_writes() {
    let dir = tempfile::tempdir().expect("a folder");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let away = |answer: Result<(), hub_projections::outlet::Undelivered>| {
        let undelivered = answer.expect_err("it is not written");
        assert_eq!((undelivered.delivered, undelivered.fault), (0, Fault::Away { after: None }));
        undelivered.message
    };
    symlink(elsewhere.path(), folder(dir.path())).expect("a link");
    away(way(dir.path(), 0).send(&[text(1, "one")]).await);
    std::fs::remove_file(folder(dir.path())).expect("removed");
    std::fs::create_dir(folder(dir.path())).expect("a folder");
    symlink(elsewhere.path().join("target"), folder(dir.path()).join("audit.log")).expect("a link");
    assert!(away(way(dir.path(), 0).send(&[text(1, "one")]).await).contains("link"));
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("a folder").count(), 0);
    std::fs::remove_file(folder(dir.path()).join("audit.log")).expect("removed");

    let first = way(dir.path(), 0);
    first.send(&[text(1, "one")]).await.expect("written");
    let other = ExportId::from_uuid(uuid::Uuid::from_u128(77));
    assert!(away(way_of(dir.path(), 0, other).send(&[text(2, "two")]).await).contains("another export"));
    drop(first);
    way_of(dir.path(), 0, other).send(&[text(2, "two")]).await.expect("written");
    assert_eq!(read(&folder(dir.path()).join("audit.log")), "one\ntwo\n");
}

#[tokio::test]
async fn a_test_goes_out_beside_the_stream_of_its_own_export() {
    let dir = tempfile::tempdir().expect("a folder");
    let stream = way(dir.path(), 2);
    stream.send(&lines(63, 1023)).await.expect("written");
    way(dir.path(), 2).send(&lines(1, 1023)).await.expect("the test is written as well");
    // The stream knows of it: its next line begins a file.
    stream.send(&[text(1, "one")]).await.expect("written");
    let path = folder(dir.path());
    assert_eq!(path.join("audit.log.00000001").metadata().expect("a file").size(), 65_536);
    assert_eq!(read(&path.join("audit.log")), "one\n");
}

#[tokio::test]
async fn what_is_no_line_is_set_aside_behind_those_that_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let way = way(dir.path(), 0);
    let answer = way.send(&[text(1, "one"), text(2, "t\nwo"), text(3, "three")]).await;
    let undelivered = answer.expect_err("a line break");
    assert_eq!((undelivered.delivered, undelivered.fault), (1, Fault::Poison));
    assert_eq!(read(&folder(dir.path()).join("audit.log")), "one\n");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_away() {
    let dir = tempfile::tempdir().expect("a folder");
    let way = way(&dir.path().join("missing"), 0);
    assert!(way.send(&[text(1, "one")]).await.expect_err("no folder").message.contains("folder for exports"));
    std::fs::create_dir(dir.path().join("missing")).expect("a folder");
    way.send(&[text(1, "one")]).await.expect("it is there now");
}

#[test]
fn a_name_stays_in_its_folder() {
    for name in ["audit.log", "a", "2026-audit_1.json", "audit.1st"] {
        assert!(is_name(name), "{name}");
    }
    for name in [
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "../a",
        "a b",
        "audit.log.00000001",
        "a.1",
        "a.",
        "\u{e4}",
        &"a".repeat(101),
    ] {
        assert!(!is_name(name), "{name}");
    }
}
