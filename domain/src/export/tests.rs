use proptest::prelude::*;

use super::*;
use crate::Decider;
use crate::kernel::{ExportName, Refusal, SecretRef};
use crate::testing::{given, round_trips, walk, when};

fn spec(name: &str) -> Box<Spec> {
    Box::new(Spec {
        name: ExportName::new(name).unwrap(),
        format: Format::Ocsf,
        transport: webhook("https://siem.example/in"),
        filter: Filter::default(),
        starts_at: None,
        credentials: Some(Credentials {
            secret: SecretRef::new("secret-1").unwrap(),
            fingerprint: "01".into(),
        }),
    })
}

fn webhook(url: &str) -> Transport {
    Transport::Webhook { url: url.into(), tls: None }
}

fn created() -> ExportEvent {
    ExportEvent::Created(Created { spec: spec("siem") })
}

fn paused() -> ExportEvent {
    ExportEvent::Paused(Paused {})
}

fn deleted() -> ExportEvent {
    ExportEvent::Deleted(Deleted {})
}

fn all_but_create() -> Vec<ExportCommand> {
    vec![
        ExportCommand::Pause,
        ExportCommand::Resume,
        ExportCommand::Replay { from: 7 },
        ExportCommand::RetryDeadLetters,
        ExportCommand::Delete,
    ]
}

