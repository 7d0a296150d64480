use super::*;
use crate::testing::observation;

#[tokio::test(start_paused = true)]
async fn of_two_observers_one_observes() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    let (one, other) = (hub.observe(), hub.observe());
    hub.until_health(id, Health::Healthy).await;
    sleep(seconds(600)).await;
    let looks = hub.world.gateway.looks_at("one");
    assert!((17..=26).contains(&looks), "{looks} looks in ten minutes of one each 30 s");
    one.stop().await;
    other.stop().await;
    assert_eq!(hub.world.leases.holder("observer"), None, "the turn is given back");
}

#[tokio::test(start_paused = true)]
async fn when_one_stops_the_other_goes_on() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    let one = hub.observe();
    hub.until_health(id, Health::Healthy).await;
    let other = hub.observe();
    one.stop().await;
    hub.set("one", Manner::Fails("unauthorized"));
    let noticed = hub.until_health(id, Health::Unreachable).await;
    assert!(noticed < seconds(45), "{noticed:?}");
    other.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_the_turn_stops_acting_and_resumes_with_it() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    let running = hub.observe();
    hub.until_health(id, Health::Healthy).await;
    let stolen = hub.world.leases.steal("observer", "another hub");
    sleep(FleetSettings::default().turn).await;
    let looks = hub.world.gateway.looks_at("one");
    hub.set("one", Manner::Fails("unauthorized"));
    let appends = hub.world.appends();
    sleep(seconds(300)).await;
    assert_eq!((hub.world.gateway.looks_at("one"), hub.world.appends()), (looks, appends));

    // Meanwhile the other hub let a cluster go and took one in.
    let gone = id;
    hub.clusters.decommission(&user(Role::Operator), gone, &Options::default()).await.unwrap();
    let new = hub.import("two").await;
    crate::ports::Leases::release(&*hub.world.leases, &stolen).await.unwrap();
    hub.until_status(gone, "decommissioned").await;
    hub.until_health(new, Health::Healthy).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_look_under_way_when_the_turn_is_lost_records_nothing() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    // The answer comes long after the turn was lost.
    *hub.world.gateway.takes.lock().unwrap() = seconds(9);
    let running = hub.observe();
    while hub.world.gateway.looks_at("one") == 0 {
        sleep(Duration::from_millis(50)).await;
    }
    hub.world.leases.steal("observer", "another hub");
    sleep(seconds(60)).await;
    assert_eq!(hub.events_of(id).len(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_does_not_wait_for_the_dead() {
    let hub = Hub::new();
    hub.set("one", Manner::Hangs);
    hub.import("one").await;
    let running = hub.observe_with(FleetSettings { deadline: seconds(1000), ..FleetSettings::default() });
    while hub.world.gateway.looks_at("one") == 0 {
        sleep(Duration::from_millis(50)).await;
    }
    let began = Instant::now();
    running.stop().await;
    assert!(began.elapsed() < seconds(1));
}

#[tokio::test(start_paused = true)]
async fn a_restart_resumes_without_doing_anything_twice() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    for _ in 0..3 {
        let running = hub.observe();
        hub.until_health(id, Health::Healthy).await;
        sleep(seconds(45)).await;
        running.stop().await;
    }
    assert_eq!(hub.events_of(id).len(), 2);
    hub.set("one", Manner::Answers(observation("one")));
    assert_eq!(hub.names(), ["one"]);
    assert_eq!(hub.secrets().len(), 1);
}
