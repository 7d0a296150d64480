//! What the testbed can be told to do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use hub_kit::hub::ADMINISTRATOR;
use hub_kit::kubernetes::ControlPlane;
use hub_kit::{Database, Hub, HubOptions, Network};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Options;
use crate::seed::{Beside, Filling};

/// An order: `{"do": "network_cut"}`.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Kills the hub, as a crash would.
    HubKill,
    /// Tells the hub to stop, and waits until it has.
    HubStop,
    /// Starts it again: for the browser at the same address.
    HubStart,
    /// What it has logged since its last start.
    HubLog,
    /// Cuts the network between browser and hub.
    NetworkCut,
    /// Mends it.
    NetworkMend,
    /// Lets the next request that holds the mark reach the hub, and cuts the network instead of bringing its answer.
    NetworkCutAfter { mark: String },
    /// Alters answers from here on; both words have one length.
    NetworkAlter { from: String, to: String },
    /// Alters nothing any more; answers with how often it has.
    NetworkHonest,
    /// Starts a Kubernetes control plane of this name; answers with its kubeconfig.
    KubernetesStart { name: String },
    /// Answers with a kubeconfig of another of its administrators, who signs in with a certificate.
    KubernetesOther { name: String },
    /// Kills its API server.
    KubernetesKill { name: String },
    /// Starts its API server again.
    KubernetesBack { name: String },
    /// Adds a node to it, or changes whether it is ready.
    Node { cluster: String, node: String, ready: bool },
    /// Ends every session of the administrator.
    EndSessions,
    /// Writes so many events a minute about the seeded clusters; 0 stops it. Answers with how many were written since the last order.
    Events { per_minute: u32 },
}

/// Everything that runs. What depends on another part stands before it: parts are dropped in this order.
pub struct Testbed {
    filling: Option<Filling>,
    network: Network,
    hub: Hub,
    planes: BTreeMap<String, ControlPlane>,
    beside: Arc<Beside>,
    password: String,
    prefix: String,
    _database: Database,
}

impl Testbed {
    /// Starts it: the database, what is written into it, the hub, the network.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let database = Database::fresh().await;
        let key = crate::seed::key();
        let beside = Arc::new(Beside::open(database.url(), &key).await?);
        let password = format!("testbed-{}", hub_kit::ids::uuid().simple());
        if options.clusters > 0 {
            beside.seed(options.clusters, options.days, &password).await?;
        }
        let env = [
            ("CLUSTERMASTER_KEY", key.as_str()),
            ("CLUSTERMASTER_ADMIN_PASSWORD", &password),
            ("CLUSTERMASTER_OBSERVE_SECONDS", &options.observe_seconds.to_string()),
            ("CLUSTERMASTER_CHECKPOINT_SECONDS", "1"),
            ("CLUSTERMASTER_EXPORTS_ALLOW_PLAINTEXT", "true"),
            ("CLUSTERMASTER_RATE_LIMIT_PER_MINUTE", "10000000"),
            ("CLUSTERMASTER_PATH_PREFIX", &options.prefix),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let hub = Hub::start(HubOptions { database_url: Some(database.url().to_owned()), env }).await?;
        let network = Network::in_front_of(address(&hub)?).await?;
        let prefix = options.prefix.clone();
        let planes = BTreeMap::new();
        Ok(Self { filling: None, network, hub, planes, beside, password, prefix, _database: database })
    }

    /// Where everything is.
    pub async fn addresses(&self) -> anyhow::Result<Value> {
        Ok(json!({
            "position": self.beside.position().await?,
            "url": format!("http://{}{}", self.network.address(), self.prefix),
            "email": ADMINISTRATOR,
            "password": self.password,
            "exports": self.hub.data_dir().join("exports"),
        }))
    }

    /// Does as it is told.
    pub async fn obey(&mut self, order: Order) -> anyhow::Result<Value> {
        match order {
            Order::HubKill => self.hub.kill9().await,
            Order::HubStop => {
                self.hub.terminate().await?;
            }
            Order::HubStart => {
                self.hub.start_again().await?;
                self.network.lead_to(address(&self.hub)?);
            }
            Order::HubLog => return Ok(json!(self.hub.log())),
            Order::NetworkCut => self.network.cut(),
            Order::NetworkMend => self.network.mend(),
            Order::NetworkCutAfter { mark } => self.network.cut_after(&mark),
            Order::NetworkAlter { from, to } => {
                anyhow::ensure!(from.len() == to.len(), "both words must have one length");
                self.network.alter(Some((&from, &to)));
            }
            Order::NetworkHonest => {
                self.network.alter(None);
                return Ok(json!(self.network.altered()));
            }
            Order::KubernetesStart { name } => {
                let plane = ControlPlane::start().await?;
                let kubeconfig = plane.kubeconfig();
                self.planes.insert(name, plane);
                return Ok(json!(kubeconfig));
            }
            Order::KubernetesOther { name } => {
                return Ok(json!(self.plane(&name)?.certificate_kubeconfig()));
            }
            Order::KubernetesKill { name } => self.plane(&name)?.kill_apiserver().await,
            Order::KubernetesBack { name } => self.plane(&name)?.start_apiserver().await?,
            Order::Node { cluster, node, ready } => {
                let plane = self.plane(&cluster)?;
                if plane.set_node_ready(&node, ready).await.is_err() {
                    plane.add_node(&node, ready).await?;
                }
            }
            Order::EndSessions => self.beside.end_sessions().await?,
            Order::Events { per_minute } => {
                let written = self.filling.take().map_or(0, |filling| filling.written());
                self.filling = (per_minute > 0).then(|| Filling::start(self.beside.clone(), per_minute));
                return Ok(json!(written));
            }
        }
        Ok(Value::Null)
    }

    fn plane(&mut self, name: &str) -> anyhow::Result<&mut ControlPlane> {
        self.planes.get_mut(name).with_context(|| format!("no control plane is called {name}"))
    }
}

fn address(hub: &Hub) -> anyhow::Result<SocketAddr> {
    let base = hub.base().trim_start_matches("http://");
    let address = base.split('/').next().unwrap_or_default();
    address.parse().with_context(|| format!("{base} is no address"))
}
