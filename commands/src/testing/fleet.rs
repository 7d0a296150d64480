//! Clusters that do what the test says.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hub_domain::cluster::{Facts, Failure, NodeCount, Observation};
use hub_domain::kernel::{ClusterId, TenantId};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::ports::{
    ClusterGateway, ClusterProbe, Examined, Listener, ObservationStore, Sample, Stage, Step, Unavailable,
};

/// A "kubeconfig" of these tests: `endpoint|anything`.
pub fn kubeconfig(endpoint: &str, secret: &str) -> SecretString {
    format!("{endpoint}|{secret}").into()
}

/// What a healthy cluster of this identity shows.
pub fn observation(uid: &str) -> Observation {
    let nodes = NodeCount { total: 3, ready: 3 };
    Observation { facts: Facts { uid: uid.into(), version: "v1.33.2".into(), nodes }, issues: vec![] }
}

/// How a cluster behaves.
#[derive(Clone, Debug)]
pub enum Manner {
    Answers(Observation),
    Fails(&'static str),
    Hangs,
    Panics,
    /// Makes these steps, and then is silent for good.
    Stalls(Vec<Step>),
    /// Makes these steps, and then fails so.
    Breaks(Vec<Step>, &'static str),
}

/// Clusters by endpoint; one that is not named answers, with its endpoint as its identity.
#[derive(Default)]
pub struct ScriptedGateway {
    pub manners: Arc<Mutex<HashMap<String, Manner>>>,
    /// How often each was looked at.
    pub looks: Arc<Mutex<HashMap<String, u64>>>,
    pub probes: AtomicU64,
    /// Looks under way, and the most there ever were.
    pub under_way: Arc<(AtomicU64, AtomicU64)>,
    /// How long an answer takes.
    pub takes: Arc<Mutex<Duration>>,
}

impl ScriptedGateway {
    pub fn set(&self, endpoint: &str, manner: Manner) {
        self.manners.lock().unwrap().insert(endpoint.into(), manner);
    }

    pub fn looks_at(&self, endpoint: &str) -> u64 {
        self.looks.lock().unwrap().get(endpoint).copied().unwrap_or_default()
    }
}

struct ScriptedProbe {
    endpoint: String,
    manners: Arc<Mutex<HashMap<String, Manner>>>,
    looks: Arc<Mutex<HashMap<String, u64>>>,
    under_way: Arc<(AtomicU64, AtomicU64)>,
    takes: Arc<Mutex<Duration>>,
}

/// Counts a look, also one that is given up.
struct UnderWay(Arc<(AtomicU64, AtomicU64)>);

impl UnderWay {
    fn new(counts: &Arc<(AtomicU64, AtomicU64)>) -> Self {
        let now = counts.0.fetch_add(1, Ordering::SeqCst) + 1;
        counts.1.fetch_max(now, Ordering::SeqCst);
        Self(counts.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ClusterGateway for ScriptedGateway {
    fn examine(
        &self,
        kubeconfig: &SecretString,
        context: Option<&str>,
    ) -> Result<Examined, (String, String)> {
        let Some((endpoint, _)) = kubeconfig.expose_secret().split_once('|') else {
            return Err(("/clusters".into(), "must name a cluster".into()));
        };
        Ok(Examined {
            context: context.unwrap_or("default").into(),
            endpoint: endpoint.into(),
            kubeconfig: kubeconfig.expose_secret().as_bytes().to_vec().into(),
        })
    }

    fn probe(&self, kubeconfig: SecretSlice<u8>) -> Result<Box<dyn ClusterProbe>, Failure> {
        self.probes.fetch_add(1, Ordering::SeqCst);
        let text = String::from_utf8(kubeconfig.expose_secret().to_vec()).unwrap();
        let endpoint = text.split_once('|').unwrap().0.to_owned();
        let (manners, looks) = (self.manners.clone(), self.looks.clone());
        let (under_way, takes) = (self.under_way.clone(), self.takes.clone());
        Ok(Box::new(ScriptedProbe { endpoint, manners, looks, under_way, takes }))
    }

    fn stage(&self, failure: &Failure) -> Stage {
        let named = Stage::ALL.into_iter().find(|stage| stage.as_str() == failure.code);
        named.unwrap_or(Stage::Reach)
    }
}

#[async_trait]
impl ClusterProbe for ScriptedProbe {
    async fn look(&self) -> Result<(Observation, Sample), Failure> {
        *self.looks.lock().unwrap().entry(self.endpoint.clone()).or_default() += 1;
        let _under_way = UnderWay::new(&self.under_way);
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        let manner = self.manners.lock().unwrap().get(&self.endpoint).cloned();
        match manner.unwrap_or_else(|| Manner::Answers(observation(&self.endpoint))) {
            Manner::Answers(observation) => Ok((observation, Sample::default())),
            Manner::Fails(code) | Manner::Breaks(_, code) => {
                Err(Failure { code: code.into(), message: "as the test says".into() })
            }
            Manner::Hangs | Manner::Stalls(_) => std::future::pending().await,
            Manner::Panics => panic!("as the test says"),
        }
    }

    async fn walk(&self, listener: Listener) -> Result<(Observation, Sample), Failure> {
        let manner = self.manners.lock().unwrap().get(&self.endpoint).cloned();
        if let Some(Manner::Stalls(steps) | Manner::Breaks(steps, _)) = manner {
            for step in steps {
                listener(step);
            }
        }
        self.look().await
    }
}

/// Cluster to (when last checked, whether it ever answered).
#[derive(Default)]
pub struct MemoryObservations {
    pub rows: Mutex<HashMap<ClusterId, (DateTime<Utc>, bool)>>,
}

#[async_trait]
impl ObservationStore for MemoryObservations {
    async fn put(
        &self,
        _: TenantId,
        cluster: ClusterId,
        at: DateTime<Utc>,
        sample: Option<&Sample>,
    ) -> Result<(), Unavailable> {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.entry(cluster).or_insert((at, false));
        *row = (at, row.1 || sample.is_some());
        Ok(())
    }

    async fn forget(&self, _: TenantId, cluster: ClusterId) -> Result<(), Unavailable> {
        self.rows.lock().unwrap().remove(&cluster);
        Ok(())
    }
}
