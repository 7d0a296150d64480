use hub_domain::user::Role;

use super::*;
use crate::ports::AppendError;
use crate::testing::{World, tenant, unavailable, user};

/// Allows what does not lead to `forbidden`.
struct Gate;

#[async_trait::async_trait]
impl ExportGate for Gate {
    async fn admit(
        &self,
        _: TenantId,
        transport: &Transport,
        secrets: &BTreeMap<&'static str, SecretString>,
    ) -> Result<(), (String, String)> {
        match transport {
            Transport::SplunkHec { url, .. } if url.contains("forbidden") => {
                assert!(secrets.contains_key("token"));
                Err(("/transport/url".into(), "must not lead there".into()))
            }
            _ => Ok(()),
        }
    }
}

struct Hub {
    world: World,
    exports: Exports,
    admin: Caller,
}

impl Hub {
    fn new() -> Self {
        let world = World::new();
        let exports = Exports::new(world.dispatcher.clone(), &world.ports, Arc::new(Gate));
        Self { world, exports, admin: user(Role::Admin) }
    }

    async fn create(
        &self,
        name: &str,
        options: &Options,
    ) -> Result<(ExportId, Outcome<Export>), CommandError> {
        self.exports.create(&self.admin, new(name), options).await
    }

    fn names(&self) -> Vec<String> {
        self.world.claims.of(EXPORT_NAME).into_iter().map(|(name, _)| name).collect()
    }

    fn secrets(&self) -> usize {
        self.world.vault.secrets.lock().unwrap().len()
    }
}

const SECRET: &str = "a-token-that-nobody-may-see";

fn new(name: &str) -> NewExport {
    NewExport {
        name: ExportName::new(name).unwrap(),
        format: Format::Json,
        transport: Transport::SplunkHec {
            url: "https://splunk.example:8088".into(),
            index: None,
            acknowledge: false,
            tls: None,
        },
        filter: Filter::default(),
        starts_at: Some(1),
        secrets: BTreeMap::from([("token", SECRET.to_owned().into())]),
    }
}

fn file(name: &str) -> NewExport {
    let transport = Transport::File { name: "audit".into(), max_bytes: 1 << 20, keep: 3 };
    NewExport { transport, secrets: BTreeMap::new(), ..new(name) }
}

fn keyed(key: &str) -> Options {
    Options { idempotency_key: Some(key.into()), ..Options::default() }
}

fn dry() -> Options {
    Options { dry_run: true, ..Options::default() }
}

fn pointer<T: std::fmt::Debug>(result: Result<T, CommandError>) -> String {
    match result {
        Err(CommandError::Invalid { pointer, .. }) => pointer,
        other => panic!("expected a broken rule, got {other:?}"),
    }
}

#[tokio::test]
async fn secrets_are_in_the_vault_and_only_there() {
    let hub = Hub::new();
    let (id, outcome) = hub.create("siem", &Options::default()).await.unwrap();
    assert_eq!(outcome.receipt.stream, id.to_string());
    assert_eq!(outcome.state.status(), "active");
    assert_eq!((hub.secrets(), hub.names()), (1, vec!["siem".to_owned()]));
    for event in hub.world.log.all() {
        assert!(!String::from_utf8(event.payload).unwrap().contains(SECRET));
    }
    let reference = outcome.state.spec().unwrap().credentials.clone().unwrap().secret;
    let kept = hub.world.ports.vault.get(tenant(), &reference).await.unwrap();
    assert_eq!(kept.expose_secret(), format!("{{\"token\":\"{SECRET}\"}}").as_bytes());

    let none = hub.exports.create(&hub.admin, file("file"), &Options::default()).await.unwrap().1;
    assert_eq!((none.state.spec().unwrap().credentials.clone(), hub.secrets()), (None, 1));
}

#[tokio::test]
async fn names_are_taken_once_and_free_again_afterwards() {
    let hub = Hub::new();
    let (id, _) = hub.create("siem", &keyed("one")).await.unwrap();
    for options in [Options::default(), dry()] {
        let taken = hub.create("siem", &options).await;
        assert!(matches!(taken, Err(CommandError::NameTaken { pointer: "/name" })), "{taken:?}");
    }
    let (again, repeated) = hub.create("siem", &keyed("one")).await.unwrap();
    assert!(again == id && repeated.receipt.repeated);
    assert_eq!(hub.secrets(), 1);

    hub.exports.delete(&hub.admin, id, &dry()).await.unwrap();
    assert_eq!((hub.secrets(), hub.names().len()), (1, 1));
    for _ in 0..2 {
        let gone = hub.exports.delete(&hub.admin, id, &Options::default()).await.unwrap();
        assert_eq!((gone.state.status(), hub.secrets(), hub.names().len()), ("deleted", 0, 0));
    }
    assert_ne!(hub.create("siem", &Options::default()).await.unwrap().0, id);
}

