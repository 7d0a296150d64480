//! Kubernetes: reading kubeconfigs, and looking at clusters.
//!
//! ```text
//! kubeconfig   what users hand in -> one context, data inline, or the member and the rule it broke
//! probe        one cluster: who answers, then three lists at once over one connection
//!   connect    the client: TLS, credentials, which addresses may be spoken to
//!   transport  one request: bounded in time and memory
//!   items      a list taken apart while it arrives
//!   objects    the members of Kubernetes' objects that are read
//!   summary    from objects to an observation and a sample; pure
//! failure      what went wrong, in stable codes
//! ```

mod address;
mod connect;
mod failure;
mod items;
mod kubeconfig;
mod objects;
mod probe;
mod summary;
pub mod telemetry;
#[cfg(test)]
mod testing;
mod transport;

use std::time::Duration;

use async_trait::async_trait;
use hub_commands::ports::{ClusterGateway, ClusterProbe, Examined, Stage};
use hub_domain::cluster::Failure;
use secrecy::{SecretSlice, SecretString};

use crate::connect::SystemRoots;
use crate::probe::KubeProbe;

/// What the gateway allows.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether an API server may be on the hub's own machine. On, because that is usual on-premises; turn it off where
    /// tenants are strangers, who could reach through it what listens only for this machine.
    pub allow_loopback: bool,
    /// Whether an API server may be spoken to without TLS. The token then travels in the clear.
    pub allow_plaintext: bool,
    /// Whether a kubeconfig may ask that the API server's certificate is not verified.
    pub allow_insecure_tls: bool,
    /// How long the API server may be silent: before the head of an answer, and between two parts of its body.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow_loopback: true,
            allow_plaintext: false,
            allow_insecure_tls: false,
            patience: Duration::from_secs(8),
        }
    }
}

/// The gateway to every cluster. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct KubeGateway {
    settings: Settings,
    roots: SystemRoots,
}

impl KubeGateway {
    /// A gateway.
    pub fn new(settings: Settings) -> Self {
        Self { settings, roots: SystemRoots::default() }
    }
}

#[async_trait]
impl ClusterGateway for KubeGateway {
    fn examine(
        &self,
        kubeconfig: &SecretString,
        context: Option<&str>,
    ) -> Result<Examined, (String, String)> {
        kubeconfig::examine(kubeconfig, context, self.settings)
    }

    fn probe(&self, kubeconfig: SecretSlice<u8>) -> Result<Box<dyn ClusterProbe>, Failure> {
        Ok(Box::new(KubeProbe::new(&kubeconfig, self.settings, &self.roots)?))
    }

    fn stage(&self, failure: &Failure) -> Stage {
        failure::stage(&failure.code)
    }
}
