//! One cluster, and one look at it.

use std::sync::Arc;

use async_trait::async_trait;
use hub_commands::ports::{ClusterProbe, Listener, NodeSample, Sample, Step, VolumeSample};
use hub_domain::cluster::{Failure, Issue, Observation};
use k8s_openapi::api::{apps, core};
use kube::{Client, Resource as _};
use secrecy::SecretSlice;
use tokio::sync::OnceCell;

use crate::Settings;
use crate::connect::{Access, SystemRoots};
use crate::failure::{failure, not_kubernetes};
use crate::objects;
use crate::summary::{self, Identity, Set};
use crate::transport::{Kind, Transport, Trouble};

/// UIDs are UUIDs; versions are short.
const SHORT: usize = 64;

/// A probe. Its client is made on the first look and keeps its connection until the probe goes.
pub(crate) struct KubeProbe {
    access: Access,
    client: OnceCell<Client>,
    settings: Settings,
}

impl KubeProbe {
    pub(crate) fn new(
        kubeconfig: &SecretSlice<u8>,
        settings: Settings,
        roots: &SystemRoots,
    ) -> Result<Self, Failure> {
        Ok(Self { access: Access::read(kubeconfig, settings, roots)?, client: OnceCell::new(), settings })
    }

    async fn round(&self, client: &Client, listener: &Listener) -> Result<(Observation, Sample), Failure> {
        let transport = Transport::new(client, self.settings);
        let identity = Self::identity(&transport, listener).await?;
        listener(Step::Known(identity.version.clone()));
        let (nodes, sets, claims) = tokio::try_join!(
            transport.list::<Nodes>(),
            transport.list::<Sets>(),
            transport.list::<Claims>()
        )?;
        Ok(summary::summarise(identity, nodes, sets, claims))
    }

    /// Who answers. Asked first, and one by one: it opens the connection that everything else then shares.
    async fn identity(transport: &Transport<'_>, listener: &Listener) -> Result<Identity, Failure> {
        let version = match transport.get::<objects::Version>("version", "/version").await {
            Ok(version) => Some(version.git_version),
            Err(Trouble::Status(http::StatusCode::FORBIDDEN)) => None,
            Err(trouble) => return Err(trouble.into()),
        };
        listener(Step::LetIn);
        let path = "/api/v1/namespaces/kube-system";
        let system = match transport.get::<objects::Namespace>("namespaces", path).await {
            Err(Trouble::Status(http::StatusCode::FORBIDDEN)) => {
                let message = "the credentials must be allowed to get the namespace kube-system, whose UID tells which cluster it is";
                return Err(failure("permission-missing", message));
            }
            other => other?,
        };
        let uid = system.metadata.uid;
        if !is_short(&uid) || !version.as_deref().is_none_or(is_short) {
            return Err(not_kubernetes());
        }
        Ok(Identity { uid, version })
    }
}

/// What goes into the ledger as the cluster says it.
fn is_short(text: &str) -> bool {
    !text.is_empty() && text.len() <= SHORT && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[async_trait]
impl ClusterProbe for KubeProbe {
    async fn look(&self) -> Result<(Observation, Sample), Failure> {
        let silent: Listener = Arc::new(|_| ());
        let client = self.client.get_or_try_init(|| async { self.access.client(&silent) }).await?;
        self.round(client, &silent).await
    }

    async fn walk(&self, listener: Listener) -> Result<(Observation, Sample), Failure> {
        let client = self.access.client(&listener)?;
        listener(Step::Read);
        if self.access.is_literal() {
            listener(Step::Resolved);
        }
        self.round(&client, &listener).await
    }
}

struct Nodes;

impl Kind for Nodes {
    type Object = objects::Node;
    type Kept = NodeSample;
    const RESOURCE: &'static str = "nodes";
    fn path() -> String {
        core::v1::Node::url_path(&(), None)
    }
    fn keep(object: Self::Object, issues: &mut Vec<Issue>) -> NodeSample {
        summary::node(object, issues)
    }
}

struct Sets;

impl Kind for Sets {
    type Object = objects::StatefulSet;
    type Kept = Set;
    const RESOURCE: &'static str = "statefulsets";
    fn path() -> String {
        apps::v1::StatefulSet::url_path(&(), None)
    }
    fn keep(object: Self::Object, issues: &mut Vec<Issue>) -> Set {
        summary::set(object, issues)
    }
}

struct Claims;

impl Kind for Claims {
    type Object = objects::Claim;
    type Kept = VolumeSample;
    const RESOURCE: &'static str = "persistentvolumeclaims";
    fn path() -> String {
        core::v1::PersistentVolumeClaim::url_path(&(), None)
    }
    fn keep(object: Self::Object, issues: &mut Vec<Issue>) -> VolumeSample {
        summary::claim(object, issues)
    }
}

#[cfg(test)]
mod tests;
