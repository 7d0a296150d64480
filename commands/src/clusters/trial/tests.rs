use hub_domain::cluster::Issue;
use hub_domain::user::Role;
use secrecy::ExposeSecret as _;

use super::*;
use crate::testing::{Manner, World, kubeconfig, observation, user};

const ENDPOINT: &str = "https://one:6443";

fn clusters(world: &World) -> Clusters {
    Clusters::new(world.dispatcher.clone(), &world.ports)
}

async fn tried_as(world: &World, manner: Manner) -> Trial {
    world.gateway.set(ENDPOINT, manner);
    let heard = Heard::default();
    let trial = test(&clusters(world), &kubeconfig(ENDPOINT, "secret"), heard.hearer()).await.unwrap();
    assert!(world.log.all().is_empty(), "a trial records nothing");
    assert!(world.vault.secrets.lock().unwrap().is_empty(), "and keeps nothing");
    assert_eq!(heard.all(), trial.checks[..7], "what was told is what is answered");
    trial
}

async fn test(clusters: &Clusters, kubeconfig: &SecretString, hearer: Hearer) -> Result<Trial, CommandError> {
    let turn = clusters.turn(&user(Role::Operator))?;
    Ok(clusters.test(turn, kubeconfig, None, hearer).await)
}

/// Nobody listens.
fn nobody() -> Hearer {
    Arc::new(|_| ())
}

/// What was told so far.
#[derive(Default)]
struct Heard(Arc<Mutex<Vec<Check>>>);

impl Heard {
    fn hearer(&self) -> Hearer {
        let told = Arc::clone(&self.0);
        Arc::new(move |check| told.lock().unwrap().push(check.clone()))
    }

    fn all(&self) -> Vec<Check> {
        self.0.lock().unwrap().clone()
    }
}

fn standings(trial: &Trial) -> String {
    let letter = |check: &Check| check.standing.as_str().get(..1).unwrap_or_default().to_owned();
    assert!(trial.checks.iter().map(|check| check.stage).eq(Stage::ALL), "every stage, once, in order");
    trial.checks.iter().map(letter).collect()
}

fn identity(trial: &Trial) -> (Standing, Option<&str>, &str) {
    let check = trial.checks.last().unwrap();
    (check.standing, check.code.as_deref(), check.message.as_str())
}

#[tokio::test]
async fn a_cluster_that_lets_the_hub_in_passes_everything() {
    let mut trial = tried_as(&World::new(), Manner::Answers(observation("u-1"))).await;
    assert_eq!(standings(&trial), "ppppppps", "the identity is not judged yet");
    trial.identify(&[], None);
    assert_eq!(standings(&trial), "pppppppp");
    assert!(trial.connected());
    assert_eq!(trial.checks[5].message, "it is Kubernetes v1.33.2");
    assert!(trial.checks.iter().all(|check| check.code.is_none()));
}

