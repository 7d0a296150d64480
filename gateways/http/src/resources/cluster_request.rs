//! Clusters, as users ask for them.

use hub_commands::clusters::{ClusterChanges, NewCluster};
use hub_domain::kernel::{ClusterId, ClusterName, Labels, Region};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::{Entry, FieldError, Problem};

const LONGEST_KUBECONFIG: usize = 1 << 20;

/// Where a cluster runs.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "the domain's own type is read and written; this one only describes it")]
pub enum Provider {
    /// Amazon EKS, or self-managed on AWS.
    Aws,
    /// Google GKE, or self-managed on Google Cloud.
    Gcp,
    /// Azure AKS, or self-managed on Azure.
    Azure,
    /// A data centre of one's own.
    OnPremises,
}

/// A cluster to bring under management.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "prod-eks-cluster", "provider": "aws", "region": "us-west-2", "labels": {"env": "prod"},
    "credentials": {"kubeconfig": "apiVersion: v1\nkind: Config\n", "context": "prod"}
}))]
pub struct ImportCluster {
    /// Its name, unique among the tenant's clusters: a DNS label.
    #[schema(value_type = String, pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", max_length = 63)]
    pub name: ClusterName,
    /// Where it runs.
    #[schema(value_type = Provider)]
    pub provider: hub_domain::cluster::Provider,
    /// The provider's region, or the site.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,63}$")]
    pub region: Region,
    /// The version to provision. A cluster that is imported tells its own version, and this is not recorded.
    #[schema(pattern = r"^v?1\.[0-9]{1,3}(\.[0-9]{1,3})?$", example = "1.33")]
    pub k8s_version: Option<String>,
    /// Labels under Kubernetes' rules, at most 64.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: Option<Labels>,
    /// How the hub reaches the cluster. They go to the vault; no answer, event or log line ever shows them.
    pub credentials: Credentials,
}

/// How the hub reaches a cluster: a kubeconfig. (Keys of a cloud provider are for provisioning, which this hub
/// answers with `provisioning-unavailable`.)
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// A kubeconfig (YAML or JSON) with all data inline: no exec plugins, no references to files.
    #[schema(value_type = Option<String>, max_length = 1_048_576)]
    pub kubeconfig: Option<SecretString>,
    /// Which of its contexts; its current one when this is left out.
    #[schema(max_length = 253, example = "prod")]
    pub context: Option<String>,
    /// For provisioning.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub access_key: Option<SecretString>,
    /// For provisioning.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub secret_key: Option<SecretString>,
}

/// A change of a cluster's description or credentials; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"labels": {"env": "staging"}}))]
pub struct ChangeCluster {
    /// The new name.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", max_length = 63)]
    pub name: Option<ClusterName>,
    /// The new region.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._-]{1,63}$")]
    pub region: Option<Region>,
    /// The new labels, all of them.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: Option<Labels>,
    /// New credentials. They hold once the cluster has accepted them.
    pub credentials: Option<Credentials>,
}

/// A connection that is to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kubeconfig": "apiVersion: v1\nkind: Config\n", "context": "prod"}))]
pub struct TestCluster {
    /// A kubeconfig, as an import takes it. It is tried and forgotten; no answer, event or log line ever shows it.
    #[schema(value_type = String, max_length = 1_048_576)]
    pub kubeconfig: SecretString,
    /// Which of its contexts; its current one when this is left out.
    #[schema(max_length = 253, example = "prod")]
    pub context: Option<String>,
    /// The cluster whose new credentials these are, when they are.
    #[schema(value_type = Option<String>, pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub cluster_id: Option<ClusterId>,
}

impl TestCluster {
    /// Checks what the import checks of its body.
    pub fn check(&self) -> Result<(), Problem> {
        bounded("", &self.kubeconfig, self.context.as_deref())
    }
}

/// A kubeconfig and a context of a size that is looked at.
fn bounded(at: &str, kubeconfig: &SecretString, context: Option<&str>) -> Result<(), Problem> {
    if kubeconfig.expose_secret().len() > LONGEST_KUBECONFIG {
        return Err(Problem::member(&format!("{at}/kubeconfig"), "must be at most 1 MiB"));
    }
    if context.is_some_and(|context| context.is_empty() || context.len() > 253) {
        return Err(Problem::member(&format!("{at}/context"), "must be 1 to 253 characters"));
    }
    Ok(())
}

impl ImportCluster {
    /// The command, or why these credentials import nothing.
    pub fn command(self) -> Result<NewCluster, Problem> {
        if let Some(version) = &self.k8s_version {
            kubernetes_version(version)?;
        }
        let (kubeconfig, context) = self.credentials.kubeconfig()?;
        Ok(NewCluster {
            name: self.name,
            provider: self.provider,
            region: self.region,
            labels: self.labels.unwrap_or_default(),
            kubeconfig,
            context,
        })
    }
}

impl ChangeCluster {
    /// The command, or why these credentials reach nothing.
    pub fn command(self) -> Result<ClusterChanges, Problem> {
        let credentials = self.credentials.map(Credentials::kubeconfig).transpose()?;
        Ok(ClusterChanges { name: self.name, region: self.region, labels: self.labels, credentials })
    }
}

impl Credentials {
    fn kubeconfig(self) -> Result<(SecretString, Option<String>), Problem> {
        let keys = self.access_key.is_some() || self.secret_key.is_some();
        let Some(kubeconfig) = self.kubeconfig else {
            if keys {
                let error =
                    FieldError::pointer("/credentials", "hand in a kubeconfig to import an existing cluster");
                return Err(Problem::new(Entry::PROVISIONING_UNAVAILABLE).error(error));
            }
            return Err(Problem::member("/credentials/kubeconfig", "is required"));
        };
        if keys {
            return Err(Problem::member(
                "/credentials",
                "must hold a kubeconfig or a provider's keys, not both",
            ));
        }
        bounded("/credentials", &kubeconfig, self.context.as_deref())?;
        Ok((kubeconfig, self.context))
    }
}

/// `1.33`, `v1.33.2`.
fn kubernetes_version(text: &str) -> Result<(), Problem> {
    let number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = text.strip_prefix('v').unwrap_or(text).split('.').collect();
    if (2..=3).contains(&parts.len()) && parts[0] == "1" && parts[1..].iter().all(|part| number(part)) {
        return Ok(());
    }
    Err(Problem::member("/k8s_version", "must be a version such as 1.33 or v1.33.2"))
}
