//! A fleet that is made up, the same each time: what its clusters are called and what happens to them. Pure but for their ids.

use hub_domain::cluster::{
    Changes, ClusterCommand, Credentials, Facts, Failure, Issue, NodeCount, Observation, Provider, Spec,
};
use hub_domain::kernel::{ClusterId, ClusterName, Labels, Region, SecretRef, TypedId as _};

/// Moments in which something may happen. In the first quarter clusters come, in the rest they live.
const TICKS: usize = 120;

/// Who does it.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    Observer,
    Operator,
}

/// One command on one cluster.
#[derive(Debug)]
pub struct Step {
    pub who: Who,
    pub cluster: ClusterId,
    /// The command's wire name.
    pub name: &'static str,
    pub command: ClusterCommand,
    pub change_request: Option<String>,
}

/// The clusters that answer, for what is to happen to them later.
#[derive(Debug, Default)]
pub struct Fleet {
    well: Vec<(ClusterId, Credentials, Facts)>,
    next: usize,
}

const REGIONS: [(Provider, &[&str]); 4] = [
    (Provider::Aws, &["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"]),
    (Provider::Gcp, &["europe-west3", "us-central1"]),
    (Provider::Azure, &["westeurope", "northeurope", "eastus"]),
    (Provider::OnPremises, &["site-a", "site-b"]),
];
const TEAMS: [&str; 6] = ["payments", "search", "data", "identity", "shop", "platform"];
const ENVIRONMENTS: [&str; 3] = ["prod", "staging", "dev"];
const VERSIONS: [&str; 4] = ["v1.33.4", "v1.32.8", "v1.31.12", "v1.34.1"];

impl Fleet {
    /// The fleet, and what happens in each tick.
    pub fn plan(clusters: u32) -> (Self, Vec<Vec<Step>>) {
        let mut ticks: Vec<Vec<Step>> = (0..TICKS).map(|_| Vec::new()).collect();
        let mut well = Vec::new();
        for nth in 0..clusters as usize {
            let id = ClusterId::from_uuid(hub_kit::ids::uuid());
            let (spec, facts) = (spec(nth), facts(nth));
            let credentials = spec.credentials.clone();
            let begin = mixed(nth, 1) % (TICKS / 4);
            let mut act = |tick: usize, who, name, command, change_request: Option<String>| {
                ticks[tick.min(TICKS - 1)].push(Step { who, cluster: id, name, command, change_request });
            };
            act(begin, Who::Operator, "cluster.import", ClusterCommand::Import(spec.clone()), None);
            let observe = |facts: &Facts, issues: Vec<Issue>| {
                ClusterCommand::Observe(credentials.clone(), seen(facts, issues))
            };
            let failed = |code: &str, message: &str| {
                let failure = Failure { code: code.into(), message: message.into() };
                ClusterCommand::ObserveFailure(credentials.clone(), failure)
            };
            let look = "cluster.observe";
            let refused = failed("connection-refused", "The API server refused the connection.");
            match nth % 50 {
                // Never answered.
                7 => act(begin + 1, Who::Observer, look, refused, None),
                33 => {}
                fate => {
                    act(begin + 1, Who::Observer, look, observe(&facts, Vec::new()), None);
                    let later = TICKS / 4 + 1 + mixed(nth, 2) % (TICKS / 2);
                    let upgraded = Facts { version: VERSIONS[(nth + 1) % 4].into(), ..facts.clone() };
                    if nth.is_multiple_of(5) {
                        act(later, Who::Observer, look, observe(&upgraded, Vec::new()), None);
                    }
                    let now = if nth.is_multiple_of(5) { &upgraded } else { &facts };
                    if nth.is_multiple_of(7) {
                        let mut labels = spec.labels.as_map().clone();
                        labels.insert(
                            "tier".into(),
                            if nth.is_multiple_of(2) { "critical" } else { "standard" }.into(),
                        );
                        if let Ok(labels) = Labels::new(labels) {
                            let changes = Changes { labels: Some(labels), ..Changes::default() };
                            let request = Some(format!("CHG-{}", 1000 + nth));
                            act(
                                later + 2,
                                Who::Operator,
                                "cluster.change",
                                ClusterCommand::Change(changes),
                                request,
                            );
                        }
                    }
                    let trouble = observe(now, issues(nth));
                    match fate {
                        // An incident that is over.
                        3 | 11 | 24 | 41 => {
                            act(later + 4, Who::Observer, look, trouble, None);
                            act(later + 6, Who::Observer, look, observe(now, Vec::new()), None);
                        }
                        // Still degraded, since not long ago.
                        5 | 18 | 29 | 46 => {
                            act(TICKS - 1 - mixed(nth, 3) % 12, Who::Observer, look, trouble, None);
                        }
                        12 => act(TICKS - 1 - mixed(nth, 3) % 6, Who::Observer, look, refused, None),
                        _ => well.push((id, credentials.clone(), now.clone())),
                    }
                }
            }
        }
        (Self { well, next: 0 }, ticks)
    }
}

