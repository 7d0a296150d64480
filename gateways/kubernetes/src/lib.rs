//! Kubernetes: reading kubeconfigs, and looking at clusters.

mod failure;
mod kubeconfig;
mod probe;
mod summary;

use async_trait::async_trait;
use hub_commands::ports::{ClusterGateway, ClusterProbe, Examined};
use hub_domain::cluster::Failure;
use secrecy::{SecretSlice, SecretString};

/// What the gateway allows.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether an API server may be on this machine. Usual on-premises; turn it off where tenants are strangers.
    pub allow_loopback: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { allow_loopback: true }
    }
}

/// The gateway to every cluster.
#[derive(Clone, Copy, Debug, Default)]
pub struct KubeGateway {
    settings: Settings,
}

impl KubeGateway {
    /// A gateway.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

#[async_trait]
impl ClusterGateway for KubeGateway {
    fn examine(&self, kubeconfig: &SecretString, context: Option<&str>) -> Result<Examined, (String, String)> {
        kubeconfig::examine(kubeconfig, context, self.settings)
    }

    fn probe(&self, kubeconfig: SecretSlice<u8>) -> Result<Box<dyn ClusterProbe>, Failure> {
        Ok(Box::new(probe::KubeProbe::new(&kubeconfig)?))
    }
}
