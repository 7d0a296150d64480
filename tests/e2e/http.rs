//! The API through the real binary: what it promises, and what it answers to whatever is sent.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accountability;
mod browser;
mod commands;
mod edge;
mod events;
mod exports;
mod finding;
mod front;
mod operations;
mod past;
mod queries;
mod sessions;
mod trials;
mod wrong_input;

use std::time::Duration;

use hub_kit::hub::program;
use hub_kit::{Answer, Client, Database, Hub, HubOptions, until};
use serde_json::{Value, json};

/// A secret that must never come out again.
const TOKEN: &str = "kubeconfig-token-that-nobody-may-see";
/// How long what happens by itself may take.
pub const SOON: Duration = Duration::from_secs(20);

/// A hub on a fresh database.
pub struct Running {
    pub hub: Hub,
    pub database: Database,
}

impl Running {
    async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With more variables of the environment. Clusters are looked at once: nothing changes by itself afterwards.
    pub async fn with(env: &[(&str, &str)]) -> Self {
        let database = Database::fresh().await;
        let mut env: Vec<_> =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        env.push(("CLUSTERMASTER_OBSERVE_SECONDS".into(), "3600".into()));
        let hub =
            Hub::start(HubOptions { database_url: Some(database.url().to_owned()), env }).await.unwrap();
        Self { hub, database }
    }

    /// The administrator of the default tenant.
    pub async fn admin(&self) -> Client {
        self.hub.admin().await.unwrap()
    }

    /// Runs a command beside the hub, as an operator does. Answers with what it printed, or with what it complained of.
    pub async fn tool(
        &self,
        command: &[&str],
        action: &[&str],
        env: &[(&str, &str)],
    ) -> Result<String, String> {
        let done = tokio::process::Command::new(program("clustermaster"))
            .args(command)
            .args(["--database-url", self.database.url(), "--data-dir"])
            .arg(self.hub.data_dir())
            .args(action)
            .envs(env.iter().copied())
            .output()
            .await
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
    }

    /// Makes another tenant and signs its administrator in.
    pub async fn other_tenant(&self) -> Client {
        let env = [("CLUSTERMASTER_ADMIN_PASSWORD", PASSWORD)];
        self.tool(&["tenant"], &["create", "other"], &env).await.unwrap();
        Client::sign_in_to(self.hub.base(), "other", "admin@clustermaster.local", PASSWORD).await.unwrap()
    }

    /// Registers a user and signs them in.
    pub async fn user(&self, admin: &Client, email: &str, role: &str) -> (String, Client) {
        let user =
            json!({ "email": email, "display_name": "Somebody", "roles": [role], "password": PASSWORD });
        let id = text(&admin.post("users", &user).await.unwrap().expect(201).body["id"]);
        (id, Client::sign_in(self.hub.base(), email, PASSWORD).await.unwrap())
    }
}

/// The password of whoever a test registers.
const PASSWORD: &str = "a-password-of-the-tests";

/// What imports a cluster of this name, at an address where nobody listens.
fn cluster(name: &str) -> Value {
    json!({
        "name": name, "provider": "on_premises", "region": "lab", "labels": { "env": "test" },
        "credentials": { "kubeconfig": kubeconfig() }
    })
}

fn kubeconfig() -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{ "name": "lab", "cluster": { "server": "https://127.0.0.1:1" } }],
        "users": [{ "name": "lab", "user": { "token": TOKEN } }],
        "contexts": [{ "name": "lab", "context": { "cluster": "lab", "user": "lab" } }]
    })
    .to_string()
}

/// Imports a cluster and waits until the hub has found that it does not answer: from here on it stands still.
pub async fn imported(client: &Client, name: &str) -> String {
    let answer = client.post("clusters", &cluster(name)).await.unwrap().expect(202);
    let id = text(&answer.body["id"]);
    settled(client, &id).await;
    id
}

async fn settled(client: &Client, id: &str) -> Answer {
    let path = format!("clusters/{id}");
    let failed = || async {
        let answer = client.get(&path).await.unwrap();
        (answer.body["status"] == "import_failed").then_some(answer)
    };
    until(SOON, failed).await.expect("the hub looks at the cluster")
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Whether an answer is the problem that is meant.
#[track_caller]
pub fn problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.body["code"].as_str()),
        (status, Some(code)),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.body["status"], status);
    assert_eq!(answer.body["type"], format!("/problems/{code}"));
    let trace = answer.body["trace_id"].as_str().unwrap_or_default();
    assert!(trace.len() == 32 && answer.header("traceparent").contains(trace), "{}", answer.text);
}