fn code(result: Result<Vec<ExportEvent>, ExportRefusal>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn nothing_can_be_asked_of_an_export_that_is_not_there() {
    for command in all_but_create() {
        assert_eq!(code(when::<Export>(&ExportState::Absent, command)), "export-not-found");
    }
}

#[test]
fn nothing_but_the_end_can_be_asked_of_one_that_is_gone() {
    let state = given::<Export>(&[created(), deleted()]);
    assert_eq!(state.status(), "deleted");
    for command in all_but_create() {
        let answer = when::<Export>(&state, command.clone());
        if command == ExportCommand::Delete {
            assert_eq!(answer, Ok(vec![]));
        } else {
            assert_eq!(code(answer), "export-gone");
        }
    }
    assert_eq!(code(when::<Export>(&state, ExportCommand::Create(spec("siem")))), "export-gone");
}

#[test]
fn it_comes_to_be_once() {
    let absent = ExportState::Absent;
    assert_eq!(when::<Export>(&absent, ExportCommand::Create(spec("siem"))), Ok(vec![created()]));
    let state = given::<Export>(&[created()]);
    assert_eq!((state.status(), state.spec()), ("active", Some(&*spec("siem"))));
    assert_eq!(when::<Export>(&state, ExportCommand::Create(spec("siem"))), Ok(vec![]));
    assert_eq!(code(when::<Export>(&state, ExportCommand::Create(spec("other")))), "export-exists");
}

#[test]
fn it_is_paused_and_goes_on() {
    let active = given::<Export>(&[created()]);
    assert_eq!(when::<Export>(&active, ExportCommand::Pause), Ok(vec![paused()]));
    assert_eq!(when::<Export>(&active, ExportCommand::Resume), Ok(vec![]));
    let state = given::<Export>(&[created(), paused()]);
    assert_eq!(state.status(), "paused");
    assert_eq!(when::<Export>(&state, ExportCommand::Pause), Ok(vec![]));
    let resumed = ExportEvent::Resumed(Resumed {});
    assert_eq!(when::<Export>(&state, ExportCommand::Resume), Ok(vec![resumed.clone()]));
    assert_eq!(given::<Export>(&[created(), paused(), resumed]), active);
}

#[test]
fn a_replay_is_told_each_time() {
    let state = given::<Export>(&[created()]);
    let replayed = ExportEvent::Replayed(Replayed { from: 7 });
    for _ in 0..2 {
        assert_eq!(when::<Export>(&state, ExportCommand::Replay { from: 7 }), Ok(vec![replayed.clone()]));
    }
    assert_eq!(given::<Export>(&[created(), replayed]), state);
    let refused = when::<Export>(&state, ExportCommand::Replay { from: 0 }).unwrap_err();
    assert_eq!((refused.code(), refused.pointer()), ("export-position-zero", Some("/from")));
}

fn transports() -> Vec<Transport> {
    let tls = || Some(Tls { ca: None, server_name: Some("siem.example".into()) });
    vec![
        Transport::Syslog { address: "siem.example:6514".into(), tls: tls() },
        Transport::SplunkHec {
            url: "https://[2001:db8::1]:8088".into(),
            index: Some("main".into()),
            acknowledge: true,
            tls: tls(),
        },
        Transport::Elasticsearch {
            url: "http://127.0.0.1:9200".into(),
            index: "audit-2026".into(),
            tls: None,
        },
        webhook("https://siem.example/in?tenant=1"),
        Transport::File { name: "audit.log".into(), max_bytes: 1 << 20, keep: 0 },
        Transport::Kafka {
            brokers: "one:9092,10.0.0.1:9092,[::1]:9092".into(),
            topic: "audit.v1_x-y".into(),
            tls: tls(),
            sasl: Some(SaslMechanism::Plain),
        },
    ]
}

#[test]
fn every_transport_has_a_form_that_passes() {
    for transport in transports() {
        assert_eq!(check(Format::Json, &transport, &Filter::default()), Ok(()), "{transport:?}");
        let mut spec = spec("siem");
        spec.transport = transport;
        round_trips(&ExportEvent::Created(Created { spec }));
    }
}

#[track_caller]
fn breaks(format: Format, transport: &Transport, filter: &Filter, pointer: &str) {
    let breach = check(format, transport, filter).unwrap_err();
    assert_eq!(breach.pointer, pointer, "{transport:?}: {breach}");
}

#[test]
fn what_breaks_a_rule_is_named() {
    let all = Filter::default();
    for url in [
        "",
        "siem.example",
        "ftp://siem.example",
        "http://siem.example",
        "https://",
        "https://user:secret@siem.example",
        "https://siem.example:0",
        "https://siem.example:99999/",
        "https://siem.example/a b",
        "https://siem.example/#part",
        "https://[::g]/",
        "https://siem..example",
        "http://127.0.0.1.example",
        "https://siem.example/\u{e4}",
    ] {
        breaks(Format::Json, &webhook(url), &all, "/transport/url");
    }
    for address in ["siem.example", ":514", "siem.example:", "siem.example:+1", "a b:1", "siem.example:70000"]
    {
        let transport = Transport::Syslog { address: address.into(), tls: None };
        breaks(Format::Cef, &transport, &all, "/transport/address");
    }
    for name in ["", ".", "..", "../x", "a/b", ".hidden", "a b", &"x".repeat(101)] {
        let transport = Transport::File { name: name.into(), max_bytes: 1 << 20, keep: 1 };
        breaks(Format::Json, &transport, &all, "/transport/name");
    }
    for (max_bytes, keep, pointer) in [
        (0, 1, "/transport/max_bytes"),
        (1 << 41, 1, "/transport/max_bytes"),
        (1 << 20, 10_001, "/transport/keep"),
    ] {
        let transport = Transport::File { name: "a".into(), max_bytes, keep };
        breaks(Format::Json, &transport, &all, pointer);
    }
    let elastic = |index: &str| Transport::Elasticsearch {
        url: "https://es.example:9200".into(),
        index: index.into(),
        tls: None,
    };
    for index in
        ["", ".", "..", "Upper", "a b", "a*b", "_x", "-x", "+x", "a/b", "a:b", "a#b", &"x".repeat(256)]
    {
        breaks(Format::Ecs, &elastic(index), &all, "/transport/index");
    }
    for format in [Format::Cef, Format::Leef] {
        breaks(format, &elastic("audit"), &all, "/format");
    }
    for index in ["", "Main", "_internal", "-x", "my-kvstore", &"x".repeat(81)] {
        let transport = Transport::SplunkHec {
            url: "https://splunk.example:8088".into(),
            index: Some(index.into()),
            acknowledge: false,
            tls: None,
        };
        breaks(Format::Json, &transport, &all, "/transport/index");
    }
    let kafka = |brokers: &str, topic: &str, sasl| Transport::Kafka {
        brokers: brokers.into(),
        topic: topic.into(),
        tls: None,
        sasl,
    };
    for brokers in ["", "one", "one:9092,", "one:9092, two:9092", &["one:1"; 33].join(",")] {
        breaks(Format::Json, &kafka(brokers, "t", None), &all, "/transport/brokers");
    }
    for topic in ["", ".", "..", "a/b", "a b", &"x".repeat(250)] {
        breaks(Format::Json, &kafka("one:9092", topic, None), &all, "/transport/topic");
    }
    breaks(Format::Json, &kafka("one:9092", "t", Some(SaslMechanism::Plain)), &all, "/transport/sasl");
    let tls = |ca: Option<&str>, name: Option<&str>| Transport::Syslog {
        address: "siem.example:6514".into(),
        tls: Some(Tls { ca: ca.map(Into::into), server_name: name.map(Into::into) }),
    };
    breaks(Format::Leef, &tls(Some("no PEM"), None), &all, "/transport/tls/ca");
    breaks(Format::Leef, &tls(None, Some("a b")), &all, "/transport/tls/server_name");
}

#[test]
fn filters_name_what_can_exist() {
    let transport = webhook("https://siem.example/in");
    let set = |text: &str| [text.to_owned()].into();
    for action in ["", "cluster", "cluster.", ".import", "Cluster.import", "cluster.im*", "*", "a.b.c"] {
        let filter = Filter { actions: set(action), ..Filter::default() };
        breaks(Format::Json, &transport, &filter, "/filter/actions");
    }
    let kinds = Filter { target_types: set("Cluster"), ..Filter::default() };
    breaks(Format::Json, &transport, &kinds, "/filter/target_types");
    let outcomes = Filter { outcomes: set("unknown"), ..Filter::default() };
    breaks(Format::Json, &transport, &outcomes, "/filter/outcomes");
}

#[test]
fn a_filter_passes_what_it_names() {
    let all = Filter::default();
    assert!(all.passes("cluster.import", "cluster", "succeeded"));
    let actions = ["user.*", "cluster.import"].map(str::to_owned).into();
    let some = Filter { actions, ..Filter::default() };
    for (action, passes) in [
        ("cluster.import", true),
        ("cluster.change", false),
        ("user.sign_in", true),
        ("user", false),
        ("users.x", false),
    ] {
        assert_eq!(some.passes(action, "x", "failed"), passes, "{action}");
    }
    let narrow = Filter {
        target_types: ["cluster".to_owned()].into(),
        outcomes: ["failed".to_owned()].into(),
        ..some
    };
    assert!(narrow.passes("cluster.import", "cluster", "failed"));
    assert!(!narrow.passes("cluster.import", "cluster", "succeeded"));
    assert!(!narrow.passes("user.sign_in", "user", "failed"));
}

#[test]
fn secrets_fit_their_transport() {
    let [syslog, hec, elastic, webhook, file, kafka] = transports().try_into().unwrap();
    let fits = |transport: &Transport, names: &[&str]| {
        check_secrets(transport, names.iter().map(|name| (*name, 10))).map_err(|breach| breach.pointer)
    };
    let wrong = Err("/credentials".to_owned());
    for (transport, choices) in [
        (&syslog, vec![vec![]]),
        (&hec, vec![vec!["token"]]),
        (&elastic, vec![vec![], vec!["token"], vec!["username", "password"]]),
        (&webhook, vec![vec!["signing_key"]]),
        (&file, vec![vec![]]),
        (&kafka, vec![vec!["username", "password"]]),
    ] {
        for names in
            [vec![], vec!["token"], vec!["username", "password"], vec!["username"], vec!["signing_key"]]
        {
            let expected = if choices.contains(&names) { Ok(()) } else { wrong.clone() };
            assert_eq!(fits(transport, &names), expected, "{names:?} for {transport:?}");
        }
    }
    let long = check_secrets(&hec, [("token", 5000)]).unwrap_err();
    assert_eq!(long.pointer, "/credentials/token");
    assert!(check_secrets(&hec, [("token", 0)]).is_err());
}

fn command() -> impl Strategy<Value = ExportCommand> {
    prop_oneof![
        (0..2_u8).prop_map(|nth| ExportCommand::Create(spec(if nth == 0 { "siem" } else { "other" }))),
        Just(ExportCommand::Pause),
        Just(ExportCommand::Resume),
        (0..3_u64).prop_map(|from| ExportCommand::Replay { from }),
        Just(ExportCommand::RetryDeadLetters),
        Just(ExportCommand::Delete),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_the_state_stays_sound(commands in prop::collection::vec(command(), 0..20)) {
        for (before, command, decided, after) in walk::<Export>(commands) {
            if decided.is_err() {
                prop_assert_eq!(&before, &after);
                continue;
            }
            let again = Export::decide(&after, command.clone(), &crate::testing::ctx());
            match command {
                // Each of these is an act of its own, however often it is asked for.
                ExportCommand::Replay { .. } | ExportCommand::RetryDeadLetters => {
                    prop_assert_eq!(again, decided);
                }
                _ => prop_assert_eq!(again, Ok(vec![])),
            }
        }
    }

    #[test]
    fn no_text_makes_a_check_panic(text in any::<String>(), other in "[a-z:/.@\\[\\]0-9-]{0,40}") {
        for text in [text, other] {
            let _ = check(Format::Json, &webhook(&text), &Filter::default());
            let _ = check(Format::Json, &Transport::Syslog { address: text.clone(), tls: None }, &Filter::default());
            let _ = check(Format::Json, &Transport::Kafka { brokers: text, topic: "t".into(), tls: None, sasl: None }, &Filter::default());
        }
    }
}