impl Iterator for Fleet {
    type Item = Step;

    /// Something new about a cluster that was well: in one round each becomes degraded, in the next it recovers.
    fn next(&mut self) -> Option<Step> {
        let count = self.well.len();
        let (cluster, credentials, facts) = self.well.get(self.next % count.max(1))?.clone();
        let sick = (self.next / count).is_multiple_of(2);
        let issues = if sick { issues(self.next) } else { Vec::new() };
        self.next += 1;
        let command = ClusterCommand::Observe(credentials, seen(&facts, issues));
        Some(Step { who: Who::Observer, cluster, name: "cluster.observe", command, change_request: None })
    }
}

/// A number that looks like chance and is none.
fn mixed(nth: usize, salt: usize) -> usize {
    let bits = (nth as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(salt as u32 * 11);
    (bits ^ (bits >> 29)) as usize % 100_003
}

fn spec(nth: usize) -> Spec {
    let (provider, regions) = REGIONS[[0, 0, 0, 1, 1, 2, 2, 3][mixed(nth, 4) % 8]];
    let region = regions[mixed(nth, 5) % regions.len()];
    let (team, environment) = (TEAMS[mixed(nth, 6) % 6], ENVIRONMENTS[mixed(nth, 7) % 3]);
    let labels = [("team", team), ("env", environment), ("seeded", "true")];
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Spec {
        name: ClusterName::new(format!("{team}-{environment}-{nth:04}")).expect("a DNS label"),
        provider,
        region: Region::new(region).expect("a region"),
        labels: Labels::new(labels).expect("labels"),
        credentials: Credentials {
            secret: SecretRef::new(format!("seeded-{nth}")).expect("a reference"),
            fingerprint: format!("{nth:032x}"),
            endpoint: format!("https://{team}-{nth}.{region}.example:6443"),
        },
    }
}

/// A look in which the nodes are as the issues say.
fn seen(facts: &Facts, issues: Vec<Issue>) -> Observation {
    let mut facts = facts.clone();
    facts.nodes.ready -= issues.iter().filter(|issue| issue.code == "node-not-ready").count() as u32;
    Observation { facts, issues }
}

fn facts(nth: usize) -> Facts {
    let total = 3 + (mixed(nth, 8) % 22) as u32;
    Facts {
        uid: format!("00000000-0000-4000-8000-{nth:012x}"),
        version: VERSIONS[nth % 4].into(),
        nodes: NodeCount { total, ready: total },
    }
}

fn issues(nth: usize) -> Vec<Issue> {
    let issue = |code: &str, object: String, message: &str| Issue {
        code: code.into(),
        object,
        message: message.into(),
    };
    match nth % 3 {
        0 => vec![issue("node-not-ready", format!("node/worker-{}", nth % 5), "The node is not ready.")],
        1 => vec![issue(
            "statefulset-not-ready",
            "statefulset/db/postgres".into(),
            "2 of 3 replicas are ready.",
        )],
        _ => vec![
            issue("node-not-ready", format!("node/worker-{}", nth % 7), "The node is not ready."),
            issue("volume-pending", "pvc/search/data-index-2".into(), "The claim waits for a volume."),
        ],
    }
}
