use hub_domain::kernel::{Actor, TenantName};
use hub_domain::tenant::{Created, Tenant, TenantEvent, TenantState};

use super::*;
use crate::testing::{World, tenant};

fn ctx() -> Ctx {
    let world = World::new();
    let (now, command_id) = (world.ports.clock.now(), world.ports.ids.uuid());
    Ctx { now, actor: Actor::new("system:test").unwrap(), tenant: tenant(), command_id }
}

/// Counts its own events: applying one twice shows.
#[derive(Debug)]
struct Counter;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Counted {}

hub_domain::events! {
    /// What can happen to a counter.
    pub(self) enum CounterEvent {
        /// It went up.
        Counted(Counted) = "counter.counted.v1",
    }
}

hub_domain::refusals! {
    /// Why a counter refuses.
    enum CounterRefusal {
        Full = "counter-full", Conflict, "the counter is full";
    }
}

impl Decider for Counter {
    const STREAM: &'static str = "counter";
    type State = u32;
    type Command = u32;
    type Event = CounterEvent;
    type Refusal = CounterRefusal;

    fn initial() -> u32 {
        0
    }

    fn decide(state: &u32, more: u32, _: &Ctx) -> Result<Vec<CounterEvent>, CounterRefusal> {
        if state + more > 9 {
            return Err(CounterRefusal::Full);
        }
        Ok(vec![CounterEvent::Counted(Counted {}); more as usize])
    }

    fn evolve(state: u32, _: &CounterEvent) -> u32 {
        state + 1
    }
}

#[tokio::test]
async fn each_event_is_applied_once() {
    let mut folded = Folded::<Counter>::default();
    let sink = EventSink::default();
    folded.handle(3, &ctx(), &sink).await.unwrap();
    assert_eq!(sink.collect().await.len(), 3);
    assert_eq!(*folded.state(), 3);
}

#[tokio::test]
async fn a_refusal_changes_nothing() {
    let mut folded = Folded::<Counter>::new(8);
    let sink = EventSink::default();
    assert_eq!(folded.handle(2, &ctx(), &sink).await, Err(CounterRefusal::Full));
    assert!(sink.collect().await.is_empty());
    assert_eq!(*folded.state(), 8);
}

#[tokio::test]
async fn cqrs_es_itself_runs_a_decider() {
    let store = cqrs_es::mem_store::MemStore::<Folded<Counter>>::default();
    let framework = cqrs_es::CqrsFramework::new(store, vec![], ctx());
    framework.execute("counter_1", 4).await.unwrap();
    framework.execute("counter_1", 5).await.unwrap();
    assert!(framework.execute("counter_1", 1).await.is_err(), "nine is full");
}

#[test]
fn an_aggregate_is_written_as_its_state() {
    let state = TenantState::Active { name: TenantName::new("acme").unwrap(), signing_key: None };
    let json = serde_json::to_string(&Folded::<Tenant>::new(state.clone())).unwrap();
    assert_eq!(json, serde_json::to_string(&state).unwrap());
    assert_eq!(*serde_json::from_str::<Folded<Tenant>>(&json).unwrap().state(), state);
}

#[test]
fn an_event_on_the_wire_tells_name_and_version() {
    let event = Wire(TenantEvent::Created(Created { name: TenantName::new("acme").unwrap() }));
    assert_eq!((event.event_type().as_str(), event.event_version().as_str()), ("tenant.created.v1", "1"));
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Wire<TenantEvent>>(&json).unwrap(), event);
}

#[test]
fn an_older_event_is_read_through_the_same_chain() {
    use hub_domain::cluster::{Cluster, ClusterEvent};
    let old = |body: serde_json::Value| {
        SerializedEvent::new(
            "cluster_1".into(),
            3,
            "cluster".into(),
            "cluster.health_changed.v1".into(),
            "1".into(),
            serde_json::json!({ "type": "cluster.health_changed.v1", "data": body }),
            serde_json::Value::Null,
        )
    };
    let body = serde_json::json!({ "from": "unreachable", "to": "healthy", "issues": [] });
    let upcasting = Upcasting::<ClusterEvent>::default();
    assert!(upcasting.can_upcast("cluster.health_changed.v1", "1"));
    assert!(
        !upcasting.can_upcast("cluster.health_changed.v2", "2")
            && !upcasting.can_upcast("cluster.changed.v1", "1")
    );

    let read = upcasting.upcast(old(body.clone()));

    assert_eq!((read.event_type.as_str(), read.event_version.as_str()), ("cluster.health_changed.v2", "2"));
    let theirs: <Folded<Cluster> as Aggregate>::Event = serde_json::from_value(read.payload).unwrap();
    let ours =
        ClusterEvent::decode("cluster.health_changed.v1", &serde_json::to_vec(&body).unwrap()).unwrap();
    assert_eq!(theirs, Wire(ours));
    let broken = old(serde_json::json!({ "from": 5 }));
    assert_eq!(
        upcasting.upcast(broken.clone()),
        broken,
        "not dropped, not mended: refused by whoever reads it"
    );
}
