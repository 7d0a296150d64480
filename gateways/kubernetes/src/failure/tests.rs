//! Each failure, from what really happens: closed ports, foreign certificates, servers that are something else.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::http::StatusCode;
use hub_commands::ports::{ClusterProbe as _, Stage};
use rcgen::date_time_ymd;
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::stage as stage_of;
use crate::Settings;
use crate::testing::{Server, TOKEN, identity, kubeconfig_for, plain, probe, status};

async fn code_at(server: &str, settings: Settings) -> String {
    let failure = probe(&kubeconfig_for(server, None), settings).look().await.expect_err("it cannot answer");
    assert!(!failure.message.contains(TOKEN), "{}", failure.message);
    failure.code
}

/// Something that says one thing to whoever speaks to it, or nothing for ever.
async fn babbling(words: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut open = vec![];
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.read_u8().await.ok();
            stream.write_all(words).await.ok();
            open.push(stream);
        }
    });
    address
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    assert_eq!(code_at(&format!("https://{address}"), Settings::default()).await, "connection-refused");
}

#[tokio::test]
async fn a_name_that_is_nobodys_is_not_resolved() {
    // RFC 6761: this name never resolves.
    assert_eq!(code_at("https://nobody.invalid:6443", Settings::default()).await, "name-not-resolved");
}

#[tokio::test]
async fn a_name_that_leads_to_the_hub_itself_is_refused_where_the_hub_is_closed() {
    let closed = Settings { allow_loopback: false, ..Settings::default() };
    let config = SecretString::from(kubeconfig_for("https://localhost:1", None).to_string());
    let (pointer, _) = crate::kubeconfig::examine(&config, None, closed).unwrap_err();
    assert_eq!(pointer, "/clusters/0/cluster/server");
    assert_eq!(code_at("https://localhost:1", Settings::default()).await, "connection-refused");
}

#[tokio::test]
async fn what_speaks_no_tls_is_told() {
    let address = babbling(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(code_at(&format!("https://{address}"), Settings::default()).await, "tls-failed");
}

#[tokio::test]
async fn what_speaks_no_http_is_not_kubernetes() {
    let address = babbling(b"220 mail.example ESMTP\r\n").await;
    assert_eq!(code_at(&format!("http://{address}"), plain()).await, "not-kubernetes");
}

#[tokio::test]
async fn silence_has_an_end() {
    let silent = babbling(b"").await;
    let half = babbling(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await;
    let settings = Settings { patience: Duration::from_millis(50), ..plain() };
    for address in [format!("https://{silent}"), format!("http://{silent}"), format!("http://{half}")] {
        assert_eq!(code_at(&address, settings).await, "deadline-exceeded", "{address}");
    }
}

#[tokio::test]
async fn certificates_are_verified() {
    let (right, foreign) = (identity(|_| ()), identity(|_| ()));
    let server = Server::tls(&right).await;
    let at = format!("https://{}", server.address);
    let look = async |config| probe(&config, Settings::default()).look().await;

    look(kubeconfig_for(&at, Some(&right.certificate))).await.expect("the right authority");
    let untrusted =
        look(kubeconfig_for(&at, Some(&foreign.certificate))).await.expect_err("a foreign authority");
    assert_eq!(untrusted.code, "certificate-invalid");
    let without = look(kubeconfig_for(&at, None)).await.expect_err("nobody knows it");
    assert_eq!(without.code, "certificate-invalid", "{}", without.message);

    let mut named = kubeconfig_for(&at, Some(&right.certificate));
    named["clusters"][0]["cluster"]["tls-server-name"] = "another.example".into();
    let failure = look(named).await.expect_err("another name");
    assert_eq!(
        (failure.code.as_str(), failure.message.contains("another name")),
        ("certificate-invalid", true)
    );
}

#[tokio::test]
async fn an_expired_certificate_is_told() {
    let expired = identity(|params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    });
    let server = Server::tls(&expired).await;
    assert_eq!(server.probe().look().await.expect_err("it has expired").code, "certificate-expired");
}

#[tokio::test]
async fn verification_is_skipped_only_where_the_settings_say_so() {
    let server = Server::tls(&identity(|_| ())).await;
    let mut config = kubeconfig_for(&format!("https://{}", server.address), None);
    config["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = true.into();
    let lax = Settings { allow_insecure_tls: true, ..Settings::default() };
    probe(&config, lax).look().await.expect("it is not verified");
}

#[tokio::test]
async fn answers_other_than_success_are_told_apart() {
    let server = Server::plain();
    let cases = [
        (StatusCode::UNAUTHORIZED, status(401), "unauthorized"),
        (StatusCode::NOT_FOUND, "404 page not found".into(), "not-kubernetes"),
        (StatusCode::FOUND, String::new(), "not-kubernetes"),
        (StatusCode::TOO_MANY_REQUESTS, status(429), "server-busy"),
        (StatusCode::SERVICE_UNAVAILABLE, status(503), "server-error"),
        (StatusCode::OK, "<html>welcome</html>".into(), "not-kubernetes"),
        (StatusCode::OK, "x".repeat(2 << 20), "not-kubernetes"),
        (StatusCode::OK, json!({ "gitVersion": "v1.33.2 and a story" }).to_string(), "not-kubernetes"),
    ];
    for (status, body, code) in cases {
        server.say("/version", status, &body);
        let failure = server.probe().look().await.expect_err("it cannot answer");
        assert_eq!((failure.code.as_str(), failure.message.contains(TOKEN)), (code, false), "{status}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized() {
    let server = Server::plain();
    let mut config = server.kubeconfig();
    config["users"][0]["user"]["token"] = "another".into();
    assert_eq!(probe(&config, plain()).look().await.expect_err("it is not let in").code, "unauthorized");
}

#[test]
fn each_failure_ends_at_its_stage() {
    for (code, stage) in [
        ("credentials-unusable", Stage::Kubeconfig),
        ("address-refused", Stage::Address),
        ("name-not-resolved", Stage::Address),
        ("connection-refused", Stage::Reach),
        ("network-unreachable", Stage::Reach),
        ("deadline-exceeded", Stage::Reach),
        ("connection-lost", Stage::Reach),
        ("no-certificate-authority", Stage::Tls),
        ("certificate-invalid", Stage::Tls),
        ("certificate-expired", Stage::Tls),
        ("tls-failed", Stage::Tls),
        ("unauthorized", Stage::SignIn),
        ("not-kubernetes", Stage::Version),
        ("server-error", Stage::Version),
        ("server-busy", Stage::Version),
        ("permission-missing", Stage::Permissions),
        ("forbidden", Stage::Permissions),
    ] {
        assert_eq!(stage_of(code), stage, "{code}");
    }
}
