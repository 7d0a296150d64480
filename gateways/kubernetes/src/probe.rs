//! One cluster: a client that keeps its connection, and one look.

use std::time::Duration;

use async_trait::async_trait;
use hub_commands::ports::{ClusterProbe, Sample};
use hub_domain::cluster::{Facts, Failure, Issue, Observation};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Namespace, Node, PersistentVolumeClaim};
use kube::api::{Api, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::failure::{failure, of};
use crate::summary;

/// Objects asked for at a time.
const PAGE: u32 = 500;
/// Objects of a kind that are looked at; what comes behind is counted as an issue, not read.
const MOST: usize = 20_000;
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(10);

/// A probe. The client is made on the first look, so that 1,000 resting probes cost next to nothing.
pub(crate) struct KubeProbe {
    kubeconfig: Kubeconfig,
    client: OnceCell<Client>,
}

/// What a list came to.
enum Listed<T> {
    Items(Vec<T>),
    /// The API does not exist on this cluster.
    Absent,
    /// The credentials may not list it.
    Forbidden,
}

impl KubeProbe {
    pub fn new(kubeconfig: &SecretSlice<u8>) -> Result<Self, Failure> {
        let kubeconfig = serde_json::from_slice(kubeconfig.expose_secret())
            .map_err(|_| failure("credentials-unreadable", "the stored credentials are not a kubeconfig"))?;
        Ok(Self { kubeconfig, client: OnceCell::new() })
    }

    async fn client(&self) -> Result<&Client, Failure> {
        self.client
            .get_or_try_init(|| async {
                let unusable = |_| failure("credentials-unusable", "the stored credentials cannot be used");
                let options = KubeConfigOptions::default();
                let mut config = Config::from_custom_kubeconfig(self.kubeconfig.clone(), &options).await.map_err(unusable)?;
                config.connect_timeout = Some(CONNECT);
                config.read_timeout = Some(READ);
                config.write_timeout = Some(READ);
                Client::try_from(config)
                    .map_err(|_| failure("credentials-unusable", "the stored certificates cannot be used"))
            })
            .await
    }
}

#[async_trait]
impl ClusterProbe for KubeProbe {
    async fn look(&self) -> Result<(Observation, Sample), Failure> {
        let client = self.client().await?;
        // First who answers: everything else costs more.
        let version = client.apiserver_version().await.map_err(|error| of(&error))?;
        let system = Api::<Namespace>::all(client.clone()).get("kube-system").await.map_err(|error| match of(&error) {
            denied if denied.code == "forbidden" => {
                failure("permission-missing", "the credentials may not get the namespace kube-system, which identifies a cluster")
            }
            other => other,
        })?;
        let (nodes, workloads, volumes) = tokio::try_join!(
            list::<Node>(client),
            list::<StatefulSet>(client),
            list::<PersistentVolumeClaim>(client),
        )?;
        let mut issues = Vec::new();
        let nodes = summary::nodes(&take("nodes", nodes, &mut issues), &mut issues);
        let workloads = summary::workloads(&take("statefulsets", workloads, &mut issues), &mut issues);
        let volumes = summary::volumes(&take("persistentvolumeclaims", volumes, &mut issues), &workloads, &mut issues);
        let facts = Facts {
            uid: system.metadata.uid.unwrap_or_default(),
            version: version.git_version,
            nodes: summary::count(&nodes),
        };
        let observation = Observation { facts, issues: summary::bounded(issues) };
        Ok((observation, Sample { nodes, workloads, volumes }))
    }
}

/// The objects that could be listed; that they could not is an issue of its own.
fn take<T>(resource: &str, listed: Listed<T>, issues: &mut Vec<Issue>) -> Vec<T> {
    match listed {
        Listed::Items(items) => {
            if items.len() >= MOST {
                let message = format!("only the first {MOST} are looked at");
                issues.push(Issue { code: "too-many-objects".into(), object: resource.into(), message });
            }
            items
        }
        Listed::Absent => vec![],
        Listed::Forbidden => {
            let message = format!("the credentials may not list {resource}");
            issues.push(Issue { code: "permission-missing".into(), object: resource.into(), message });
            vec![]
        }
    }
}

async fn list<K>(client: &Client) -> Result<Listed<K>, Failure>
where
    K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
{
    let api = Api::<K>::all(client.clone());
    let mut items = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = match api.list(&params).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == 403 => return Ok(Listed::Forbidden),
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Listed::Absent),
            // The list's snapshot has expired between two pages: what was read is as good as the next attempt's.
            Err(kube::Error::Api(status)) if status.code == 410 => return Ok(Listed::Items(items)),
            Err(error) => return Err(of(&error)),
        };
        items.extend(page.items);
        match page.metadata.continue_ {
            Some(next) if !next.is_empty() && items.len() < MOST => params = params.continue_token(&next),
            _ => return Ok(Listed::Items(items)),
        }
    }
}

#[cfg(test)]
mod tests;
