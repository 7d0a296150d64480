//! Which class of OCSF 1.8.0 a deed is, and which of the class's activities. Numbers and captions are the schema's.

use std::borrow::Cow;

use super::super::deed::{Act, Class, Deed};

/// A class: its `class_uid` and `category_uid`, with their captions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ocsf {
    /// `class_uid`.
    pub uid: u16,
    /// `class_name`.
    pub name: &'static str,
    /// `category_uid`.
    pub category_uid: u8,
    /// `category_name`.
    pub category: &'static str,
}

const IAM: (u8, &str) = (3, "Identity & Access Management");
const APPLICATION: (u8, &str) = (6, "Application Activity");

const fn class(uid: u16, name: &'static str, (category_uid, category): (u8, &'static str)) -> Ocsf {
    Ocsf { uid, name, category_uid, category }
}

/// What the schema has no class for.
pub const BASE_EVENT: Ocsf = class(0, "Base Event", (0, "Uncategorized"));
const COMPLIANCE_FINDING: Ocsf = class(2003, "Compliance Finding", (2, "Findings"));
const ACCOUNT_CHANGE: Ocsf = class(3001, "Account Change", IAM);
const AUTHENTICATION: Ocsf = class(3002, "Authentication", IAM);
const ENTITY_MANAGEMENT: Ocsf = class(3004, "Entity Management", IAM);
const USER_ACCESS: Ocsf = class(3005, "User Access Management", IAM);
const APPLICATION_LIFECYCLE: Ocsf = class(6002, "Application Lifecycle", APPLICATION);
const API_ACTIVITY: Ocsf = class(6003, "API Activity", APPLICATION);

/// The activity that stands for everything else; its name is free.
pub const OTHER: u8 = 99;

/// The class of a deed.
pub fn class_of(deed: &Deed<'_>) -> Ocsf {
    match deed.class {
        Class::Authentication => AUTHENTICATION,
        Class::Account => ACCOUNT_CHANGE,
        Class::Privileges => USER_ACCESS,
        Class::Entity => ENTITY_MANAGEMENT,
        Class::Application => APPLICATION_LIFECYCLE,
        Class::Finding => COMPLIANCE_FINDING,
        Class::Request => API_ACTIVITY,
    }
}

/// The activity of a deed within its class: `activity_id` and `activity_name`.
pub fn activity_of(deed: &Deed<'_>) -> (u8, Cow<'static, str>) {
    let known = match deed.class {
        Class::Authentication => authentication(deed.act),
        Class::Account => account(deed.act),
        Class::Privileges => privileges(deed.act),
        Class::Entity => entity(deed.act),
        Class::Application => application(deed.act),
        Class::Finding => finding(deed.act),
        Class::Request => request(deed.act),
    };
    match known {
        Some((id, name)) => (id, Cow::Borrowed(name)),
        None => (OTHER, Cow::Owned(deed.title())),
    }
}

type Activity = Option<(u8, &'static str)>;

fn authentication(act: Act) -> Activity {
    Some(match act {
        Act::SignIn => (1, "Logon"),
        Act::SignOut => (2, "Logoff"),
        _ => return None,
    })
}

fn account(act: Act) -> Activity {
    Some(match act {
        Act::Create => (1, "Create"),
        Act::Enable => (2, "Enable"),
        Act::PasswordChange => (3, "Password Change"),
        Act::PasswordReset => (4, "Password Reset"),
        Act::Disable => (5, "Disable"),
        Act::Delete => (6, "Delete"),
        _ => return None,
    })
}

fn privileges(act: Act) -> Activity {
    Some(match act {
        Act::Grant => (1, "Assign Privileges"),
        Act::Revoke => (2, "Revoke Privileges"),
        _ => return None,
    })
}

fn entity(act: Act) -> Activity {
    Some(match act {
        Act::Create => (1, "Create"),
        Act::Read => (2, "Read"),
        Act::Update => (3, "Update"),
        Act::Delete => (4, "Delete"),
        // "Move or rename an existing managed entity."
        Act::Rename => (5, "Move"),
        Act::Enroll => (6, "Enroll"),
        Act::Unenroll => (7, "Unenroll"),
        Act::Enable => (8, "Enable"),
        Act::Disable => (9, "Disable"),
        Act::Suspend => (12, "Suspend"),
        Act::Resume => (13, "Resume"),
        _ => return None,
    })
}

fn application(act: Act) -> Activity {
    Some(match act {
        Act::Install | Act::Create => (1, "Install"),
        Act::Delete => (2, "Remove"),
        Act::Start => (3, "Start"),
        Act::Stop => (4, "Stop"),
        Act::Restart => (5, "Restart"),
        Act::Enable => (6, "Enable"),
        Act::Disable => (7, "Disable"),
        Act::Update => (8, "Update"),
        _ => return None,
    })
}

fn finding(act: Act) -> Activity {
    Some(match act {
        Act::Create => (1, "Create"),
        Act::Update | Act::Waive => (2, "Update"),
        Act::Close => (3, "Close"),
        _ => return None,
    })
}

/// Create, read, update, delete: an API knows no more.
fn request(act: Act) -> Activity {
    Some(match act {
        Act::Create | Act::Enroll | Act::Install => (1, "Create"),
        Act::Read => (2, "Read"),
        Act::Delete | Act::Unenroll => (4, "Delete"),
        Act::Other => return None,
        _ => (3, "Update"),
    })
}
