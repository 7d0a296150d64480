//! Both halves: every format by ways that look at what they take.

use hub_domain::export::{Format, Transport as Config};
use hub_kit::siem::{FakeBulk, FakeHec, FakeWebhook};
use serde_json::{Value, json};

use super::{secrets, settings};

const FORMATS: [Format; 5] = [Format::Ocsf, Format::Ecs, Format::Cef, Format::Leef, Format::Json];

async fn tested(format: Format, config: Value, document: Value) {
    let config: Config = serde_json::from_value(config).unwrap();
    let outlet = hub_siem::open(format, &config, &secrets(&document), &settings()).unwrap();
    outlet.test().await.unwrap();
    outlet.test().await.unwrap();
}

#[tokio::test]
async fn siem_outlet_is_tested_in_each_format() {
    let (bulk, hook) = (FakeBulk::start("audit").await.unwrap(), FakeWebhook::start().await.unwrap());
    let hec = FakeHec::start(true).await.unwrap();
    for format in FORMATS {
        let url = bulk.url();
        let config = json!({ "kind": "elasticsearch", "url": url, "index": "audit" });
        tested(format, config, json!({ "token": bulk.key() })).await;
        let config = json!({ "kind": "splunk_hec", "url": hec.url(), "acknowledge": true });
        tested(format, config, json!({ "token": hec.token() })).await;
        let config = json!({ "kind": "webhook", "url": hook.url() });
        tested(format, config, json!({ "signing_key": hook.signing_key() })).await;
    }
    let shown = |value: &Value| value.to_string().contains("export.test");
    let documents = bulk.documents();
    assert!(documents.len() == 10 && documents.iter().all(|(_, document)| shown(document)), "{documents:?}");
    let events = hec.events();
    assert!(events.len() == 10 && events.iter().all(shown), "{events:?}");
    let kinds: Vec<&str> =
        events.iter().map(|event| event["sourcetype"].as_str().unwrap()).step_by(2).collect();
    assert_eq!(kinds, ["_json", "_json", "cef", "leef", "_json"]);
    let taken: Vec<Value> = hook.taken().into_iter().flat_map(|(_, messages)| messages).collect();
    assert!(taken.len() == 10 && taken.iter().all(shown), "{taken:?}");
}
