//! What whoever keeps the hub's machine does beside it: a lost password, a new key, a scrape from elsewhere.

use serde_json::json;

use super::{PASSWORD, Running, SOON, TOKEN, imported, text};
use hub_kit::hub::ADMINISTRATOR;
use hub_kit::{Client, until};

#[tokio::test]
async fn a_lost_password_is_replaced_and_its_sessions_end() {
    let running = Running::start().await;
    let before = running.admin().await;
    let id = text(&before.get("me").await.unwrap().expect(200).body["id"]);
    let printed = running.tool(&["tenant"], &["reset-password", "default"], &[]).await.unwrap();
    let password = printed.lines().find_map(|line| line.strip_prefix("one-time password: ")).unwrap();
    assert!(printed.contains(ADMINISTRATOR));
    // The hub remembers for a moment that a session was alive.
    let ended = until(SOON, || async { (before.get("me").await.ok()?.status == 401).then_some(()) });
    ended.await.expect("the session ends");
    assert!(running.hub.admin().await.is_err(), "the old password has gone");
    let admin = Client::sign_in(running.hub.base(), ADMINISTRATOR, password).await.unwrap();
    let entries =
        admin.get(&format!("audit-logs?target={id}&actor=system:recovery")).await.unwrap().expect(200);
    assert_eq!(entries.body[0]["action"], "user.change", "{}", entries.text);
    assert!(!entries.text.contains(password));

    let given = running.tool(
        &["tenant"],
        &["reset-password", "default"],
        &[("CLUSTERMASTER_ADMIN_PASSWORD", PASSWORD)],
    );
    assert!(!given.await.unwrap().contains("one-time"));
    assert!(Client::sign_in(running.hub.base(), ADMINISTRATOR, PASSWORD).await.is_ok());
    let nobody = running.tool(&["tenant"], &["reset-password", "nowhere"], &[]).await.unwrap_err();
    assert!(nobody.contains("there is no tenant named `nowhere`"), "{nobody}");
}

#[tokio::test]
async fn a_key_is_rotated_and_the_one_before_opens_nothing_any_more() {
    let mut running = Running::start().await;
    let admin = running.admin().await;
    let cluster = imported(&admin, "kept").await;
    let user = running.user(&admin, "kept@example.org", "viewer").await.0;
    running.hub.terminate().await.unwrap();
    let keys = running.hub.data_dir().join("keys");
    let (present, next, past) = (keys.join("kek"), keys.join("next"), keys.join("past"));
    let of = |path: &std::path::Path| path.display().to_string();

    let alone =
        running.tool(&["vault"], &["rewrap"], &[("CLUSTERMASTER_KEY_FILE", &of(&next))]).await.unwrap_err();
    assert!(alone.contains("the vault"), "a key that opens nothing rotates nothing: {alone}");
    let env = [("CLUSTERMASTER_KEY_FILE", of(&next)), ("CLUSTERMASTER_OLD_KEY_FILES", of(&present))];
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = running.tool(&["vault"], &["rewrap"], &env).await.unwrap();
    assert!(!done.contains("present key-encryption key: 0"), "{done}");
    let again = running.tool(&["vault"], &["rewrap"], &env).await.unwrap();
    assert!(again.contains("present key-encryption key: 0"), "{again}");

    assert!(running.hub.start_again().await.is_err(), "the old key opens the vault no more");
    std::fs::rename(&present, &past).unwrap();
    std::fs::rename(&next, &present).unwrap();
    running.hub.start_again().await.unwrap();
    let admin = running.admin().await;
    let shown = admin.get(&format!("users/{user}")).await.unwrap().expect(200);
    assert_eq!(shown.body["email"], "kept@example.org", "personal data opens");
    let checked = admin.get(&format!("clusters/{cluster}")).await.unwrap().expect(200);
    assert!(!checked.text.contains(TOKEN));
    for key in [&past, &present] {
        let key = std::fs::read_to_string(key).unwrap();
        assert!(!running.hub.log().contains(key.trim()));
    }
}

#[tokio::test]
async fn metrics_are_read_from_elsewhere_with_their_token_only() {
    let running = Running::with(&[("CLUSTERMASTER_METRICS_TOKEN", "scrape-me")]).await;
    let anonymous = running.hub.anonymous();
    anonymous.get("/metrics").await.unwrap().expect(401);
    anonymous.with_token("scrape-you").get("/metrics").await.unwrap().expect(401);
    let metrics = anonymous.with_token("scrape-me").get("/metrics").await.unwrap().expect(200);
    assert!(metrics.text.contains("clustermaster_http_requests_total"));
}

#[tokio::test]
async fn what_managed_clusters_may_is_told_by_flags() {
    let running = Running::with(&[("CLUSTERMASTER_KUBERNETES_FORBID_LOOPBACK", "true")]).await;
    let admin = running.admin().await;
    let made = admin.post("clusters", &super::cluster("own")).await.unwrap();
    let problem = if made.status == 202 {
        super::settled(&admin, &text(&made.body["id"])).await.text
    } else {
        made.text
    };
    assert!(problem.contains("loopback") || problem.contains("own machine"), "{problem}");
    let plain = json!({ "name": "plain", "provider": "on_premises", "region": "lab",
        "credentials": { "kubeconfig": super::kubeconfig().replace("https://", "http://") } });
    admin.post("clusters", &plain).await.unwrap().expect(422);
    let allowed = Running::with(&[("CLUSTERMASTER_KUBERNETES_ALLOW_PLAINTEXT", "true")]).await;
    allowed.admin().await.post("clusters", &plain).await.unwrap().expect(202);
}
