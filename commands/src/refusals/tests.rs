use std::sync::Arc;

use hub_domain::kernel::{ClusterId, Metadata, TenantName, TypedId as _};
use hub_domain::ledger::Recorded;
use hub_domain::user::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::access::Grant;
use crate::accounts::{ADMINISTRATOR, Accounts, NewUser, UserChanges};
use crate::clusters::{ClusterChanges, Clusters};
use crate::origin::{OpenOrigin, Origin};
use crate::ports::{AppendError, Vault as _};
use crate::testing::{World, unavailable};

const REFUSED: &str = "user.command_refused.v1";
const COUNTED: &str = "user.refusals_counted.v1";

/// A tenant whose administrator plays every role.
struct Scene {
    world: World,
    accounts: Accounts,
    clusters: Clusters,
    caller: Caller,
}

impl Scene {
    async fn new(role: Role) -> Self {
        let world = World::new();
        let accounts = Accounts::new(world.dispatcher.clone(), &world.ports);
        let clusters = Clusters::new(world.dispatcher.clone(), &world.ports);
        accounts.bootstrap(TenantName::new("acme").unwrap(), Some("a good password".into())).await.unwrap();
        let (email, password) = (ADMINISTRATOR.into(), "a good password".into());
        let signed = accounts.sign_in("acme", &email, password, Options::default()).await.unwrap();
        let actor = Actor::new(signed.session.user.to_string()).unwrap();
        let grant = Grant::User { roles: [role].into(), session: signed.session.id };
        Self { world, accounts, clusters, caller: Caller { actor, tenant: signed.session.tenant, grant } }
    }

    fn of(&self, event_type: &str) -> Vec<Recorded> {
        self.world.log.all().into_iter().filter(|event| event.event_type == event_type).collect()
    }

    async fn decommission(&self, nth: u128, options: &Options) -> CommandError {
        self.clusters.decommission(&self.caller, cluster(nth), options).await.unwrap_err()
    }
}

fn cluster(nth: u128) -> ClusterId {
    ClusterId::from_uuid(Uuid::from_u128(nth))
}

fn body(event: &Recorded) -> Value {
    serde_json::from_slice(&event.payload).unwrap()
}

