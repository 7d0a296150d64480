//! Sessions and rights: who gets in, for how long, and to what.

use hub_kit::Client;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{PASSWORD, Running, cluster, imported, problem, text};

#[tokio::test]
async fn signing_in_tells_nobody_why_not() {
    let running = Running::start().await;
    let anonymous = running.hub.anonymous();
    let password = running.hub.password().expose_secret().to_owned();
    let mut answers = vec![];
    for body in [
        json!({ "email": "admin@clustermaster.local", "password": "wrong" }),
        json!({ "email": "nobody@clustermaster.local", "password": password }),
        json!({ "email": "admin@clustermaster.local", "password": password, "tenant": "nowhere" }),
        json!({ "email": "not an address", "password": password }),
        json!({ "email": "admin@clustermaster.local", "password": "x".repeat(5000) }),
        json!({ "email": "", "password": "" }),
    ] {
        let mut answer = anonymous.post("auth/login", &body).await.unwrap();
        problem(&answer, 401, "sign-in-refused");
        answer.body["trace_id"].take();
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let login = json!({ "email": " ADMIN@ClusterMaster.local ", "password": password, "tenant": "default" });
    let session = anonymous.post("auth/login", &login).await.unwrap().expect(200);
    assert_eq!(
        (&session.body["token_type"], session.header("cache-control")),
        (&json!("Bearer"), "no-store")
    );
    assert_eq!(session.body["user"]["roles"], json!(["admin"]));
    assert!(session.body["expires_in"].as_i64().is_some_and(|seconds| (890..=900).contains(&seconds)));
}

#[tokio::test]
async fn a_refresh_token_serves_once() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let refresh =
        |token: Value| admin.post("auth/refresh", Box::leak(Box::new(json!({ "refresh_token": token }))));
    let first = admin.session["refresh_token"].clone();
    let second = refresh(first.clone()).await.unwrap().expect(200).body;
    assert_ne!(second["refresh_token"], first);
    let renewed = admin.with_token(&text(&second["access_token"]));
    renewed.get("me").await.unwrap().expect(200);
    // Shown twice, it may have been stolen: the session ends, for the thief and for the owner.
    problem(&refresh(first).await.unwrap(), 401, "sign-in-refused");
    problem(&refresh(second["refresh_token"].clone()).await.unwrap(), 401, "sign-in-refused");
    let ended = || async {
        let answer = renewed.get("me").await.unwrap();
        (answer.status == 401).then_some(answer)
    };
    let ended = hub_kit::until(super::SOON, ended).await.expect("the session ends");
    problem(&ended, 401, "session-ended");
}

#[tokio::test]
async fn a_logout_holds_at_once() {
    let running = Running::start().await;
    let (one, other) = (running.admin().await, running.admin().await);
    one.get("me").await.unwrap().expect(200);
    one.post("auth/logout", &Value::Null).await.unwrap().expect(204);
    problem(&one.get("me").await.unwrap(), 401, "session-ended");
    let refresh = json!({ "refresh_token": one.session["refresh_token"] });
    problem(&one.post("auth/refresh", &refresh).await.unwrap(), 401, "sign-in-refused");
    other.get("me").await.unwrap().expect(200);
}

