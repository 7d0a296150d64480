//! A real Kubernetes control plane: etcd and kube-apiserver from `KUBEBUILDER_ASSETS`, as envtest runs them.
//!
//! There is no kubelet: what a node or a pod says of itself is what a test writes into its status.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use rustix::process::{Pid, WaitOptions, waitpid};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{ids, until};

/// How to get what is missing.
pub const INSTALL: &str = "apt-get install etcd-server, and set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd (setup-envtest)";

/// The folder of the programs, when they are there.
pub fn assets() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("KUBEBUILDER_ASSETS")?);
    (folder.join("kube-apiserver").exists() && folder.join("etcd").exists()).then_some(folder)
}

/// Whether a test that needs a control plane can run. Says what is missing; fails where skips are forbidden.
pub fn available() -> bool {
    if assets().is_some() {
        return true;
    }
    assert!(std::env::var_os("CLUSTERMASTER_FORBID_SKIPS").is_none(), "no Kubernetes here: {INSTALL}");
    eprintln!("SKIP: no Kubernetes here: {INSTALL}");
    false
}

/// A running control plane. Dropping it kills both programs and waits for their end: only then may their folder go.
#[derive(Debug)]
pub struct ControlPlane {
    assets: PathBuf,
    folder: TempDir,
    etcd: Child,
    etcd_url: String,
    apiserver: Option<Child>,
    port: u16,
    tokens: Vec<(String, &'static str, &'static str)>,
    http: reqwest::Client,
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        for child in self.apiserver.iter_mut().chain([&mut self.etcd]) {
            let pid = child.id().and_then(|pid| Pid::from_raw(pid as i32));
            if child.start_kill().is_ok() && pid.is_some() {
                // Reaped by the runtime, perhaps, which is as good.
                let _ = waitpid(pid, WaitOptions::empty());
            }
        }
    }
}

pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl ControlPlane {
    /// Starts one: about 5 s, 350 MB.
    pub async fn start() -> anyhow::Result<Self> {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let assets = assets().context(INSTALL)?;
        let folder = tempfile::tempdir()?;
        let (client, peer) = (free_port()?, free_port()?);
        let etcd_url = format!("http://127.0.0.1:{client}");
        let peer_url = format!("http://127.0.0.1:{peer}");
        let etcd = Command::new(assets.join("etcd"))
            .arg("--data-dir")
            .arg(folder.path().join("etcd"))
            .args([
                "--unsafe-no-fsync",
                "--listen-client-urls",
                &etcd_url,
                "--advertise-client-urls",
                &etcd_url,
            ])
            .args(["--listen-peer-urls", &peer_url, "--initial-advertise-peer-urls", &peer_url])
            .args(["--initial-cluster", &format!("default={peer_url}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("etcd.log"))?)
            .kill_on_drop(true)
            .spawn()
            .context("etcd")?;
        let key = Command::new("openssl")
            .args(["genrsa", "-out"])
            .arg(folder.path().join("service-account.key"))
            .arg("2048")
            .output()
            .await
            .context("openssl")?;
        ensure!(key.status.success(), "openssl: {}", String::from_utf8_lossy(&key.stderr));
        // Its own authority; the API server reads user and group from its subject.
        let certificate = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
            ])
            .args(["-subj", "/O=system:masters/CN=certified", "-keyout"])
            .arg(folder.path().join("client.key"))
            .arg("-out")
            .arg(folder.path().join("client.crt"))
            .output()
            .await
            .context("openssl")?;
        ensure!(certificate.status.success(), "openssl: {}", String::from_utf8_lossy(&certificate.stderr));
        let token = |name| {
            (
                format!("kit-{}", ids::uuid().simple()),
                name,
                if name == "admin" { "system:masters" } else { "" },
            )
        };
        let tokens = vec![token("admin"), token("limited")];
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build()?;
        let port = free_port()?;
        let mut plane = Self { assets, folder, etcd, etcd_url, apiserver: None, port, tokens, http };
        plane.start_apiserver().await?;
        Ok(plane)
    }

    /// Starts the API server (again) on the same port and data.
    pub async fn start_apiserver(&mut self) -> anyhow::Result<()> {
        let lines: String = self
            .tokens
            .iter()
            .map(|(token, name, group)| {
                if group.is_empty() {
                    format!("{token},{name},{name}\n")
                } else {
                    format!("{token},{name},{name},\"{group}\"\n")
                }
            })
            .collect();
        std::fs::write(self.path("tokens.csv"), lines)?;
        let key = self.path("service-account.key").display().to_string();
        let child = Command::new(self.assets.join("kube-apiserver"))
            .args(["--etcd-servers", &self.etcd_url, "--bind-address", "127.0.0.1"])
            .arg("--cert-dir")
            .arg(self.path("certificates"))
            .args(["--secure-port", &self.port.to_string(), "--service-cluster-ip-range", "10.0.0.0/24"])
            .arg("--token-auth-file")
            .arg(self.path("tokens.csv"))
            .arg("--client-ca-file")
            .arg(self.path("client.crt"))
            .args(["--authorization-mode", "RBAC", "--disable-admission-plugins", "ServiceAccount"])
            .args(["--service-account-key-file", &key, "--service-account-signing-key-file", &key])
            .args(["--service-account-issuer", "https://kubernetes.default.svc"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.path("apiserver.log"))?)
            .kill_on_drop(true)
            .spawn()
            .context("kube-apiserver")?;
        self.apiserver = Some(child);
        let ready = until(Duration::from_mins(1), || async {
            let admin = self
                .api(Method::GET, "/readyz", None)
                .await
                .is_ok_and(|(status, _)| status == StatusCode::OK);
            let mut namespaces = true;
            for name in ["kube-system", "default"] {
                let found = self.api(Method::GET, &format!("/api/v1/namespaces/{name}"), None).await;
                namespaces &= found.is_ok_and(|(status, _)| status == StatusCode::OK);
            }
            (admin && namespaces).then_some(())
        });
        ready.await.with_context(|| {
            let log = std::fs::read_to_string(self.path("apiserver.log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(10).collect();
            format!("the API server does not come up: {}", tail.join("\n"))
        })
    }

    /// Kills the API server, as a crash would.
    pub async fn kill_apiserver(&mut self) {
        if let Some(mut child) = self.apiserver.take() {
            child.kill().await.ok();
        }
    }

    /// Makes every token that was given out worthless; `kubeconfig` answers with the new ones.
    pub async fn revoke_tokens(&mut self) -> anyhow::Result<()> {
        self.kill_apiserver().await;
        for (token, _, _) in &mut self.tokens {
            *token = format!("kit-{}", ids::uuid().simple());
        }
        self.start_apiserver().await
    }

    /// The API server's address.
    pub fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// A kubeconfig of the cluster's administrator, with a token and the CA's data inline.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_of("admin")
    }

    /// A kubeconfig of a user whom RBAC allows nothing.
    pub fn limited_kubeconfig(&self) -> String {
        self.kubeconfig_of("limited")
    }

    /// A kubeconfig of an administrator with a client certificate.
    pub fn certificate_kubeconfig(&self) -> String {
        let read = |name| STANDARD.encode(std::fs::read(self.path(name)).unwrap_or_default());
        let user =
            json!({ "client-certificate-data": read("client.crt"), "client-key-data": read("client.key") });
        self.kubeconfig_with("certified", &user)
    }

    fn kubeconfig_of(&self, user: &str) -> String {
        let token = self.tokens.iter().find(|(_, name, _)| *name == user).map_or("", |(token, _, _)| token);
        self.kubeconfig_with(user, &json!({ "token": token }))
    }

    fn kubeconfig_with(&self, user: &str, credentials: &Value) -> String {
        let certificate = std::fs::read(self.path("certificates/apiserver.crt")).unwrap_or_default();
        // JSON is YAML.
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "kit",
            "clusters": [{ "name": "kit", "cluster": {
                "server": self.server(), "certificate-authority-data": STANDARD.encode(certificate) } }],
            "users": [{ "name": user, "user": credentials }],
            "contexts": [{ "name": "kit", "context": { "cluster": "kit", "user": user } }],
        })
        .to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    /// Asks the API server as its administrator. Strategic merge for PATCH.
    pub async fn api(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let (token, _, _) = &self.tokens[0];
        let merge = method == Method::PATCH;
        let mut request = self.http.request(method, format!("{}{path}", self.server())).bearer_auth(token);
        if let Some(body) = body {
            let kind = if merge { "application/merge-patch+json" } else { "application/json" };
            request = request.header("Content-Type", kind).body(body.to_string());
        }
        let response = request.send().await?;
        Ok((response.status(), response.json().await.unwrap_or(Value::Null)))
    }

    async fn made(&self, path: &str, object: &Value) -> anyhow::Result<()> {
        let (status, answer) = self.api(Method::POST, path, Some(object)).await?;
        ensure!(status == StatusCode::CREATED, "{path}: {status} {answer}");
        Ok(())
    }

    /// Adds a node.
    pub async fn add_node(&self, name: &str, ready: bool) -> anyhow::Result<()> {
        self.made(
            "/api/v1/nodes",
            &json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name } }),
        )
        .await?;
        self.set_node_ready(name, ready).await
    }

    /// Sets a node's condition `Ready`.
    pub async fn set_node_ready(&self, name: &str, ready: bool) -> anyhow::Result<()> {
        let status = json!({ "status": {
            "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "False" }, "reason": "Kit", "message": "set by a test" }],
            "allocatable": { "cpu": "2", "memory": "4Gi" },
            "nodeInfo": { "kubeletVersion": "v1.20.2" } } });
        let (code, answer) =
            self.api(Method::PATCH, &format!("/api/v1/nodes/{name}/status"), Some(&status)).await?;
        ensure!(code == StatusCode::OK, "node status: {code} {answer}");
        Ok(())
    }

    /// Adds a StatefulSet of which `ready` of `replicas` replicas are ready, each with a volume claim `data`.
    pub async fn add_statefulset(
        &self,
        namespace: &str,
        name: &str,
        replicas: u32,
        ready: u32,
    ) -> anyhow::Result<()> {
        let labels = json!({ "app": name });
        let path = format!("/apis/apps/v1/namespaces/{namespace}/statefulsets");
        let object = json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": name, "labels": labels },
            "spec": { "serviceName": name, "replicas": replicas, "selector": { "matchLabels": labels },
                "volumeClaimTemplates": [{ "metadata": { "name": "data" },
                    "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } }],
                "template": { "metadata": { "labels": labels },
                    "spec": { "containers": [{ "name": "main", "image": "registry.example/db:1" }] } } } });
        self.made(&path, &object).await?;
        self.set_statefulset_ready(namespace, name, replicas, ready).await
    }

    /// Sets how many replicas of a StatefulSet are ready.
    pub async fn set_statefulset_ready(
        &self,
        namespace: &str,
        name: &str,
        replicas: u32,
        ready: u32,
    ) -> anyhow::Result<()> {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}/status");
        let status = json!({ "status": { "observedGeneration": 1, "replicas": replicas, "readyReplicas": ready,
            "currentReplicas": replicas, "updatedReplicas": replicas } });
        let (code, answer) = self.api(Method::PATCH, &path, Some(&status)).await?;
        ensure!(code == StatusCode::OK, "StatefulSet status: {code} {answer}");
        Ok(())
    }

    /// Adds a persistent volume claim in a phase.
    pub async fn add_claim(&self, namespace: &str, name: &str, phase: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims");
        let object = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name },
            "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } });
        self.made(&path, &object).await?;
        let status = json!({ "status": { "phase": phase, "capacity": { "storage": "1Gi" } } });
        let (code, answer) = self.api(Method::PATCH, &format!("{path}/{name}/status"), Some(&status)).await?;
        ensure!(code == StatusCode::OK, "claim status: {code} {answer}");
        Ok(())
    }
}
