//! The browser session: a cookie that prolongs it, and is good for nothing else.

use hub_kit::{Answer, Client};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::{Running, problem, text};

const LIFE: i64 = 30 * 24 * 3600;

/// A browser as far as it matters here: it keeps one cookie.
struct Browser {
    client: Client,
    cookie: String,
    /// The name and value, then the attributes.
    parts: Vec<String>,
}

impl Browser {
    async fn sign_in(running: &Running, headers: &[(&str, &str)]) -> (Self, Answer) {
        let client = running.hub.anonymous();
        let password = running.hub.password();
        let body = json!({
            "email": "admin@clustermaster.local", "password": password.expose_secret(), "browser": true
        });
        let mut request = client.request(Method::POST, "auth/login").json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = client.send(request).await.unwrap().expect(200);
        let parts = set_cookie(&answer).expect("a cookie is set");
        (Self { client, cookie: parts[0].clone(), parts }, answer)
    }

    async fn refresh(&self, cookie: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.request(Method::POST, "auth/refresh").json(&json!({}));
        for (name, value) in [("cookie", cookie)].iter().chain(headers) {
            request = request.header(*name, *value);
        }
        self.client.send(request).await.unwrap()
    }
}

fn set_cookie(answer: &Answer) -> Option<Vec<String>> {
    let mut all = answer.headers.get_all("set-cookie").iter();
    let parts = all.next()?.to_str().unwrap().split("; ").map(str::to_owned).collect();
    assert!(all.next().is_none(), "one cookie is enough");
    Some(parts)
}

/// Whether an answer makes the browser forget its cookie: the same place, no value, no time.
#[track_caller]
fn forgets(answer: &Answer) {
    let parts = set_cookie(answer).expect("the cookie is taken back");
    let wanted = ["clustermaster_refresh=", "Path=/api/v1/auth", "Max-Age=0", "HttpOnly", "SameSite=Strict"];
    assert_eq!(parts, wanted);
}

