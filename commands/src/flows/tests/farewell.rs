use hub_domain::cluster::{Changes, ClusterCommand};

use super::*;
use crate::access::{Caller, Permission};
use crate::testing::observation;

fn with_credentials(endpoint: &str, secret: &str) -> ClusterChanges {
    ClusterChanges { credentials: Some((kubeconfig(endpoint, secret), None)), ..ClusterChanges::default() }
}

#[tokio::test(start_paused = true)]
async fn a_decommissioned_cluster_leaves_nothing_behind() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;
    hub.clusters.decommission(&user(Role::Operator), id, &Options::default()).await.unwrap();
    hub.until_status(id, "decommissioned").await;
    assert!(hub.secrets().is_empty() && hub.names().is_empty());
    assert!(hub.world.observations.rows.lock().unwrap().is_empty());
    let looks = hub.world.gateway.looks_at("one");
    sleep(seconds(300)).await;
    assert_eq!(hub.world.gateway.looks_at("one"), looks);
    let events = hub.events_of(id);
    assert_eq!(events[2..], ["cluster.decommission_requested.v1", "cluster.decommissioned.v1"]);
    hub.import("one").await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_farewell_while_nobody_observes_is_made_good() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    hub.clusters.decommission(&user(Role::Operator), id, &Options::default()).await.unwrap();
    let running = hub.observe();
    hub.until_status(id, "decommissioned").await;
    assert!(hub.secrets().is_empty() && hub.names().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_farewell_that_cannot_be_finished_is_not_confirmed_until_it_can() {
    let hub = Hub::new();
    let id = hub.import("one").await;
    let running = hub.observe();
    hub.until_health(id, Health::Healthy).await;
    *hub.world.vault.away.lock().unwrap() = true;
    hub.clusters.decommission(&user(Role::Operator), id, &Options::default()).await.unwrap();
    sleep(seconds(60)).await;
    assert_eq!(hub.state(id).await.status(), "decommissioning");
    running.stop().await;
    // Another process takes it from there.
    *hub.world.vault.away.lock().unwrap() = false;
    let running = hub.observe();
    hub.until_status(id, "decommissioned").await;
    assert!(hub.secrets().is_empty() && hub.names().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn accepted_credentials_replace_the_old_ones() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;
    hub.change(id, with_credentials("one", "new")).await;
    hub.until_status(id, "active").await;
    sleep(seconds(1)).await;
    let credentials = hub.state(id).await.credentials().unwrap().clone();
    assert_eq!(hub.secrets(), [credentials.secret.as_str()]);
    let secret = hub.world.vault.secrets.lock().unwrap()[credentials.secret.as_str()].clone();
    assert_eq!(secret, b"one|new");
    assert_eq!(hub.events_of(id)[2..], ["cluster.credentials_replaced.v1", "cluster.update_completed.v1"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn rejected_credentials_go_and_the_old_ones_stay() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;
    let before = hub.secrets();
    hub.set("elsewhere", Manner::Answers(observation("another cluster")));
    hub.change(id, with_credentials("elsewhere", "new")).await;
    hub.until_status(id, "active").await;
    sleep(seconds(1)).await;
    assert_eq!(hub.secrets(), before);
    assert_eq!(hub.events_of(id)[2..], ["cluster.credentials_replaced.v1", "cluster.update_failed.v1"]);
    let looks = hub.world.gateway.looks_at("one");
    sleep(seconds(120)).await;
    assert!(hub.world.gateway.looks_at("one") > looks, "it is observed with the old ones again");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn credentials_under_test_go_with_the_cluster() {
    let hub = Hub::new();
    let running = hub.observe();
    let id = hub.import("one").await;
    hub.until_health(id, Health::Healthy).await;
    hub.set("two", Manner::Hangs);
    hub.change(id, with_credentials("two", "new")).await;
    assert_eq!(hub.secrets().len(), 2);
    hub.clusters.decommission(&user(Role::Operator), id, &Options::default()).await.unwrap();
    hub.until_status(id, "decommissioned").await;
    assert!(hub.secrets().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_rename_that_died_before_giving_the_old_name_up_is_made_good() {
    let hub = Hub::new();
    let id = hub.import("old").await;
    // Only the event, as after a crash: the old name is still claimed, the new one is not.
    let changes = Changes { name: Some(ClusterName::new("new").unwrap()), ..Changes::default() };
    let (caller, permission) =
        (Caller { tenant: tenant(), ..user(Role::Operator) }, Permission::ManageClusters);
    let (command, options) = (ClusterCommand::Change(changes), Options::default());
    let dispatcher = &hub.world.dispatcher;
    dispatcher
        .execute::<Cluster>(&caller, permission, "c", &id.to_string(), command, &options)
        .await
        .unwrap();
    assert_eq!(hub.names(), ["old"]);
    let running = hub.observe();
    hub.until_health(id, Health::Healthy).await;
    assert_eq!(hub.names(), ["new"]);
    running.stop().await;
}
