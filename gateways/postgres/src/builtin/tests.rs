//! On the real PostgreSQL of this machine.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::ConnectOptions as _;

use super::{Builtin, BuiltinConfig, BuiltinError, borrow, place::Place, running, running_url, server, user};

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    // The server's user must be able to pass through.
    set_mode(folder.path(), 0o755);
    folder
}

fn set_mode(folder: &Path, mode: u32) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).expect("permissions");
}

fn place(folder: &Path) -> Place {
    Place::of(&folder.canonicalize().expect("a path")).expect("a place")
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
    assert!(!Path::new(&format!("/proc/{pid}/cwd")).exists(), "stop waits for the end of the process");
    assert_eq!(running_url(folder.path()).expect("a place"), None);
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
    // Such a socket lies elsewhere, and would outlive the test's folder.
    std::fs::remove_dir(place(&long).run).expect("its folder is empty after a stop");
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

#[tokio::test]
async fn a_folder_closed_to_the_servers_user_serves_and_stays_where_it_was_made() {
    let outside = folder();
    let closed = outside.path().join("closed");
    let data_dir = closed.join("data");
    std::fs::create_dir_all(&data_dir).expect("a folder");
    set_mode(&closed, 0o700);
    let first = start(&data_dir).await.expect("a first start");
    let mut connection = first.options().expect("options").connect().await.expect("a connection");
    sqlx::raw_sql("create table kept as select 7::bigint as n")
        .execute(&mut connection)
        .await
        .expect("a table");
    let shelter = running(&data_dir).expect("a place").1;
    assert_eq!(shelter.starts_with("/var/lib/clustermaster"), rustix::process::geteuid().is_root());
    first.stop().await.expect("a stop");
    // Neither new permissions nor a new name make it look elsewhere.
    set_mode(&closed, 0o755);
    let moved = outside.path().join("moved");
    std::fs::rename(&data_dir, &moved).expect("a move");
    let second = start(&moved).await.expect("a second start");
    assert_eq!(number(&second, "select n from kept").await, 7);
    second.stop().await.expect("a stop");
    if !shelter.starts_with("/var/lib/clustermaster") {
        return;
    }
    // A data folder that was thrown away begins anew; one whose cluster is gone says so.
    std::fs::create_dir_all(&data_dir).expect("a folder");
    set_mode(&closed, 0o700);
    assert_ne!(place(&data_dir).base, shelter);
    std::fs::remove_dir_all(&shelter).expect("the cluster goes");
    let gone = start(&moved).await.expect_err("no cluster");
    assert!(matches!(gone, BuiltinError::Gone { .. }), "{gone}");
    assert!(gone.to_string().contains("moved/postgres-location"), "{gone}");
}

#[tokio::test]
async fn a_folder_closed_after_the_first_start_is_named() {
    if !rustix::process::geteuid().is_root() {
        // Who is not root is the server's own user: no folder of one's own is closed to oneself.
        return;
    }
    let folder = folder();
    let closed = folder.path().join("closed");
    std::fs::create_dir_all(closed.join("postgres/data")).expect("a folder");
    std::fs::write(closed.join("postgres/data/PG_VERSION"), "15\n").expect("a file");
    set_mode(&closed, 0o700);
    let refused = start(&closed).await.expect_err("the server cannot get there").to_string();
    let remedy = format!("`chmod o+x {}`", closed.canonicalize().expect("a path").display());
    assert!(refused.contains(&remedy), "{refused}");
}

#[tokio::test]
async fn what_a_killed_server_left_does_not_stop_the_next_one() {
    let folder = folder();
    let first = start(folder.path()).await.expect("a first start");
    let mut connection = first.options().expect("options").connect().await.expect("a connection");
    let backend: i32 =
        sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut connection).await.expect("a backend");
    // A backend in a long computation does not notice that its server is gone, and holds the shared memory.
    let busy = tokio::spawn(async move {
        let _ = sqlx::query("select sum(sqrt(n)) from generate_series(1, 4000000) n")
            .execute(&mut connection)
            .await;
    });
    let backend = backend as u32;
    let stat = format!("/proc/{backend}/stat");
    while !std::fs::read_to_string(&stat).expect("it lives").contains(") R ") {
        tokio::task::yield_now().await;
    }
    let pid = first.pid().expect("a process");
    kill_process(Pid::from_raw(pid as i32).expect("a process"), Signal::KILL).expect("a kill");
    drop(first);
    let second = start(folder.path()).await.expect("a start in spite of it");
    assert!(!second.adopted());
    assert!(
        !place(folder.path()).works_here(backend),
        "the old server's processes are gone before the new one runs"
    );
    busy.await.expect("the connection ended");
    second.stop().await.expect("a stop");
}