#[tokio::test]
async fn whatever_is_behind_a_failure_is_skipped() {
    for (at, wanted) in [
        ("kubeconfig", "fsssssss"),
        ("address", "pfssssss"),
        ("reach", "ppfsssss"),
        ("tls", "pppfssss"),
        ("sign-in", "ppppfsss"),
        ("version", "ppppsfss"),
        ("permissions", "ppppppfs"),
    ] {
        let mut trial = tried_as(&World::new(), Manner::Fails(at)).await;
        trial.identify(&["cluster_x".into()], None);
        assert_eq!(standings(&trial), wanted, "{at}");
        let failed = trial.checks.iter().find(|check| check.standing == Standing::Failed).unwrap();
        assert_eq!((failed.code.as_deref(), failed.message.as_str()), (Some(at), "as the test says"));
        assert!(!trial.connected() && trial.seen.is_none());
    }
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_serve_names_its_member_and_nothing_of_itself() {
    let world = World::new();
    let nonsense = SecretString::from("a secret that is no kubeconfig");
    let trial = test(&clusters(&world), &nonsense, nobody()).await.unwrap();
    assert_eq!(standings(&trial), "fsssssss");
    assert_eq!(trial.checks[0].message, "at /clusters: must name a cluster");
    assert_eq!(trial.checks[0].code.as_deref(), Some("kubeconfig-invalid"));
    assert!(!format!("{trial:?}").contains(nonsense.expose_secret()));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_hangs_is_given_up() {
    let trial = tried_as(&World::new(), Manner::Hangs).await;
    assert_eq!(trial.checks[2].code.as_deref(), Some("deadline-exceeded"));
    assert_eq!(standings(&trial), "ppfsssss");
}

#[tokio::test]
async fn what_may_not_be_read_is_told_and_hinders_nothing() {
    let mut seen = observation("u-1");
    for object in ["persistentvolumeclaims", "version"] {
        let (code, message) = (PERMISSION_MISSING.to_owned(), String::new());
        seen.issues.push(Issue { code, message, object: object.into() });
    }
    let mut trial = tried_as(&World::new(), Manner::Answers(seen)).await;
    trial.identify(&[], None);
    assert!(trial.connected());
    let told = |at: usize| (trial.checks[at].code.as_deref(), trial.checks[at].message.clone());
    assert_eq!(told(5), (Some("permission-missing"), "the credentials may not ask for the version".into()));
    assert!(told(6).1.contains("persistentvolumeclaims, version"), "{:?}", told(6));
}

#[tokio::test]
async fn an_identity_belongs_to_one_cluster() {
    let trial = tried_as(&World::new(), Manner::Answers(observation("u-1"))).await;
    let judged = |managed: &[&str], meant: Option<(&str, Option<&str>)>| {
        let managed: Vec<String> = managed.iter().map(|id| (*id).to_owned()).collect();
        let meant = meant.map(|(id, uid)| Meant { id: id.into(), uid: uid.map(str::to_owned) });
        let mut trial = trial.clone();
        trial.identify(&managed, meant.as_ref());
        assert_eq!(trial.connected(), identity(&trial).0 == Standing::Passed);
        trial
    };
    let twice = judged(&["cluster_a"], None);
    assert_eq!(
        identity(&twice),
        (Standing::Failed, Some("already-managed"), "the cluster is managed already, as cluster_a")
    );
    assert_eq!(identity(&judged(&["cluster_a"], Some(("cluster_a", Some("u-1"))))).0, Standing::Passed);
    let moved = judged(&["cluster_b"], Some(("cluster_a", Some("u-2"))));
    assert_eq!(identity(&moved).1, Some("another-cluster"));
    assert!(identity(&moved).2.contains("cluster_b"));
    assert_eq!(identity(&judged(&[], Some(("cluster_a", Some("u-2"))))).1, Some("another-cluster"));
    assert_eq!(identity(&judged(&[], Some(("cluster_a", None)))).0, Standing::Passed);
    assert_eq!(identity(&judged(&["cluster_b"], Some(("cluster_a", None)))).1, Some("already-managed"));
    let both = judged(&["cluster_a", "cluster_b"], Some(("cluster_a", Some("u-1"))));
    assert!(identity(&both).2.ends_with("cluster_b"));
}

#[tokio::test]
async fn whoever_may_not_import_tries_nothing_and_not_many_try_at_once() {
    let world = World::new();
    let clusters = clusters(&world);
    let config = kubeconfig(ENDPOINT, "secret");
    let denied = clusters.turn(&user(Role::Viewer));
    assert!(matches!(denied, Err(CommandError::Denied(_))), "{denied:?}");
    assert_eq!(world.gateway.looks_at(ENDPOINT), 0);

    world.gateway.set(ENDPOINT, Manner::Hangs);
    let mut trials: Vec<_> = (0..AT_ONCE).map(|_| Box::pin(test(&clusters, &config, nobody()))).collect();
    for trial in &mut trials {
        assert!(futures::poll!(trial.as_mut()).is_pending());
    }
    let full = test(&clusters, &config, nobody()).await;
    assert!(matches!(full, Err(CommandError::Overloaded { .. })), "{full:?}");
    drop(trials);
    world.gateway.set(ENDPOINT, Manner::Answers(observation("u-1")));
    assert!(test(&clusters, &config, nobody()).await.unwrap().seen.is_some());
}

#[tokio::test(start_paused = true)]
async fn each_check_is_told_when_it_is_decided_and_stays_so() {
    let steps = [
        Step::Read,
        Step::Resolved,
        Step::Connected,
        Step::Secured,
        Step::LetIn,
        Step::Known(Some("v1.31.0".into())),
    ];
    // Made so far; then silence. What is behind the last step fails, and what was passed stays passed.
    for (made, wanted) in [
        (0, "ppfsssss"),
        (1, "pfssssss"),
        (2, "ppfsssss"),
        (3, "pppfssss"),
        (4, "ppppsfss"),
        (5, "pppppfss"),
        (6, "ppppppfs"),
    ] {
        let world = World::new();
        world.gateway.set(ENDPOINT, Manner::Stalls(steps[..made].to_vec()));
        let (clusters, config, heard) = (clusters(&world), kubeconfig(ENDPOINT, "secret"), Heard::default());
        let mut trial = Box::pin(test(&clusters, &config, heard.hearer()));
        assert!(futures::poll!(trial.as_mut()).is_pending());
        let early = heard.all();
        assert_eq!(early.len(), made, "told while the cluster is silent");
        let trial = trial.await.unwrap();
        assert_eq!(standings(&trial), wanted);
        assert_eq!((&trial.checks[..made], heard.all()), (&early[..], trial.checks[..7].to_vec()));
    }
}

#[tokio::test]
async fn what_fails_late_fails_behind_what_is_passed() {
    // What says where it failed, fails there.
    let steps = vec![Step::Read, Step::Resolved, Step::Connected, Step::Secured];
    assert_eq!(standings(&tried_as(&World::new(), Manner::Breaks(steps, "sign-in")).await), "ppppfsss");
    let world = World::new();
    let steps = vec![Step::Secured, Step::Connected, Step::LetIn, Step::Known(None), Step::Secured];
    let trial = tried_as(&world, Manner::Breaks(steps, "reach")).await;
    assert_eq!(standings(&trial), "ppppppfs", "steps that are left out or told again do no harm");
    assert_eq!(trial.checks[5].code.as_deref(), Some(PERMISSION_MISSING), "the version may not be asked for");
    assert_eq!(trial.checks[6].code.as_deref(), Some("reach"));
}