#[tokio::test]
async fn each_role_may_do_what_the_table_says() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = imported(&admin, "shared").await;
    let (viewer_id, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let (_, operator) = running.user(&admin, "operator@example.org", "operator").await;
    let path = format!("clusters/{id}");
    let user = json!({ "email": "x@example.org", "display_name": "X", "roles": ["viewer"] });
    // Who may: viewer, operator. The administrator may do all of it.
    let table: Vec<(Method, String, Option<Value>, bool, bool)> = vec![
        (Method::GET, "me".into(), None, true, true),
        (Method::GET, "clusters".into(), None, true, true),
        (Method::GET, path.clone(), None, true, true),
        (Method::GET, format!("{path}/health"), None, true, true),
        (Method::GET, format!("{path}/history"), None, true, true),
        (Method::GET, format!("{path}/nodes"), None, true, true),
        (Method::GET, format!("{path}/workloads"), None, true, true),
        (Method::GET, "fleet".into(), None, true, true),
        (Method::GET, "audit-logs".into(), None, false, true),
        (Method::GET, "users".into(), None, false, false),
        (Method::GET, format!("users/{viewer_id}"), None, false, false),
        (Method::POST, "users?dry_run=true".into(), Some(user), false, false),
        (
            Method::PUT,
            format!("users/{viewer_id}?dry_run=true"),
            Some(json!({ "roles": ["admin"] })),
            false,
            false,
        ),
        (Method::DELETE, format!("users/{viewer_id}?dry_run=true"), None, false, false),
        (Method::POST, "clusters?dry_run=true".into(), Some(cluster("mine")), false, true),
        (Method::PUT, format!("{path}?dry_run=true"), Some(json!({ "region": "x" })), false, true),
        (Method::DELETE, format!("{path}?dry_run=true"), None, false, true),
    ];
    for (method, path, body, viewers, operators) in table {
        for (client, may) in [(&viewer, viewers), (&operator, operators), (&admin, true)] {
            let mut request = client.request(method.clone(), &path);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = client.send(request).await.unwrap();
            if may {
                assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
            } else {
                problem(&answer, 403, "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_gone_at_once() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let sign_in =
        |email: &'static str, password: &'static str| Client::sign_in(running.hub.base(), email, password);

    let (id, client) = running.user(&admin, "changed@example.org", "operator").await;
    let path = format!("users/{id}");
    client.get("audit-logs").await.unwrap().expect(200);
    admin.put(&path, &json!({ "roles": ["viewer"] })).await.unwrap().expect(200);
    problem(&client.get("audit-logs").await.unwrap(), 401, "session-ended");
    let client = sign_in("changed@example.org", PASSWORD).await.unwrap();
    problem(&client.get("audit-logs").await.unwrap(), 403, "forbidden");

    // Everybody may change their own password, and nothing else of themselves.
    problem(&client.put(&path, &json!({ "display_name": "Me" })).await.unwrap(), 403, "forbidden");
    client.put(&path, &json!({ "password": "another-good-password" })).await.unwrap().expect(200);
    problem(&client.get("me").await.unwrap(), 401, "session-ended");
    assert!(sign_in("changed@example.org", PASSWORD).await.is_err());
    let client = sign_in("changed@example.org", "another-good-password").await.unwrap();

    admin.put(&path, &json!({ "enabled": false })).await.unwrap().expect(200);
    problem(&client.get("me").await.unwrap(), 401, "session-ended");
    assert!(sign_in("changed@example.org", "another-good-password").await.is_err());
    admin.put(&path, &json!({ "enabled": true, "email": "moved@example.org" })).await.unwrap().expect(200);
    assert!(sign_in("changed@example.org", "another-good-password").await.is_err());
    let client = sign_in("moved@example.org", "another-good-password").await.unwrap();

    let deleted = admin.delete(&path).await.unwrap().expect(200);
    assert_eq!(deleted.body["status"], "deleted");
    problem(&client.get("me").await.unwrap(), 401, "session-ended");
    assert!(sign_in("moved@example.org", "another-good-password").await.is_err());
    let position = deleted.position();
    let gone = admin.get(&format!("{path}?min_position={position}")).await.unwrap().expect(200);
    assert_eq!((&gone.body["status"], &gone.body["email"]), (&json!("deleted"), &Value::Null));

    // Nobody locks themselves out.
    let own = format!("users/{}", text(&admin.session["user"]["id"]));
    for refused in [
        admin.delete(&own).await.unwrap(),
        admin.put(&own, &json!({ "enabled": false })).await.unwrap(),
        admin.put(&own, &json!({ "roles": ["viewer"] })).await.unwrap(),
    ] {
        problem(&refused, 409, "own-account");
    }
}

#[tokio::test]
async fn users_are_shown_to_those_who_may_see_them() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let user = json!({ "email": "sam@example.org", "display_name": "Sam", "roles": ["operator", "viewer"] });
    let made = admin.post("users", &user).await.unwrap().expect(201);
    let (id, password) = (text(&made.body["id"]), text(&made.body["one_time_password"]));
    Client::sign_in(running.hub.base(), "sam@example.org", &password).await.unwrap();
    let position = made.position();
    let shown = admin.get(&format!("users/{id}?min_position={position}")).await.unwrap().expect(200);
    assert_eq!(
        (&shown.body["email"], &shown.body["display_name"]),
        (&json!("sam@example.org"), &json!("Sam"))
    );
    assert_eq!(shown.body["roles"], json!(["operator", "viewer"]));
    let listed = admin.get("users?role=operator&sort=-created_at").await.unwrap().expect(200);
    assert_eq!((listed.header("total-count"), &listed.body[0]["id"]), ("1", &json!(id)));
    let me = admin.get("me").await.unwrap().expect(200);
    assert_eq!(me.body["email"], "admin@clustermaster.local");
    assert!(me.body["permissions"].as_array().unwrap().contains(&json!("users:manage")));
}
