//! Wrong input on every route that the document names: no route is forgotten, since the list is the document itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use hub_commands::ports::{Clock, Session, Vault as _};
use hub_http::auth::Tokens;
use hub_kit::{Answer, Client, SystemClock, until};
use hub_postgres::{Kek, PgVault, PoolSizes, Pools};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::exports::export;
use super::{PASSWORD, Running, SOON, cluster, imported, problem, text};

/// One operation of the document, with ids that exist.
struct Operation {
    method: Method,
    template: String,
    path: String,
    spec: Value,
}

/// What the ids in the paths stand for.
struct Ids {
    cluster: String,
    export: String,
    user: String,
    event: String,
}

impl Operation {
    fn id(&self) -> &str {
        self.spec["operationId"].as_str().unwrap()
    }

    fn is_public(&self) -> bool {
        self.spec.get("security").is_none()
    }

    fn knows(&self, parameter: &str) -> bool {
        self.spec["parameters"].as_array().into_iter().flatten().any(|known| known["name"] == parameter)
    }

    /// A body that the operation takes. An operation with a body that is not here fails the test, on purpose.
    fn body(&self) -> Option<Value> {
        self.spec.get("requestBody")?;
        Some(match self.id() {
            "login" => json!({ "email": "nobody@example.org", "password": "wrong" }),
            "refresh" => json!({ "refresh_token": "wrong" }),
            "createUser" => json!({ "email": "n@example.org", "display_name": "N", "roles": ["viewer"] }),
            "changeUser" => json!({ "roles": ["viewer"] }),
            "testCluster" => json!({ "kubeconfig": super::kubeconfig(), "context": "lab" }),
            "importCluster" => cluster("wrong-input"),
            "createExport" => export("wrong-input"),
            "replayExport" => json!({ "from": 1 }),
            "changeCluster" => json!({ "labels": { "env": "wrong-input" } }),
            other => panic!("say what `{other}` takes as its body"),
        })
    }

    fn request(&self, client: &Client, path: &str) -> reqwest::RequestBuilder {
        let request = client.request(self.method.clone(), path);
        match self.body() {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    /// Sends what is right but for the path and the client.
    async fn send(&self, client: &Client, path: &str) -> Answer {
        client.send(self.request(client, path)).await.unwrap()
    }

    /// The answer is the problem that is meant, and one that the document promises.
    #[track_caller]
    fn expect(&self, answer: &Answer, status: u16, code: &str) {
        let name = format!("{} {}", self.method, self.template);
        assert_eq!(answer.body["code"], code, "{name}: {} {}", answer.status, answer.text);
        problem(answer, status, code);
        let promised = self.spec["responses"].get(status.to_string());
        assert!(promised.is_some(), "{name} answers an undocumented {status}: {}", answer.text);
    }
}

async fn operations(client: &Client, ids: &Ids) -> Vec<Operation> {
    let document = client.get("/openapi.json").await.unwrap().expect(200).body;
    let mut operations = vec![];
    for (template, item) in document["paths"].as_object().unwrap() {
        let id = match template {
            path if path.contains("/clusters/") => &ids.cluster,
            path if path.contains("/users/") => &ids.user,
            path if path.contains("/exports/") => &ids.export,
            _ => &ids.event,
        };
        for (method, spec) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                template: template.clone(),
                path: template.replace("{id}", id),
                spec: spec.clone(),
            });
        }
    }
    assert!(operations.len() >= 36, "{}", operations.len());
    operations
}

async fn ids(running: &Running, admin: &Client) -> Ids {
    let cluster = imported(admin, "victim").await;
    let made = admin.post("exports", &export("victim")).await.unwrap().expect(201);
    let (user, _) = running.user(admin, "victim@example.org", "viewer").await;
    // Until the user's sign-in is seen: it is the last thing that happens by itself.
    let newest = || async {
        let log = admin.get("audit-logs?limit=1").await.unwrap().expect(200).body;
        (log[0]["actor"] == json!(user)).then(|| text(&log[0]["id"]))
    };
    let event = until(SOON, newest).await.expect("the sign-in is seen");
    Ids { cluster, export: text(&made.body["id"]), user, event }
}

