use std::sync::atomic::Ordering;

use hub_domain::cluster::Issue;

use super::*;
use crate::testing::observation;

#[tokio::test(start_paused = true)]
async fn an_imported_cluster_is_seen_within_moments() {
    let hub = Hub::new();
    let running = hub.observe();
    sleep(seconds(1)).await;
    let id = hub.import("one").await;
    assert!(hub.until_health(id, Health::Healthy).await < seconds(1));
    assert_eq!(hub.events_of(id), ["cluster.import_requested.v1", "cluster.imported.v1"]);
    let event = hub.world.log.all().pop().unwrap();
    assert_eq!(event.actor, "system:observer");
    assert!(hub.world.observations.rows.lock().unwrap()[&id].1, "with a sample");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn clusters_that_were_there_before_the_observer_are_found_in_the_log() {
    let hub = Hub::new();
    let mut ids = vec![];
    for nth in 0..20 {
        ids.push(hub.import(&format!("c{nth}")).await);
    }
    let running = hub.observe();
    for id in ids {
        assert!(hub.until_health(id, Health::Healthy).await <= FleetSettings::default().spread + seconds(1));
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn healthy_then_dead_then_back() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;

    hub.set("one", Manner::Fails("connection-refused"));
    let noticed = hub.until_health(id, Health::Unreachable).await;
    assert!(noticed < seconds(45), "an interval and a second look, not {noticed:?}");
    let dead_since = hub.world.gateway.looks_at("one");
    sleep(seconds(600)).await;
    let looks = hub.world.gateway.looks_at("one") - dead_since;
    assert!((4..=12).contains(&looks), "{looks} looks at a dead cluster in ten minutes");
    let last_checked = hub.world.observations.rows.lock().unwrap()[&id];
    assert!(last_checked.1, "the last sample stays");

    hub.set("one", Manner::Answers(observation("one")));
    let noticed = hub.until_health(id, Health::Healthy).await;
    assert!(noticed < seconds(135), "the longest pause, not {noticed:?}");
    assert_eq!(
        hub.events_of(id)[2..],
        ["cluster.health_changed.v2", "cluster.health_changed.v2"],
        "transitions are events, samples are not"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_blink_is_no_news() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;
    let looks = hub.world.gateway.looks_at("one");
    hub.set("one", Manner::Fails("connection-refused"));
    while hub.world.gateway.looks_at("one") == looks {
        sleep(Duration::from_millis(50)).await;
    }
    hub.set("one", Manner::Answers(observation("one")));
    sleep(seconds(120)).await;
    assert_eq!(hub.events_of(id).len(), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn revoked_credentials_are_news_at_once() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;
    let looks = hub.world.gateway.looks_at("one");
    hub.set("one", Manner::Fails("unauthorized"));
    hub.until_health(id, Health::Unreachable).await;
    assert_eq!(hub.world.gateway.looks_at("one"), looks + 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_import_that_fails_says_why_and_goes_on_trying() {
    let hub = Hub::new();
    let running = hub.observe();
    hub.set("one", Manner::Fails("certificate-invalid"));
    let id = hub.import("one").await;
    hub.until_status(id, "import_failed").await;
    sleep(seconds(600)).await;
    assert_eq!(hub.events_of(id).len(), 2, "the same failure again is no news");
    hub.set("one", Manner::Answers(observation("one")));
    hub.until_status(id, "active").await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn trouble_inside_a_cluster_is_degraded_health() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;
    let issue =
        Issue { code: "node-not-ready".into(), object: "node/a".into(), message: "It is down.".into() };
    let mut seen = observation("one");
    seen.issues.push(issue);
    seen.facts.nodes.ready = 2;
    hub.set("one", Manner::Answers(seen));
    hub.until_health(id, Health::Degraded).await;
    assert_eq!(hub.events_of(id)[2..], ["cluster.nodes_changed.v1", "cluster.health_changed.v2"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_dead_do_not_slow_the_living() {
    let hub = Hub::new();
    let settings = FleetSettings { concurrency: 4, ..FleetSettings::default() };
    for nth in 0..40 {
        hub.set(&format!("dead{nth}"), Manner::Hangs);
        hub.import(&format!("dead{nth}")).await;
    }
    let alive = hub.import("alive").await;
    let running = hub.observe_with(settings);
    hub.until_health(alive, Health::Healthy).await;
    // By now each dead one has cost its first deadline; from here on they share half of the room.
    sleep(seconds(600)).await;
    let looks = hub.world.gateway.looks_at("alive");
    sleep(seconds(600)).await;
    let looks = hub.world.gateway.looks_at("alive") - looks;
    assert!(looks >= 17, "{looks} looks at a living cluster in ten minutes of one each 30 s");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn looks_under_way_are_bounded() {
    let hub = Hub::new();
    *hub.world.gateway.takes.lock().unwrap() = seconds(1);
    for nth in 0..60 {
        hub.import(&format!("c{nth}")).await;
    }
    let running = hub.observe_with(FleetSettings { concurrency: 7, ..FleetSettings::default() });
    sleep(seconds(120)).await;
    assert_eq!(hub.world.gateway.under_way.1.load(Ordering::SeqCst), 7);
    assert!((0..60).all(|nth| hub.world.gateway.looks_at(&format!("c{nth}")) > 1));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_fleet_asks_nothing_of_the_log() {
    let hub = Hub::new();
    let mut last = None;
    for nth in 0..50 {
        last = Some(hub.import(&format!("c{nth}")).await);
    }
    let running = hub.observe();
    hub.until_health(last.unwrap(), Health::Healthy).await;
    sleep(seconds(60)).await;
    let (reads, appends) = (hub.world.reads(), hub.world.appends());
    let probes = hub.world.gateway.probes.load(Ordering::SeqCst);
    sleep(seconds(600)).await;
    assert_eq!((hub.world.reads(), hub.world.appends()), (reads, appends));
    assert_eq!(hub.world.gateway.probes.load(Ordering::SeqCst), probes, "probes are kept");
    assert!(hub.world.gateway.looks_at("c0") >= 20);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_hubs_own_trouble_is_not_the_clusters() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    *hub.world.vault.away.lock().unwrap() = true;
    let running = hub.observe();
    sleep(seconds(300)).await;
    assert_eq!(hub.events_of(id).len(), 1);
    *hub.world.vault.away.lock().unwrap() = false;
    hub.until_health(id, Health::Healthy).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_one_look() {
    let hub = Hub::new();
    hub.set("bad", Manner::Panics);
    hub.import("bad").await;
    let running = hub.observe();
    let id = hub.import("good").await;
    hub.until_health(id, Health::Healthy).await;
    let looks = hub.world.gateway.looks_at("bad");
    sleep(seconds(300)).await;
    assert!(hub.world.gateway.looks_at("bad") > looks);
    running.stop().await;
}
