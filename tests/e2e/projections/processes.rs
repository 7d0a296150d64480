//! Running: alone, after a restart, and several at once.

use std::time::Duration;

use hub_kit::until;
use hub_projections::{Behind, Standing};

use super::world::{LONG, World, account, spec, tenant, user};

#[tokio::test]
async fn tables_equal_a_refold_live_and_after_a_restart() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..150 {
        world.step(number).await;
    }
    process.read.wait_for(world.head().await, LONG).await.unwrap();
    world.assert_equal_to_a_refold().await;
    process.end().await;

    for number in 150..300 {
        world.step(number).await;
    }
    let process = world.process();
    process.read.wait_for(world.head().await, LONG).await.unwrap();
    world.assert_equal_to_a_refold().await;
}

#[tokio::test]
async fn processes_compete_without_doing_anything_twice() {
    let world = World::fresh().await;
    let mut processes = vec![world.process(), world.process(), world.process()];
    for number in 0..240 {
        world.step(number).await;
        // They come and go in the middle of their work.
        if number % 30 == 29 {
            processes.remove(0).end().await;
            processes.push(world.process());
        }
    }
    let head = world.head().await;
    for process in &processes {
        assert!(process.read.wait_for(head, LONG).await.unwrap() >= head);
    }
    world.assert_equal_to_a_refold().await;
    for name in ["clusters", "users", "exports", "audit_logs"] {
        // Two that have just started both mean to lead, until the next event tells them apart.
        let settled = until(LONG, || async {
            world.step(81).await;
            (processes.iter().filter(|process| process.leads(name)).count() == 1).then_some(())
        });
        assert!(settled.await.is_some(), "{name} has no leader, or more than one");
    }
}

#[tokio::test]
async fn a_follower_takes_over() {
    let world = World::fresh().await;
    let first = world.process();
    first.read.wait_for(world.import(tenant(1), 1, spec("one")).await, LONG).await.unwrap();
    let second = world.process();
    // Each event tells the two apart, until one of them has given way.
    let settled = until(LONG, || async {
        world.step(81).await;
        let standings = [first.standing("clusters"), second.standing("clusters")];
        (standings.contains(&Standing::Leading) && standings.contains(&Standing::Following)).then_some(())
    });
    settled.await.expect("only one of them leads");
    let (leader, follower) = if first.leads("clusters") { (first, second) } else { (second, first) };

    leader.end().await;
    let position = world.import(tenant(1), 3, spec("three")).await;

    follower.read.wait_for(position, LONG).await.unwrap();
    assert!(follower.leads("clusters"));
    world.assert_equal_to_a_refold().await;
}

#[tokio::test]
async fn a_reader_waits_for_what_was_written() {
    let world = World::fresh().await;
    let process = world.process();
    let first = world.import(tenant(1), 1, spec("one")).await;
    process.read.wait_for(first, LONG).await.unwrap();

    let early = process.read.wait_for(first + 1, Duration::from_millis(50)).await;
    assert_eq!(early, Err(Behind { position: first, wanted: first + 1 }));

    let waiting = process.read.wait_for(first + 1, LONG);
    let registering = async {
        let command = hub_domain::user::UserCommand::Register(account());
        world.decide::<hub_domain::user::User>(tenant(1), &user(1).to_string(), command).await.unwrap()
    };
    let (seen, written) = tokio::join!(waiting, registering);
    assert!(seen.unwrap() >= written);
    assert!(process.read.user(tenant(1), user(1), None).await.unwrap().is_some());
}

#[tokio::test]
async fn rows_that_a_crash_took_come_back_without_a_new_event() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..60 {
        world.step(number).await;
    }
    let head = world.head().await;
    process.read.wait_for(head, LONG).await.unwrap();
    // Projections do not wait for the disk: a crash may take rows and cursor back to an earlier commit, together.
    let back = head / 2;
    for sql in [
        "delete from read.audit_logs where position > $1",
        "delete from read.clusters where valid_from > $1",
        "update read.clusters set valid_to = null where valid_to > $1",
        "update read.cursors set position = $1 where name <> 'users'",
    ] {
        sqlx::query(sql).bind(back as i64).execute(&world.pools.projector).await.unwrap();
    }

    let returned = until(LONG, || async {
        (world.cursor("position", "clusters").await == Some(head as i64)).then_some(())
    });
    returned.await.expect("the projection notices");
    process.read.wait_for(head, LONG).await.unwrap();
    world.assert_equal_to_a_refold().await;
}