#[tokio::test]
async fn tokens() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let ids = ids(&running, &admin).await;
    let (_, ended) = running.user(&admin, "ended@example.org", "admin").await;
    ended.post("auth/logout", &Value::Null).await.unwrap().expect(204);
    let anonymous = running.hub.anonymous();
    let expired = anonymous.with_token(&expired(&running, &admin).await);

    for operation in operations(&anonymous, &ids).await.iter().filter(|operation| !operation.is_public()) {
        let path = &operation.path;
        operation.expect(&operation.send(&anonymous, path).await, 401, "unauthenticated");
        operation.expect(&operation.send(&expired, path).await, 401, "token-expired");
        operation.expect(&operation.send(&ended, path).await, 401, "session-ended");
        let token = text(&admin.session["access_token"]);
        let (head, tail) = token.split_at(token.len() / 2);
        for garbage in
            ["garbage", "a.b.c", &format!("{head}x{tail}"), &token[..token.len() - 2], &"x".repeat(6000)]
        {
            let answer = operation.send(&anonymous.with_token(garbage), path).await;
            operation.expect(&answer, 401, "token-invalid");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer:?}");
        }
        let basic = operation.request(&anonymous, path).basic_auth("admin@clustermaster.local", Some("x"));
        operation.expect(&anonymous.send(basic).await.unwrap(), 401, "unauthenticated");
        let in_query = operation.send(&anonymous, &format!("{path}?access_token={token}")).await;
        operation.expect(&in_query, 401, "unauthenticated");
    }
}

/// A token that this hub's own key signed an hour ago, for a session that lives.
async fn expired(running: &Running, admin: &Client) -> String {
    struct HourAgo;
    impl Clock for HourAgo {
        fn now(&self) -> DateTime<Utc> {
            SystemClock.now() - TimeDelta::hours(1)
        }
    }
    let pools = Pools::connect(running.database.url(), PoolSizes::default()).unwrap();
    let kek = Kek::load_or_create(&running.hub.data_dir().join("keys").join("kek")).unwrap();
    let vault = PgVault::unlock(pools.writer, kek).await.unwrap();
    let me = admin.get("me").await.unwrap().expect(200).body;
    let session = Session {
        id: text(&me["session"]).parse().unwrap(),
        user: text(&me["id"]).parse().unwrap(),
        tenant: text(&me["tenant"]).parse().unwrap(),
        expires_at: SystemClock.now() + TimeDelta::hours(1),
    };
    let key = vault.derive("access-token");
    let roles = [hub_domain::user::Role::Admin].into();
    let fresh = Tokens::new(&key, Arc::new(SystemClock)).issue(&session, &roles);
    let works = running.hub.anonymous().with_token(fresh.token.expose_secret());
    works.get("me").await.unwrap().expect(200);
    Tokens::new(&key, Arc::new(HourAgo)).issue(&session, &roles).token.expose_secret().to_owned()
}

#[tokio::test]
async fn bodies() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let ids = ids(&running, &admin).await;
    let before = admin.get("audit-logs?limit=1").await.unwrap();
    let mut seen = 0;
    for operation in operations(&admin, &ids).await {
        let Some(body) = operation.body() else { continue };
        seen += 1;
        let send = |kind: Option<&'static str>, body: Vec<u8>| {
            let mut request = admin.request(operation.method.clone(), &operation.path).body(body);
            if let Some(kind) = kind {
                request = request.header("content-type", kind);
            }
            admin.send(request)
        };
        let json = Some("application/json");
        for malformed in
            ["", "{", "nonsense", "{\"a\":}", "[1,]", "{} {}", "{\"name\":\"\u{0}", "\"\\ud800\""]
        {
            let answer = send(json, malformed.into()).await.unwrap();
            operation.expect(&answer, 400, "malformed-json");
        }
        operation.expect(
            &send(json, b"{\"name\":\"\xff\xfe\"}".to_vec()).await.unwrap(),
            400,
            "malformed-json",
        );
        for kind in
            [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data")]
        {
            let answer = send(kind, body.to_string().into()).await.unwrap();
            operation.expect(&answer, 415, "unsupported-media-type");
        }
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        operation.expect(&send(json, deep.into()).await.unwrap(), 400, "json-too-deep");
        let deep = format!("{{\"labels\":{}{}}}", "{\"a\":".repeat(40), "}".repeat(40));
        operation.expect(&send(json, deep.into()).await.unwrap(), 400, "json-too-deep");
        for size in [3 << 20, 12 << 20] {
            let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(size));
            operation.expect(&send(json, huge.into()).await.unwrap(), 413, "body-too-large");
        }
        for wrong in [json!([]), json!("text"), json!(7), json!(null), json!(true)] {
            let answer = send(json, wrong.to_string().into()).await.unwrap();
            operation.expect(&answer, 422, "invalid-body");
        }
        let mut unknown = body.clone();
        unknown["surprise"] = json!(1);
        let answer = send(json, unknown.to_string().into()).await.unwrap();
        operation.expect(&answer, 422, "invalid-body");
        assert_eq!(answer.body["errors"][0]["pointer"], "/surprise", "{}", answer.text);
        for member in body.as_object().unwrap().keys() {
            let mut wrong = body.clone();
            wrong[member] = json!({ "of": ["another", "type"] });
            let answer = send(json, wrong.to_string().into()).await.unwrap();
            operation.expect(&answer, 422, "invalid-body");
            let pointer = text(&answer.body["errors"][0]["pointer"]);
            assert!(pointer.starts_with(&format!("/{member}")), "{}", answer.text);
        }
    }
    assert_eq!(seen, 9);
    let after = admin.get("audit-logs?limit=1").await.unwrap();
    assert_eq!(before.body, after.body, "wrong input was recorded");
}

