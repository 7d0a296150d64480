//! What the tests of this crate share: a stand-in for an API server, and kubeconfigs for it. The real one is met in
//! `tests/e2e/kubernetes.rs`.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::{Value, json};

use crate::connect::SystemRoots;
use crate::probe::KubeProbe;
use crate::{Settings, kubeconfig};

pub(crate) const TOKEN: &str = "token-that-nobody-may-see";

/// A certificate and its key, in PEM.
pub(crate) struct Identity {
    pub certificate: String,
    pub key: String,
}

/// A self-signed certificate for 127.0.0.1.
pub(crate) fn identity(change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new(vec!["127.0.0.1".into()]).expect("a name");
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    Identity { certificate: certificate.pem(), key: key.serialize_pem() }
}

type Answers = Arc<Mutex<HashMap<String, Vec<(StatusCode, String)>>>>;

/// A server that answers by path. Stops when it is dropped.
pub(crate) struct Server {
    pub address: SocketAddr,
    pub authority: Option<String>,
    answers: Answers,
    handle: Handle<SocketAddr>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

impl Server {
    /// Over TLS, with HTTP/2 and HTTP/1.
    pub(crate) async fn tls(identity: &Identity) -> Self {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let (certificate, key) =
            (identity.certificate.clone().into_bytes(), identity.key.clone().into_bytes());
        let config = RustlsConfig::from_pem(certificate, key).await.expect("an identity");
        Self::start(Some(config), Some(identity.certificate.clone()))
    }

    /// In the clear.
    pub(crate) fn plain() -> Self {
        Self::start(None, None)
    }

    fn start(tls: Option<RustlsConfig>, authority: Option<String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a socket");
        let (answers, asked) = (Answers::default(), Arc::new(Mutex::new(Vec::new())));
        let (handle, table, log) = (Handle::new(), Arc::clone(&answers), Arc::clone(&asked));
        let answer = move |request: Request| {
            let (path, whole) = (request.uri().path().to_owned(), request.uri().to_string());
            let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
            let known = token == Some(&format!("Bearer {TOKEN}"));
            log.lock().expect("the log").push(whole.trim_start_matches("https://").to_owned());
            let mut table = table.lock().expect("the table");
            let found = match table.get_mut(&path) {
                Some(found) if known && found.len() > 1 => found.remove(0),
                Some(found) if known => found[0].clone(),
                None if known => (StatusCode::NOT_FOUND, status(404)),
                _ => (StatusCode::UNAUTHORIZED, status(401)),
            };
            async move { found }
        };
        let service = Router::new().fallback(answer).into_make_service();
        let with = handle.clone();
        if let Some(config) = tls {
            let server = axum_server::from_tcp_rustls(listener, config).expect("a listener").handle(with);
            tokio::spawn(server.serve(service));
        } else {
            let server = axum_server::from_tcp(listener).expect("a listener").handle(with);
            tokio::spawn(server.serve(service));
        }
        let server = Self { address, authority, answers, handle, asked };
        server.set("/version", &json!({ "gitVersion": "v1.33.2" }));
        server.set(
            "/api/v1/namespaces/kube-system",
            &json!({ "metadata": { "name": "kube-system", "uid": "u-1" } }),
        );
        for path in ["/api/v1/nodes", "/apis/apps/v1/statefulsets", "/api/v1/persistentvolumeclaims"] {
            server.set(path, &list(&[], ""));
        }
        server
    }

    /// What a path answers from now on.
    pub(crate) fn set(&self, path: &str, answer: &Value) {
        self.say(path, StatusCode::OK, &answer.to_string());
    }

    /// The same, with a status and any text.
    pub(crate) fn say(&self, path: &str, status: StatusCode, text: &str) {
        self.then(path, vec![(status, text.to_owned())]);
    }

    /// Answers in turn; the last one stays.
    pub(crate) fn then(&self, path: &str, answers: Vec<(StatusCode, String)>) {
        self.answers.lock().expect("the table").insert(path.to_owned(), answers);
    }

    /// What was asked for, with queries.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the log").clone()
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> usize {
        self.handle.connection_count()
    }

    /// A kubeconfig for it, as a user hands it in.
    pub(crate) fn kubeconfig(&self) -> Value {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        kubeconfig_for(&format!("{scheme}://{}", self.address), self.authority.as_deref())
    }

    /// A probe with a token.
    pub(crate) fn probe(&self) -> KubeProbe {
        probe(&self.kubeconfig(), plain())
    }
}

/// Settings under which a server may speak in the clear.
pub(crate) fn plain() -> Settings {
    Settings { allow_plaintext: true, ..Settings::default() }
}

pub(crate) fn kubeconfig_for(server: &str, authority: Option<&str>) -> Value {
    let mut cluster = json!({ "server": server });
    if let Some(authority) = authority {
        cluster["certificate-authority-data"] = STANDARD.encode(authority).into();
    }
    json!({
        "current-context": "one",
        "clusters": [{ "name": "c", "cluster": cluster }],
        "users": [{ "name": "u", "user": { "token": TOKEN } }],
        "contexts": [{ "name": "one", "context": { "cluster": "c", "user": "u" } }],
    })
}

/// The way of every kubeconfig: examined, kept, read again.
pub(crate) fn probe(config: &Value, settings: Settings) -> KubeProbe {
    let examined =
        kubeconfig::examine(&SecretString::from(config.to_string()), None, settings).expect("it is accepted");
    let kept = SecretSlice::from(examined.kubeconfig.expose_secret().to_vec());
    KubeProbe::new(&kept, settings, &SystemRoots::default()).expect("a probe")
}

/// A page of a list.
pub(crate) fn list(items: &[Value], next: &str) -> Value {
    json!({ "kind": "List", "apiVersion": "v1", "metadata": { "continue": next }, "items": items })
}

/// What Kubernetes says with an error.
pub(crate) fn status(code: u16) -> String {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": TOKEN })
        .to_string()
}
