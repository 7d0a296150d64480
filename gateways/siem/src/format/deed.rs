//! What was done, in words that every format can translate. Events are known by their names, also those that are still to come.

use hub_projections::models::AuditLog;

use super::facts::Facts;
use super::reading::Outcome;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A session began or ended, or was refused.
    Authentication,
    /// A user's account changed.
    Account,
    /// What a user may do changed.
    Privileges,
    /// Something that the hub manages changed: a tenant, a cluster, an export.
    Entity,
    /// An application was installed, changed, stopped.
    Application,
    /// A policy was broken or kept.
    Finding,
    /// Somebody asked for something that has not happened (yet); or the event is of a kind that this build does not know.
    Request,
}

/// What was done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create,
    Read,
    Update,
    Rename,
    Delete,
    Enroll,
    Unenroll,
    Enable,
    Disable,
    Suspend,
    Resume,
    Install,
    Start,
    Stop,
    Restart,
    SignIn,
    SignOut,
    PasswordChange,
    PasswordReset,
    Grant,
    Revoke,
    Close,
    Waive,
    Other,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed<'a> {
    /// What kind of thing.
    pub class: Class,
    /// What was done to it.
    pub act: Act,
    /// To what: the event's name up to its first dot.
    pub aggregate: &'a str,
    /// The rest of the event's name, without its version: `import_requested`.
    pub verb: &'a str,
}

/// What the hub manages, apart from users and applications.
const ENTITIES: &[&str] = &[
    "tenant",
    "cluster",
    "policy",
    "waiver",
    "change_request",
    "alert",
    "silence",
    "integration",
    "export",
    "erasure",
    "report",
    "backup",
    "key",
];

impl<'a> Deed<'a> {
    /// What an entry tells of.
    pub fn of(entry: &'a AuditLog, facts: &Facts<'_>, outcome: Outcome) -> Self {
        let name = without_version(&entry.event_type);
        let (aggregate, verb) = name.split_once('.').unwrap_or((&entry.target_type, name));
        let (class, act) = match (aggregate, verb) {
            ("user", "signed_in" | "sign_in_refused" | "sign_in_failed") => {
                (Class::Authentication, Act::SignIn)
            }
            ("user", "signed_out") => (Class::Authentication, Act::SignOut),
            _ if outcome == Outcome::Refused => (Class::Request, asked(&entry.action)),
            _ if verb == "requested" || verb.ends_with("_requested") => {
                (Class::Request, asked(&entry.action))
            }
            ("user", "refusals_counted") => (Class::Request, Act::Other),
            ("user", "roles_changed") => {
                let (came, _) = facts.roles_moved();
                (Class::Privileges, if came { Act::Grant } else { Act::Revoke })
            }
            ("user", "password_changed") if entry.actor == entry.target_id => {
                (Class::Account, Act::PasswordChange)
            }
            ("user", "password_changed") => (Class::Account, Act::PasswordReset),
            ("user", "profile_changed") => (Class::Account, Act::Other),
            // So many requests were refused that they were only counted.
            ("user", _) => (Class::Account, act(verb)),
            ("application", _) => (Class::Application, act(verb)),
            ("deployment", _) => (Class::Application, of_deployment(verb)),
            ("violation", _) | ("policy", "violated" | "evaluated" | "checked" | "passed") => {
                (Class::Finding, of_finding(verb))
            }
            _ if ENTITIES.contains(&aggregate) => (Class::Entity, act(verb)),
            _ => (Class::Request, Act::Other),
        };
        Self { class, act, aggregate, verb }
    }

    /// The event's name without its version: `cluster.import_requested`.
    pub fn name(event_type: &str) -> &str {
        without_version(event_type)
    }

    /// The verb as a title: `Profile Changed`.
    pub fn title(&self) -> String {
        title(self.verb)
    }
}

/// Words with capitals: `import_requested` becomes `Import Requested`.
pub fn title(name: &str) -> String {
    let words = name.split(['_', '.', ' ']).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    words.filter_map(capital).collect::<Vec<_>>().join(" ")
}

fn without_version(event_type: &str) -> &str {
    let split = event_type.rsplit_once(".v");
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    split.filter(|(_, version)| digits(version)).map_or(event_type, |(name, _)| name)
}

/// What a command asks for, by its last word: `cluster.import`.
fn asked(action: &str) -> Act {
    act(action.rsplit_once('.').map_or(action, |(_, verb)| verb))
}

/// By the verb of an event or of a command. How it ended is told elsewhere.
fn act(verb: &str) -> Act {
    let stem = ["_failed", "_completed", "_succeeded", "_refused", "_requested"]
        .iter()
        .find_map(|ending| verb.strip_suffix(ending))
        .unwrap_or(verb);
    match stem {
        "created" | "create" | "registered" | "register" | "added" | "add" | "opened" | "open" | "raised"
        | "issued" | "issue" => Act::Create,
        "read" | "viewed" | "view" | "listed" | "list" | "downloaded" | "download" => Act::Read,
        "deleted" | "delete" | "removed" | "remove" | "destroyed" | "destroy" | "uninstalled"
        | "uninstall" | "erased" | "erase" => Act::Delete,
        "renamed" | "rename" => Act::Rename,
        "imported" | "import" | "enrolled" | "enroll" => Act::Enroll,
        "decommissioned" | "decommission" | "unenrolled" => Act::Unenroll,
        "enabled" | "enable" => Act::Enable,
        "disabled" | "disable" => Act::Disable,
        "suspended" | "suspend" | "paused" | "pause" => Act::Suspend,
        "resumed" | "resume" => Act::Resume,
        "installed" | "install" | "deployed" | "deploy" => Act::Install,
        "started" | "start" => Act::Start,
        "stopped" | "stop" => Act::Stop,
        "restarted" | "restart" => Act::Restart,
        "changed" | "change" | "updated" | "update" | "upgraded" | "upgrade" | "replaced" | "replace"
        | "scaled" | "scale" | "rolled_back" | "rotated" | "rotate" => Act::Update,
        _ if ["_changed", "_updated", "_replaced", "_rotated"].iter().any(|end| stem.ends_with(end)) => {
            Act::Update
        }
        _ => Act::Other,
    }
}

/// A deployment is a way to change an application: what counts is where it ends.
fn of_deployment(verb: &str) -> Act {
    match verb {
        "completed" | "succeeded" | "failed" | "rolled_back" => Act::Update,
        _ => Act::Other,
    }
}

fn of_finding(verb: &str) -> Act {
    match verb {
        "detected" | "found" | "opened" | "created" | "raised" | "violated" => Act::Create,
        "resolved" | "closed" | "cleared" | "passed" => Act::Close,
        "waived" | "suppressed" => Act::Waive,
        "changed" | "updated" | "acknowledged" | "evaluated" | "checked" => Act::Update,
        _ => Act::Other,
    }
}