#[tokio::test]
async fn parameters_and_headers() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let ids = ids(&running, &admin).await;
    let lists: BTreeSet<_> = [
        "listClusters",
        "listUsers",
        "listAuditLogs",
        "getClusterHistory",
        "getFleetDiff",
        "listExports",
        "listDeadLetters",
    ]
    .into();
    for operation in operations(&admin, &ids).await {
        let ask = |query: &str| admin.send(operation.request(&admin, &format!("{}?{query}", operation.path)));
        for query in ["surprise=1", "Limit=1", "limit[]=1", "%00=1"] {
            let answer = ask(query).await.unwrap();
            operation.expect(&answer, 400, "unknown-parameter");
        }
        for (parameter, values) in [
            ("min_position", &["x", "-1", "", "1.5", "9223372036854775807", "99999999999999999999"][..]),
            (
                "as_of",
                &[
                    "x",
                    "",
                    "yesterday",
                    "-1",
                    "9223372036854775807",
                    "2026-13-01T00:00:00Z",
                    "9999-01-01T00:00:00Z",
                ],
            ),
            ("limit", &["0", "501", "-1", "x", "", "99999999999"]),
            ("sort", &["nothing", "--name", "", "password", "name;drop"]),
            ("dry_run", &["2", "maybe", ""]),
            ("after", &["x", "-1", "99999999999999999999"]),
            ("status", &["nothing", "", ",", "active,,"]),
            ("from", &["x", "2026-01-01"]),
            ("to", &["x", "2026-01-01"]),
            ("change", &["nothing", "", "came,,"]),
            ("caused_by", &["x", "", ",", "01890a5dac96774bbcceb302099a8057"]),
            ("request_id", &["", ",", "a,,"]),
            ("group_by", &["nothing", "", "label", "label:", "region:x"]),
        ] {
            for value in values.iter().filter(|_| operation.knows(parameter)) {
                let answer = ask(&format!("{parameter}={value}")).await.unwrap();
                operation.expect(&answer, 400, "invalid-parameter");
                assert_eq!(answer.body["errors"][0]["parameter"], parameter, "{}", answer.text);
            }
        }
        if lists.contains(operation.id()) {
            for cursor in ["x", "e30", "AAAA", "%FF", &"a".repeat(2000)] {
                let answer = ask(&format!("cursor={cursor}")).await.unwrap();
                operation.expect(&answer, 400, "invalid-cursor");
            }
        }
        let long = "k".repeat(256);
        for (header, values) in [
            ("Idempotency-Key", &["", "two words", &long][..]),
            ("If-Match", &["", "3", "W/\"3\"", "\"a\"", "\"1\", \"2\"", "\"-1\""]),
        ] {
            for value in values.iter().filter(|_| operation.knows(header)) {
                let request = operation.request(&admin, &operation.path).header(header, *value);
                let answer = admin.send(request).await.unwrap();
                operation.expect(&answer, 400, "invalid-header");
                assert_eq!(answer.body["errors"][0]["header"], header, "{}", answer.text);
            }
        }
    }
    let answer = admin.send(admin.request(Method::GET, "events").header("Last-Event-ID", "x")).await.unwrap();
    problem(&answer, 400, "invalid-header");
}

