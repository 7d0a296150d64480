//! What the body of an event tells beyond the entry's own fields. A body that looks otherwise than expected tells nothing; it is no error.

use std::borrow::Cow;

use hub_projections::models::AuditLog;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What formats have a place for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts<'a> {
    /// The target's name.
    pub name: Option<Cow<'a, str>>,
    /// The target's version.
    pub version: Option<Cow<'a, str>>,
    /// The session that began or ended.
    pub session: Option<Cow<'a, str>>,
    /// Why it failed or was refused: a stable code.
    pub code: Option<Cow<'a, str>>,
    /// The roles before.
    pub roles_before: Vec<Cow<'a, str>>,
    /// The roles after.
    pub roles_after: Vec<Cow<'a, str>>,
}

/// Members that mean something, each in whatever shape: one name has several among the events.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    facts: Option<&'a RawValue>,
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    #[serde(borrow)]
    to: Option<&'a RawValue>,
    #[serde(borrow)]
    roles: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(borrow)]
    cause: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    failure: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of an object within the body.
#[derive(Default, Deserialize)]
struct Inner<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    to: Option<Cow<'a, str>>,
}

fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    raw.and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok()).map(|text| text.0)
}

fn texts(raw: Option<&RawValue>) -> Vec<Cow<'_, str>> {
    let read = raw.and_then(|raw| serde_json::from_str::<Vec<Text<'_>>>(raw.get()).ok());
    read.unwrap_or_default().into_iter().map(|text| text.0).collect()
}

fn inner(raw: Option<&RawValue>) -> Inner<'_> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

impl<'a> Facts<'a> {
    /// Reads the body.
    pub fn of(entry: &'a AuditLog) -> Self {
        let Ok(body) = serde_json::from_str::<Body<'a>>(entry.payload.raw().get()) else {
            return Self::default();
        };
        let mut facts = Self {
            name: text(body.name).or_else(|| inner(body.name).to).or_else(|| inner(body.spec).name),
            version: text(body.version).or_else(|| inner(body.facts).version),
            session: text(body.session),
            code: text(body.cause).or_else(|| inner(body.failure).code).or_else(|| text(body.code)),
            ..Self::default()
        };
        let (what, _) = entry.event_type.rsplit_once(".v").unwrap_or((&entry.event_type, ""));
        match what {
            "tenant.renamed" => facts.name = text(body.to),
            "cluster.version_changed" => facts.version = text(body.to),
            "user.registered" => facts.roles_after = texts(body.roles),
            "user.roles_changed" => {
                (facts.roles_before, facts.roles_after) = (texts(body.from), texts(body.to));
            }
            _ => {}
        }
        facts
    }

    /// The roles that came, or, where none came, those that went; and whether they came.
    pub fn roles_moved(&self) -> (bool, Vec<&str>) {
        let without = |one: &'_ [Cow<'a, str>], other: &[Cow<'a, str>]| -> Vec<usize> {
            (0..one.len()).filter(|nth| !other.contains(&one[*nth])).collect()
        };
        let (before, after) = (&self.roles_before, &self.roles_after);
        let came = without(after, before);
        if came.is_empty() && !before.is_empty() {
            return (false, without(before, after).into_iter().map(|nth| before[nth].as_ref()).collect());
        }
        (true, came.into_iter().map(|nth| after[nth].as_ref()).collect())
    }
}