#[tokio::test]
async fn a_stale_number_that_another_process_bears_does_not_stop_the_start() {
    let folder = folder();
    start(folder.path()).await.expect("a first start").stop().await.expect("a stop");
    let place = place(folder.path());
    let mut stranger = place.command(Path::new("/bin/sleep"));
    let mut stranger =
        stranger.arg("600").stdout(Stdio::null()).spawn().expect("another process of the server's user");
    let stale = format!("{}\n{}\n1\n5432\n\n\n0 0\nready\n", stranger.id(), place.cluster.display());
    std::fs::write(place.cluster.join("postmaster.pid"), stale).expect("a file");
    let builtin = start(folder.path()).await.expect("a start");
    assert!(!builtin.adopted());
    assert!(stranger.try_wait().expect("its state").is_none(), "the stranger was left alone");
    builtin.stop().await.expect("a stop");
    stranger.kill().expect("a kill");
    stranger.wait().expect("its end");
}

#[tokio::test]
async fn a_copy_of_a_data_folder_cannot_take_over_the_originals_server() {
    let folder = folder();
    let original = folder.path().join("original");
    let first = start(&original).await.expect("a first start");
    let copy = folder.path().join("copy");
    std::fs::create_dir_all(&copy).expect("a folder");
    let base = running(&original).expect("a place").1;
    std::fs::write(copy.join("postgres-location"), format!("{}\n", base.display())).expect("a file");
    let refused = start(&copy).await.expect_err("one hub a cluster");
    assert!(matches!(refused, BuiltinError::Locked(_)), "{refused}");
    first.stop().await.expect("a stop");
}

#[tokio::test]
async fn a_link_planted_where_the_socket_should_lie_is_refused() {
    let folder = folder();
    let long = folder.path().join("x".repeat(120));
    std::fs::create_dir_all(&long).expect("a folder");
    let (run, prey) = (place(&long).run, folder.path().join("prey"));
    std::fs::create_dir(&prey).expect("a folder");
    set_mode(&prey, 0o755);
    std::fs::create_dir_all(run.parent().expect("a parent")).expect("a folder");
    symlink(&prey, &run).expect("a link");
    let refused = start(&long).await.expect_err("a link");
    assert!(matches!(refused, BuiltinError::Foreign { .. }), "{refused}");
    assert_eq!(std::fs::metadata(&prey).expect("it").permissions().mode() & 0o777, 0o755, "left alone");
    std::fs::remove_file(run).expect("the link goes");
}

#[tokio::test]
async fn data_of_another_version_ask_for_that_version() {
    let folder = folder();
    std::fs::create_dir_all(folder.path().join("postgres/data")).expect("a folder");
    std::fs::write(folder.path().join("postgres/data/PG_VERSION"), "12\n").expect("a file");
    let refused = start(folder.path()).await.expect_err("no such version").to_string();
    assert!(refused.contains("apt-get install postgresql-12"), "{refused}");
}

#[test]
fn a_large_log_is_set_aside_and_goes_on() {
    use std::io::Write as _;
    let folder = folder();
    let path = folder.path().join("postgres.log");
    let mut log = std::fs::File::options().create(true).append(true).open(&path).expect("a log");
    log.write_all(b"older\n").expect("a line");
    server::rotate(&path, 6).expect("a look");
    assert!(!path.with_extension("log.old").exists(), "not large yet");
    server::rotate(&path, 5).expect("a rotation");
    log.write_all(b"newer\n").expect("a line");
    let read = |path: PathBuf| std::fs::read_to_string(path).expect("a log");
    assert_eq!((read(path.with_extension("log.old")), read(path)), ("older\n".into(), "newer\n".into()));
}

#[test]
fn users_are_found_and_root_is_not_one() {
    let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
    let user = user::find(passwd, "postgres").expect("a user");
    assert_eq!((user.uid, user.gid), (101, 104));
    assert_eq!(user::find(passwd, "root"), None);
    assert_eq!(user::find(passwd, "nobody"), None);
}
