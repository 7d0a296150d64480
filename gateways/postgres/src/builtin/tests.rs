//! On the real PostgreSQL of this machine.

use std::path::Path;

use sqlx::ConnectOptions as _;

use super::{Builtin, BuiltinConfig, BuiltinError, borrow, place};

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    // The server's user must be able to pass through.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("permissions");
    folder
}

async fn start(folder: &Path) -> Result<Builtin, BuiltinError> {
    Builtin::start(&BuiltinConfig { data_dir: folder.to_owned(), bin_dir: None }).await
}

async fn number(builtin: &Builtin, sql: &str) -> i64 {
    let mut connection = builtin.options().expect("options").connect().await.expect("a connection");
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a number")
}

#[tokio::test]
async fn starts_keeps_its_data_refuses_a_second_hub_and_stops() {
    let folder = folder();
    let first = start(folder.path()).await.expect("a first start");
    assert!(!first.adopted());
    assert_eq!(number(&first, "select count(*) from pg_database where datname = 'clustermaster'").await, 1);
    let mut connection = first.options().expect("options").connect().await.expect("a connection");
    sqlx::raw_sql("create table kept as select 7::bigint as n")
        .execute(&mut connection)
        .await
        .expect("a table");
    let refused = start(folder.path()).await.expect_err("one hub a folder");
    assert!(matches!(refused, BuiltinError::Locked(_)), "{refused}");
    let (url, started) = borrow(folder.path()).await.expect("a tool may use the running server");
    assert!(started.is_none() && url == first.url());
    let pid = first.pid().expect("a process");
    first.stop().await.expect("a stop");
    assert_ne!(place::Place::of(folder.path()).expect("a place").running_pid(), Some(pid));
    let second = start(folder.path()).await.expect("a second start");
    assert_eq!(number(&second, "select n from kept").await, 7);
    second.stop().await.expect("a stop");
}

#[tokio::test]
async fn a_server_that_outlived_its_hub_is_adopted_and_never_doubled() {
    let folder = folder();
    let first = start(folder.path()).await.expect("a first start");
    let pid = first.pid().expect("a process");
    // What kill -9 leaves behind: the lock is free, the server runs.
    drop(first);
    let second = start(folder.path()).await.expect("an adoption");
    assert!(second.adopted());
    assert_eq!(second.pid(), Some(pid));
    second.stop().await.expect("a stop");
}

#[tokio::test]
async fn a_folder_with_a_long_or_odd_name_serves() {
    let folder = folder();
    let long = folder.path().join("a folder with blanks & more").join("x".repeat(120));
    let builtin = start(&long).await.expect("a start");
    assert_eq!(number(&builtin, "select 1::bigint").await, 1);
    builtin.stop().await.expect("a stop");
}

#[tokio::test]
async fn what_is_missing_is_named_with_its_remedy() {
    let folder = folder();
    let empty = folder.path().join("bin");
    std::fs::create_dir_all(&empty).expect("a folder");
    let config = BuiltinConfig { data_dir: folder.path().join("data"), bin_dir: Some(empty) };
    let refused = Builtin::start(&config).await.expect_err("no programs").to_string();
    assert!(refused.contains("apt-get install postgresql-15"), "{refused}");
    let nothing = borrow(folder.path()).await.expect_err("no cluster");
    assert!(matches!(nothing, BuiltinError::Nothing(_)), "{nothing}");
}

#[test]
fn users_are_found_and_root_is_not_one() {
    let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
    let user = place::find_user(passwd, "postgres").expect("a user");
    assert_eq!((user.uid, user.gid), (101, 104));
    assert_eq!(place::find_user(passwd, "root"), None);
    assert_eq!(place::find_user(passwd, "nobody"), None);
}