fn seconds(parts: &[String]) -> i64 {
    parts.iter().find_map(|part| part.strip_prefix("Max-Age=")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_browser_keeps_its_session_in_a_cookie_that_no_script_reads() {
    let running = Running::start().await;
    let (browser, answer) = Browser::sign_in(&running, &[]).await;
    assert_eq!(answer.body["refresh_token"], Value::Null);
    assert_eq!(answer.header("cache-control"), "no-store");
    let (name, token) = browser.cookie.split_once('=').unwrap();
    assert_eq!(name, "clustermaster_refresh");
    assert!(token.len() == 43 && !answer.text.contains(token), "{token}");
    assert_eq!(browser.parts[1], "Path=/api/v1/auth");
    assert!((LIFE - 60..=LIFE).contains(&seconds(&browser.parts)), "{:?}", browser.parts);
    assert_eq!(browser.parts[3..], ["HttpOnly", "SameSite=Strict"]);

    // The next page load: nothing but the cookie, which is another one afterwards.
    let again = browser.refresh(&browser.cookie, &[("sec-fetch-site", "same-origin")]).await.expect(200);
    assert_eq!(again.body["refresh_token"], Value::Null);
    let parts = set_cookie(&again).unwrap();
    assert!(parts[0] != browser.cookie && parts[1] == "Path=/api/v1/auth", "{parts:?}");
    // It ends when the session does, however often it is prolonged.
    assert!(seconds(&parts) <= seconds(&browser.parts));
    browser.client.with_token(&text(&again.body["access_token"])).get("me").await.unwrap().expect(200);

    // Who does not say that they are a browser gets no cookie.
    let body =
        json!({ "email": "admin@clustermaster.local", "password": running.hub.password().expose_secret() });
    let plain = browser.client.post("auth/login", &body).await.unwrap().expect(200);
    assert!(set_cookie(&plain).is_none() && plain.body["refresh_token"].is_string());
    let shown = browser.client.request(Method::POST, "auth/refresh").header("cookie", &parts[0]);
    let shown = shown.json(&json!({ "refresh_token": plain.body["refresh_token"] }));
    let plain = browser.client.send(shown).await.unwrap().expect(200);
    assert!(set_cookie(&plain).is_none() && plain.body["refresh_token"].is_string());
    browser.refresh(&parts[0], &[]).await.expect(200);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_a_stolen_cookie_still_found_out() {
    let running = Running::start().await;
    let (browser, _) = Browser::sign_in(&running, &[]).await;
    let next = |answer: &Answer| set_cookie(answer).unwrap().remove(0);
    let lost = next(&browser.refresh(&browser.cookie, &[]).await.expect(200));
    let again = browser.refresh(&browser.cookie, &[]).await.expect(200);
    browser.client.with_token(&text(&again.body["access_token"])).get("me").await.unwrap().expect(200);
    let cookie = next(&again);
    assert!(cookie != lost && cookie != browser.cookie);
    let cookie = next(&browser.refresh(&cookie, &[]).await.expect(200));
    // Whoever has the lost answer had no right to it: the session ends, and the browser need not ask again.
    let reused = browser.refresh(&lost, &[]).await;
    problem(&reused, 401, "sign-in-refused");
    forgets(&reused);
    let ended = browser.refresh(&cookie, &[]).await;
    problem(&ended, 401, "sign-in-refused");
    forgets(&ended);
    for cookie in ["clustermaster_refresh=nonsense", &format!("clustermaster_refresh={}", "x".repeat(2000))] {
        let nonsense = browser.refresh(cookie, &[]).await;
        problem(&nonsense, 401, "sign-in-refused");
        forgets(&nonsense);
    }
    let admin = running.admin().await;
    let told = admin.get("audit-logs?event_type=user.sign_in_refused.v1").await.unwrap().expect(200);
    assert_eq!(told.body.as_array().unwrap().len(), 1, "{}", told.text);
    assert!(told.text.contains("refresh_token_reused"), "{}", told.text);
    for cookie in [&browser.cookie, &lost] {
        let token = cookie.split_once('=').unwrap().1;
        assert!(!running.hub.log().contains(token) && !told.text.contains(token));
    }
}

#[tokio::test]
async fn a_cookie_serves_once_when_its_answer_came() {
    let running = Running::start().await;
    let next = |answer: &Answer| set_cookie(answer).unwrap().remove(0);
    // What it was exchanged for was used.
    let (browser, _) = Browser::sign_in(&running, &[]).await;
    let second = next(&browser.refresh(&browser.cookie, &[]).await.expect(200));
    browser.refresh(&second, &[]).await.expect(200);
    problem(&browser.refresh(&browser.cookie, &[]).await, 401, "sign-in-refused");
    // It was not, but a minute has passed.
    let (browser, _) = Browser::sign_in(&running, &[]).await;
    let second = next(&browser.refresh(&browser.cookie, &[]).await.expect(200));
    let mut database = PgConnection::connect(running.database.url()).await.unwrap();
    let aged = "update vault.refresh_tokens set used_at = used_at - interval '61 seconds'";
    sqlx::query(aged).execute(&mut database).await.unwrap();
    problem(&browser.refresh(&browser.cookie, &[]).await, 401, "sign-in-refused");
    problem(&browser.refresh(&second, &[]).await, 401, "sign-in-refused");
    // It is shown in the body, as programs do.
    let (browser, _) = Browser::sign_in(&running, &[]).await;
    browser.refresh(&browser.cookie, &[]).await.expect(200);
    let body = json!({ "refresh_token": browser.cookie.split_once('=').unwrap().1 });
    problem(&browser.client.post("auth/refresh", &body).await.unwrap(), 401, "sign-in-refused");
    // It was exchanged in the body first: that was not the browser.
    let (browser, _) = Browser::sign_in(&running, &[]).await;
    let body = json!({ "refresh_token": browser.cookie.split_once('=').unwrap().1 });
    browser.client.post("auth/refresh", &body).await.unwrap().expect(200);
    problem(&browser.refresh(&browser.cookie, &[]).await, 401, "sign-in-refused");
    // A program's token does not become a browser's by being shown in a cookie.
    let program = running.admin().await;
    let token = text(&program.session["refresh_token"]);
    program.post("auth/refresh", &json!({ "refresh_token": token })).await.unwrap().expect(200);
    let cookie = format!("clustermaster_refresh={token}");
    problem(&browser.refresh(&cookie, &[]).await, 401, "sign-in-refused");
}

#[tokio::test]
async fn many_who_show_a_cookie_at_once_leave_one_that_goes_on() {
    let running = Running::start().await;
    let (browser, _) = Browser::sign_in(&running, &[]).await;
    let tries = (0..8).map(|_| browser.refresh(&browser.cookie, &[]));
    let answers = futures::future::join_all(tries).await;
    let cookies: Vec<_> =
        answers.into_iter().map(|answer| set_cookie(&answer.expect(200)).unwrap().remove(0)).collect();
    let mut database = PgConnection::connect(running.database.url()).await.unwrap();
    let unused: i64 = sqlx::query_scalar(
        "select count(*) from vault.refresh_tokens t join vault.sessions s on s.id = t.session_id \
         where s.browser and s.ended_at is null and t.used_at is null",
    )
    .fetch_one(&mut database)
    .await
    .unwrap();
    assert_eq!((cookies.len(), unused), (8, 1));
}

#[tokio::test]
async fn without_a_session_the_interface_is_told_so() {
    let running = Running::start().await;
    let (browser, _) = Browser::sign_in(&running, &[]).await;
    let twice = format!("{0}; {0}", browser.cookie);
    for cookie in ["", "theme=dark", "clustermaster_refresh=", &twice] {
        let answer = browser.refresh(cookie, &[]).await;
        problem(&answer, 401, "unauthenticated");
        assert_eq!(answer.body["errors"][0]["pointer"], "/refresh_token");
        assert!(set_cookie(&answer).is_none(), "{cookie}");
    }
    browser.refresh(&browser.cookie, &[]).await.expect(200);
}

#[tokio::test]
async fn another_site_can_neither_prolong_nor_end_it() {
    let running = Running::start().await;
    let (browser, answer) = Browser::sign_in(&running, &[]).await;
    for site in ["cross-site", "same-site"] {
        let refused = browser.refresh(&browser.cookie, &[("sec-fetch-site", site)]).await;
        problem(&refused, 401, "unauthenticated");
        assert_eq!(refused.body["errors"][0]["header"], "Sec-Fetch-Site");
        assert!(set_cookie(&refused).is_none());
    }
    // The cookie opens nothing: what is not about the session itself knows only the bearer token.
    for (method, path) in [
        (Method::GET, "me"),
        (Method::POST, "clusters"),
        (Method::DELETE, "users/user_01jd8kz3f6e5t9m2v7q4x1r0ab"),
        (Method::POST, "auth/logout"),
    ] {
        let request = browser.client.request(method, path).header("cookie", &browser.cookie).json(&json!({}));
        problem(&browser.client.send(request).await.unwrap(), 401, "unauthenticated");
    }
    // It is unspent, and the session lives.
    browser.client.with_token(&text(&answer.body["access_token"])).get("me").await.unwrap().expect(200);
    browser.refresh(&browser.cookie, &[("sec-fetch-site", "same-origin")]).await.expect(200);
}

#[tokio::test]
async fn a_logout_takes_the_cookie_back() {
    let running = Running::start().await;
    let (browser, answer) = Browser::sign_in(&running, &[]).await;
    let signed = browser.client.with_token(&text(&answer.body["access_token"]));
    let request = signed.request(Method::POST, "auth/logout").header("cookie", &browser.cookie);
    forgets(&signed.send(request).await.unwrap().expect(204));
    problem(&browser.refresh(&browser.cookie, &[]).await, 401, "sign-in-refused");
    problem(&signed.get("me").await.unwrap(), 401, "session-ended");
    let program = running.admin().await;
    assert!(set_cookie(&program.post("auth/logout", &Value::Null).await.unwrap().expect(204)).is_none());
}

#[tokio::test]
async fn behind_a_proxy_with_tls_the_cookie_is_for_tls_only() {
    let running = Running::with(&[
        ("CLUSTERMASTER_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("CLUSTERMASTER_PATH_PREFIX", "/hub"),
    ])
    .await;
    let client = running.hub.anonymous();
    let password = running.hub.password().expose_secret().to_owned();
    let body = json!({ "email": "admin@clustermaster.local", "password": password, "browser": true });
    for (headers, secure) in [
        (&[][..], false),
        (&[("x-forwarded-proto", "http")], false),
        (&[("x-forwarded-proto", "https")], true),
        (&[("forwarded", "proto=https")], false),
    ] {
        let mut request = client.request(Method::POST, "/hub/api/v1/auth/login").json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = set_cookie(&client.send(request).await.unwrap().expect(200)).unwrap();
        assert_eq!(parts[1], "Path=/hub/api/v1/auth");
        assert_eq!(parts.iter().any(|part| part == "Secure"), secure, "{headers:?}");
    }
    // A proxy that is not trusted is a client like any other.
    let alone = Running::start().await;
    let (browser, _) = Browser::sign_in(&alone, &[("x-forwarded-proto", "https")]).await;
    assert!(!browser.parts.iter().any(|part| part == "Secure"), "{:?}", browser.parts);
}

#[tokio::test]
async fn a_hub_that_speaks_tls_says_so_to_browsers() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let certificate = file("cert.pem", own.cert.pem());
    let key = file("key.pem", own.signing_key.serialize_pem());
    let running =
        Running::with(&[("CLUSTERMASTER_TLS_CERT", &certificate), ("CLUSTERMASTER_TLS_KEY", &key)]).await;
    let base = running.hub.base();
    assert!(base.starts_with("https://"), "{base}");
    let client = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    let password = running.hub.password();
    let body = json!({
        "email": "admin@clustermaster.local", "password": password.expose_secret(), "browser": true
    });
    let opened = client.post(format!("{base}/api/v1/auth/login")).json(&body).send().await.unwrap();
    let cookie = opened.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.split("; ").any(|part| part == "Secure"), "{cookie}");
    let page = client.get(base).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers().contains_key("strict-transport-security"));
}