#[tokio::test]
async fn what_is_not_recorded_leaves_nothing_behind() {
    let hub = Hub::new();
    let (_, planned) = hub.create("siem", &dry()).await.unwrap();
    assert_eq!((planned.events.len(), hub.secrets(), hub.names().len()), (1, 0, 0));
    hub.world.log.fail_next(AppendError::Unavailable(unavailable()));
    hub.create("siem", &Options::default()).await.unwrap_err();
    assert_eq!((hub.secrets(), hub.names().len()), (0, 0));
    // What may have been recorded is not taken back.
    hub.world.log.fail_next(AppendError::Unknown(unavailable()));
    hub.create("siem", &Options::default()).await.unwrap_err();
    assert_eq!((hub.secrets(), hub.names().len()), (1, 1));
}

#[tokio::test]
async fn broken_rules_are_named_before_anything_is_touched() {
    let hub = Hub::new();
    let options = Options::default();
    let create = |new| hub.exports.create(&hub.admin, new, &options);
    let url = "https://user:pass@splunk.example";
    let broken = Transport::Webhook { url: url.into(), tls: None };
    let webhook = NewExport { transport: broken, ..new("siem") };
    assert_eq!(pointer(create(webhook).await), "/transport/url");
    let without = NewExport { secrets: BTreeMap::new(), ..new("siem") };
    assert_eq!(pointer(create(without).await), "/credentials");
    for starts_at in [0, 2, u64::MAX] {
        let far = NewExport { starts_at: Some(starts_at), ..new("siem") };
        assert_eq!(pointer(create(far).await), "/starts_at");
    }
    assert_eq!((hub.secrets(), hub.names().len(), hub.world.log.all().len()), (0, 0, 0));
}

#[tokio::test]
async fn it_is_paused_replayed_and_tried_again() {
    let hub = Hub::new();
    let (id, _) = hub.create("siem", &Options::default()).await.unwrap();
    let (exports, admin, options) = (&hub.exports, &hub.admin, Options::default());
    assert_eq!(exports.pause(admin, id, &options).await.unwrap().state.status(), "paused");
    assert_eq!(exports.resume(admin, id, &options).await.unwrap().state.status(), "active");
    exports.replay(admin, id, 2, &options).await.unwrap();
    assert_eq!(pointer(exports.replay(admin, id, 99, &options).await), "/from");
    exports.retry_dead_letters(admin, id, &options).await.unwrap();
    assert_eq!(
        hub.world.log.types(),
        [
            "export.created.v1",
            "export.paused.v1",
            "export.resumed.v1",
            "export.replayed.v1",
            "export.dead_letters_retried.v1"
        ]
    );
}

#[tokio::test]
async fn only_administrators_may() {
    let hub = Hub::new();
    let (id, _) = hub.create("siem", &Options::default()).await.unwrap();
    let (exports, options) = (&hub.exports, Options::default());
    for role in [Role::Operator, Role::Viewer] {
        let caller = user(role);
        let denied = [
            exports.create(&caller, new("other"), &options).await.map(|_| ()),
            exports.pause(&caller, id, &options).await.map(|_| ()),
            exports.resume(&caller, id, &options).await.map(|_| ()),
            exports.replay(&caller, id, 1, &options).await.map(|_| ()),
            exports.retry_dead_letters(&caller, id, &options).await.map(|_| ()),
            exports.delete(&caller, id, &options).await.map(|_| ()),
        ];
        for answer in denied {
            assert!(matches!(answer, Err(CommandError::Denied(_))), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn what_the_hub_does_not_allow_is_refused_before_anything_is_kept() {
    let hub = Hub::new();
    let forbidden = || {
        let url = "https://forbidden.example:8088".into();
        let transport = Transport::SplunkHec { url, index: None, acknowledge: false, tls: None };
        NewExport { transport, ..new("siem") }
    };
    for dry_run in [true, false] {
        let options = Options { dry_run, ..Options::default() };
        let refused = hub.exports.create(&hub.admin, forbidden(), &options).await;
        let Err(CommandError::Invalid { pointer, rule }) = refused else { panic!("{refused:?}") };
        assert_eq!((pointer.as_str(), rule.as_str()), ("/transport/url", "must not lead there"));
    }
    assert_eq!((hub.names().len(), hub.secrets(), hub.world.log.all().len()), (0, 0, 0));
    let denied = hub.exports.create(&user(Role::Operator), forbidden(), &Options::default()).await;
    assert!(matches!(denied, Err(CommandError::Denied(_))), "whoever may not create is not told: {denied:?}");
}