#[tokio::test]
async fn ids_in_paths() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let ids = ids(&running, &admin).await;
    let stranger = running.other_tenant().await;
    let swapped = Ids {
        cluster: ids.user.clone(),
        export: ids.cluster.clone(),
        user: ids.export.clone(),
        event: ids.user.clone(),
    };
    let mut seen = 0;
    let wrong: Vec<String> = [
        "x",
        "cluster_",
        "user_",
        "%00",
        "%ff",
        "..%2f..%2fetc%2fpasswd",
        "%27%20or%201%3D1",
        "cluster_00000000000000000000000000",
        "user_00000000000000000000000000",
        "cluster_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        "00000000-0000-0000-0000-000000000000",
        "null",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([ids.cluster.to_uppercase(), ids.user.to_uppercase(), "a".repeat(4000)])
    .collect();
    for operation in
        operations(&admin, &ids).await.iter().filter(|operation| operation.template.contains("{id}"))
    {
        seen += 1;
        let code = match operation.path.split('/').nth(3) {
            Some("clusters") => "cluster-not-found",
            Some("users") => "user-not-found",
            Some("exports") => "export-not-found",
            _ => "audit-log-not-found",
        };
        for id in &wrong {
            let path = operation.template.replace("{id}", id);
            operation.expect(&operation.send(&admin, &path).await, 404, code);
        }
        // Ids of other kinds, and ids of this kind that belong to somebody else: as if they were not there.
        let other = operations(&admin, &swapped).await;
        let twin = other.iter().find(|twin| twin.id() == operation.id()).unwrap();
        operation.expect(&operation.send(&admin, &twin.path).await, 404, code);
        let foreign = operation.send(&stranger, &operation.path).await;
        operation.expect(&foreign, 404, code);
        let mut absent = operation.send(&admin, &operation.template.replace("{id}", &wrong[7])).await;
        let mut foreign = foreign.body.clone();
        for body in [&mut absent.body, &mut foreign] {
            body["trace_id"].take();
        }
        assert_eq!(absent.body, foreign);
    }
    assert_eq!(seen, 20);

    // What is somebody else's is in no list either. That the stranger asked for it is, as the stranger named it.
    for list in ["clusters", "users", "exports", "audit-logs?outcome=succeeded,failed", "fleet"] {
        let answer = stranger.get(list).await.unwrap().expect(200);
        for id in [&ids.cluster, &ids.user, &ids.export, &ids.event] {
            assert!(!answer.text.contains(id.as_str()), "{list}: {}", answer.text);
        }
    }
    admin.get(&format!("clusters/{}", ids.cluster)).await.unwrap().expect(200);
    admin.get(&format!("users/{}", ids.user)).await.unwrap().expect(200);
}

#[tokio::test]
async fn methods_and_routes() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let ids = ids(&running, &admin).await;
    let operations = operations(&admin, &ids).await;
    let templates: BTreeSet<_> = operations.iter().map(|operation| &operation.template).collect();
    for template in templates {
        let here: Vec<_> = operations.iter().filter(|operation| operation.template == *template).collect();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            if here.iter().any(|operation| operation.method == method) {
                continue;
            }
            let answer = admin.send(admin.request(method.clone(), &here[0].path)).await.unwrap();
            problem(&answer, 405, "method-not-allowed");
            let allowed: BTreeSet<_> = answer.header("allow").split(',').map(str::trim).collect();
            for operation in &here {
                assert!(allowed.contains(operation.method.as_str()), "{method} {template}: {allowed:?}");
            }
            assert!(!allowed.contains(method.as_str()), "{method} {template}: {allowed:?}");
        }
    }
    for path in [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/clusters",
        "/api/v1/clusters/",
        "/api/v1/nothing",
        "/nothing.ico",
        &format!("/api/v1/clusters/{}/metrics", ids.cluster),
        &format!("/api/v1/clusters/{}/alerts", ids.cluster),
        &format!("/api/v1/clusters/{}/upgrade", ids.cluster),
        "/api/v1//clusters",
        "/api/v1/Clusters",
    ] {
        for client in [&admin, &running.hub.anonymous()] {
            problem(&client.get(path).await.unwrap(), 404, "route-not-found");
        }
    }
}

#[tokio::test]
async fn passwords_and_secrets_stay_where_they_belong() {
    let running = Running::start().await;
    let admin = running.admin().await;
    imported(&admin, "quiet").await;
    let user = json!({ "email": "quiet@example.org", "display_name": "Quinn Quiet", "roles": ["viewer"], "password": PASSWORD });
    admin.post("users", &user).await.unwrap().expect(201);
    for body in [
        json!({ "name": "q", "provider": "aws", "region": "r", "credentials": { "kubeconfig": super::TOKEN } }),
        json!({ "name": "q", "provider": "aws", "region": "r", "credentials": super::TOKEN }),
        json!({ "name": "q", "provider": "aws", "region": "r", "credentials": { "access_key": super::TOKEN, "secret_key": super::TOKEN } }),
        json!({ "name": super::TOKEN.to_uppercase(), "provider": super::TOKEN, "region": "r", "credentials": {} }),
    ] {
        let answer = admin.post("clusters", &body).await.unwrap().expect(422);
        assert!(!answer.text.contains(super::TOKEN), "{}", answer.text);
    }
    let everything = [
        admin.get("clusters").await.unwrap().text,
        admin.get("audit-logs?limit=500").await.unwrap().text,
        admin.get("fleet").await.unwrap().text,
        admin.get("/metrics").await.unwrap().text,
        running.hub.log(),
        running.hub.printed(),
    ]
    .join("\n");
    for secret in
        [super::TOKEN, PASSWORD, "quiet@example.org", "Quinn Quiet", running_password(&running).as_str()]
    {
        assert!(!everything.contains(secret), "`{secret}` came out");
    }
}

fn running_password(running: &Running) -> String {
    running.hub.password().expose_secret().to_owned()
}
