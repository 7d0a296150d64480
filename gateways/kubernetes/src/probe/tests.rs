//! Looks at a stand-in for an API server.

use axum::http::StatusCode;
use hub_commands::ports::{ClusterGateway as _, ClusterProbe as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::{Value, json};

use super::KubeProbe;
use crate::connect::SystemRoots;
use crate::testing::{Server, TOKEN, identity, list, plain, probe, status};
use crate::{KubeGateway, Settings, kubeconfig};

const NODES: &str = "/api/v1/nodes";
const SETS: &str = "/apis/apps/v1/statefulsets";
const CLAIMS: &str = "/api/v1/persistentvolumeclaims";

fn node(name: &str) -> Value {
    json!({ "metadata": { "name": name }, "status": { "conditions": [{ "type": "Ready", "status": "True" }] } })
}

#[tokio::test]
async fn one_connection_serves_look_after_look() {
    let server = Server::tls(&identity(|_| ())).await;
    server.set(NODES, &list(&[node("a")], ""));
    let probe = server.probe();
    for _ in 0..5 {
        let (observation, sample) = probe.look().await.expect("it answers");
        assert_eq!((observation.facts.version.as_str(), observation.facts.uid.as_str()), ("v1.33.2", "u-1"));
        assert_eq!((observation.facts.nodes.total, sample.nodes.len()), (1, 1));
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let server = Server::plain();
    let pages = vec![
        (StatusCode::OK, list(&[node("c"), node("a")], "next&page=2").to_string()),
        (StatusCode::OK, list(&[node("b")], "").to_string()),
    ];
    server.then(NODES, pages);
    let (observation, sample) = server.probe().look().await.expect("it answers");
    assert_eq!(sample.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(observation.facts.nodes.total, 3);
    let asked = server.asked();
    assert!(asked.contains(&format!("{NODES}?&limit=500")), "{asked:?}");
    assert!(asked.contains(&format!("{NODES}?&limit=500&continue=next%26page%3D2")), "{asked:?}");
}

#[tokio::test]
async fn an_expired_page_begins_the_list_anew() {
    let server = Server::plain();
    let first = (StatusCode::OK, list(&[node("a")], "more").to_string());
    let gone = (StatusCode::GONE, status(410));
    let all = (StatusCode::OK, list(&[node("a"), node("b")], "").to_string());
    server.then(NODES, vec![first.clone(), gone.clone(), all]);
    let (observation, _) = server.probe().look().await.expect("it answers");
    assert_eq!(observation.facts.nodes.total, 2, "no page is counted twice, none is missing");
    server.then(NODES, vec![gone]);
    server.probe().look().await.expect_err("it never comes to an end");
}

#[tokio::test]
async fn what_may_not_be_listed_is_an_issue_and_what_does_not_exist_is_none() {
    let server = Server::plain();
    server.say(SETS, StatusCode::NOT_FOUND, "404 page not found");
    server.say(CLAIMS, StatusCode::FORBIDDEN, &status(403));
    server.say("/version", StatusCode::FORBIDDEN, &status(403));
    server.set(NODES, &list(&[node("a")], ""));
    let (observation, sample) = server.probe().look().await.expect("it answers");
    let issues: Vec<_> =
        observation.issues.iter().map(|issue| (issue.code.as_str(), issue.object.as_str())).collect();
    assert_eq!(issues, [("permission-missing", "persistentvolumeclaims"), ("permission-missing", "version")]);
    assert_eq!((observation.facts.version.as_str(), sample.nodes.len()), ("unknown", 1));
}

#[tokio::test]
async fn a_cluster_that_does_not_tell_who_it_is_is_a_failure() {
    let server = Server::plain();
    server.say("/api/v1/namespaces/kube-system", StatusCode::FORBIDDEN, &status(403));
    let failure = server.probe().look().await.expect_err("it has no identity");
    assert_eq!(failure.code, "permission-missing");
    assert!(failure.message.contains("get the namespace kube-system"), "{}", failure.message);
    server.set("/api/v1/namespaces/kube-system", &json!({ "metadata": { "name": "kube-system" } }));
    assert_eq!(server.probe().look().await.expect_err("it has no UID").code, "not-kubernetes");
}

#[tokio::test]
async fn a_list_that_breaks_off_or_fails_is_a_failure() {
    let server = Server::plain();
    server.say(
        SETS,
        StatusCode::OK,
        r#"{"kind":"StatefulSetList","metadata":{},"items":[{"metadata":{"name":"a"}},"#,
    );
    assert_eq!(server.probe().look().await.expect_err("it breaks off").code, "not-kubernetes");
    server.say(SETS, StatusCode::INTERNAL_SERVER_ERROR, &status(500));
    assert_eq!(server.probe().look().await.expect_err("it fails").code, "server-error");
    server.say(SETS, StatusCode::UNAUTHORIZED, &status(401));
    assert_eq!(server.probe().look().await.expect_err("the token ends between").code, "unauthorized");
}

#[tokio::test]
async fn more_objects_than_are_looked_at_are_cut_and_told() {
    let server = Server::plain();
    let page = |from: usize| {
        let nodes: Vec<_> = (from..from + 9_000).map(|nth| node(&format!("n{nth:05}"))).collect();
        (StatusCode::OK, list(&nodes, "more").to_string())
    };
    server.then(NODES, vec![page(0), page(9_000), page(18_000)]);
    let (observation, sample) = server.probe().look().await.expect("it answers");
    assert_eq!(sample.nodes.len(), 20_000);
    assert_eq!((observation.issues.len(), observation.issues[0].code.as_str()), (1, "too-many-objects"));
}

#[tokio::test]
async fn the_path_of_a_proxying_server_is_kept() {
    let server = Server::plain();
    server.set("/k8s/clusters/c-1/version", &json!({ "gitVersion": "v1.34.0" }));
    server.set("/k8s/clusters/c-1/api/v1/namespaces/kube-system", &json!({ "metadata": { "uid": "u-2" } }));
    let mut config = server.kubeconfig();
    config["clusters"][0]["cluster"]["server"] =
        format!("http://{}/k8s/clusters/c-1/", server.address).into();
    let (observation, _) = probe(&config, plain()).look().await.expect("it answers");
    assert_eq!((observation.facts.uid.as_str(), observation.facts.version.as_str()), ("u-2", "v1.34.0"));
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).expect("a field").parse::<usize>().expect("a number") * 4096
}

#[test]
fn a_thousand_resting_probes_cost_little() {
    let signed = identity(|_| ());
    let config = crate::testing::kubeconfig_for("https://127.0.0.1:1", Some(&signed.certificate));
    let text = SecretString::from(config.to_string());
    let examined = kubeconfig::examine(&text, None, Settings::default()).expect("it is accepted");
    let gateway = KubeGateway::default();
    let make =
        || gateway.probe(SecretSlice::from(examined.kubeconfig.expose_secret().to_vec())).expect("a probe");
    let warm = make();
    let before = resident();
    // Outside any runtime: no connection, no task.
    let probes: Vec<_> = (0..1000).map(|_| make()).collect();
    let cost = resident().saturating_sub(before) / probes.len();
    assert!(cost < 16 << 10, "{cost} bytes a probe");
    drop(warm);
}

#[test]
fn what_the_settings_no_longer_allow_is_not_used() {
    let kept = |config: &Value, settings| {
        let text = SecretString::from(config.to_string());
        let examined = kubeconfig::examine(&text, None, settings).expect("it is accepted");
        SecretSlice::from(examined.kubeconfig.expose_secret().to_vec())
    };
    let refused = |kubeconfig: &SecretSlice<u8>, settings| {
        let failure =
            KubeProbe::new(kubeconfig, settings, &SystemRoots::default()).err().expect("it is refused");
        assert!(!failure.message.contains(TOKEN));
        failure.code
    };
    let at = |server: &str| crate::testing::kubeconfig_for(server, None);
    let closed = Settings { allow_loopback: false, ..Settings::default() };
    assert_eq!(refused(&kept(&at("https://127.0.0.1"), Settings::default()), closed), "credentials-unusable");
    assert_eq!(refused(&kept(&at("http://10.0.0.1"), plain()), Settings::default()), "credentials-unusable");
    let lax = Settings { allow_insecure_tls: true, ..Settings::default() };
    let mut insecure = at("https://10.0.0.1");
    insecure["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = true.into();
    assert_eq!(refused(&kept(&insecure, lax), Settings::default()), "credentials-unusable");
    assert_eq!(refused(&SecretSlice::from(b"no".to_vec()), Settings::default()), "credentials-unusable");
}