fn metadata(event: &Recorded) -> Metadata {
    serde_json::from_slice(&event.metadata).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_refusal_tells_who_tried_what_from_where_and_why_not() {
    let scene = Scene::new(Role::Viewer).await;
    let options = Options {
        origin: Some(Origin::new("192.0.2.7".parse().unwrap(), Some("curl/8"))),
        request_id: Some("r-1".into()),
        change_request: Some("CHG-7".into()),
        ..Options::default()
    };
    assert!(matches!(scene.decommission(5, &options).await, CommandError::Denied(_)));

    let event = scene.of(REFUSED).pop().unwrap();
    assert_eq!((event.actor.as_str(), &event.stream), (scene.caller.actor.as_str(), &event.actor));
    let wanted = json!({
        "command": "cluster.decommission", "target": cluster(5).to_string(), "code": "forbidden", "kind": "forbidden"
    });
    assert_eq!(body(&event), wanted);
    let metadata = metadata(&event);
    assert_eq!(
        (metadata.command.as_str(), metadata.request_id.as_deref()),
        ("cluster.decommission", Some("r-1"))
    );
    assert_eq!(metadata.change_request.as_deref(), Some("CHG-7"));
    let text = String::from_utf8(event.metadata).unwrap();
    assert!(!text.contains("192.0.2.7") && !text.contains("curl"), "{text}");
    let sealed = metadata.origin.unwrap();
    let open =
        scene.world.vault.open(scene.caller.tenant, scene.caller.actor.as_str(), &sealed).await.unwrap();
    let open = OpenOrigin::read(&open).unwrap();
    assert_eq!((open.ip.to_string().as_str(), open.user_agent.as_deref()), ("192.0.2.7", Some("curl/8")));
}

#[tokio::test(start_paused = true)]
async fn every_family_of_refusals_is_recorded_under_its_name() {
    let scene = Scene::new(Role::Admin).await;
    let (caller, own) = (&scene.caller, scene.caller.actor.as_str().parse().unwrap());
    scene.decommission(5, &Options::default()).await;
    let stale = Options { if_match: Some(77), ..Options::default() };
    scene.accounts.delete(caller, own, &stale).await.unwrap_err();
    scene.accounts.delete(caller, own, &Options::default()).await.unwrap_err();
    let roles = UserChanges { roles: Some([].into()), ..UserChanges::default() };
    scene.accounts.change(caller, own, roles, &Options::default()).await.unwrap_err();
    let taken = NewUser {
        email: ADMINISTRATOR.into(),
        display_name: "A".into(),
        roles: [Role::Viewer].into(),
        password: None,
    };
    scene.accounts.register(caller, taken, &Options::default()).await.unwrap_err();
    let told: Vec<_> = scene
        .of(REFUSED)
        .iter()
        .map(body)
        .map(|body| format!("{} {} {}", body["command"], body["code"], body["kind"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "cluster.decommission cluster-not-found not_found",
            "user.delete precondition-failed precondition",
            "user.delete own-account conflict",
            "user.change user-without-roles invalid",
            "user.register name-taken conflict",
        ]
    );
    assert_eq!(body(&scene.of(REFUSED)[4])["target"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn what_was_malformed_or_only_planned_is_no_attempt() {
    let scene = Scene::new(Role::Admin).await;
    let malformed = NewUser {
        email: "nobody".into(),
        display_name: "A".into(),
        roles: [Role::Viewer].into(),
        password: None,
    };
    scene.accounts.register(&scene.caller, malformed, &Options::default()).await.unwrap_err();
    scene.decommission(5, &Options { dry_run: true, ..Options::default() }).await;
    assert!(scene.of(REFUSED).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_repeat_under_its_key_is_recorded_once_and_hides_nothing_else() {
    let scene = Scene::new(Role::Admin).await;
    let keyed = |fingerprint| Options {
        idempotency_key: Some("k".into()),
        fingerprint: [fingerprint; 32],
        ..Options::default()
    };
    for _ in 0..3 {
        let error = scene.decommission(5, &keyed(1)).await;
        assert!(matches!(error, CommandError::Refused(_)), "{error}");
    }
    assert_eq!(scene.of(REFUSED).len(), 1);
    scene.decommission(6, &keyed(2)).await;
    assert_eq!(scene.of(REFUSED).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_stays_one_when_it_cannot_be_recorded() {
    let scene = Scene::new(Role::Viewer).await;
    scene.world.log.fail_next(AppendError::Unavailable(unavailable()));
    assert!(matches!(scene.decommission(5, &Options::default()).await, CommandError::Denied(_)));
    assert!(scene.of(REFUSED).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_counted_and_the_count_is_recorded() {
    let scene = Scene::new(Role::Viewer).await;
    let attempts = (0..100).map(|nth| {
        let scene = &scene;
        async move { scene.decommission(nth, &Options::default()).await }
    });
    futures::future::join_all(attempts).await;
    assert_eq!(scene.of(REFUSED).len(), RECORDED as usize);
    assert!(scene.of(COUNTED).is_empty());

    tokio::time::sleep(2 * WINDOW).await;
    assert_eq!(body(&scene.of(COUNTED)[0]), json!({ "count": 40, "seconds": 60 }));
    scene.decommission(1, &Options::default()).await;
    assert_eq!(scene.of(REFUSED).len(), RECORDED as usize + 1, "the next minute has room again");
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_stops_records_what_it_has_counted() {
    let scene = Scene::new(Role::Viewer).await;
    for nth in 0..63 {
        scene.decommission(nth, &Options::default()).await;
    }
    let dispatcher: Arc<Dispatcher> = scene.world.dispatcher.clone();
    dispatcher.settle().await;
    assert_eq!(body(&scene.of(COUNTED)[0])["count"], 3);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_change_a_cluster_is_recorded_before_the_body_is_looked_at() {
    let scene = Scene::new(Role::Viewer).await;
    scene.clusters.permit(&scene.caller, Some(cluster(5)), &Options::default()).await.unwrap_err();
    scene.clusters.permit(&scene.caller, None, &Options::default()).await.unwrap_err();
    let changes = ClusterChanges::default();
    scene.clusters.change(&scene.caller, cluster(5), changes, &Options::default()).await.unwrap_err();
    let told: Vec<_> = scene.of(REFUSED).iter().map(body).map(|body| body["command"].clone()).collect();
    assert_eq!(told, ["cluster.change", "cluster.import", "cluster.change"]);
}
