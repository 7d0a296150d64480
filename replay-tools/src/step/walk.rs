//! The walk: events in order, each with the state of its stream before and after it.

use std::collections::{HashMap, VecDeque};

use hub_domain::ledger::Recorded;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fold::State;
use crate::history::History;
use crate::pointer::{Change, diff};
use crate::replay;

/// One event, and what it did.
#[derive(Clone, Debug)]
pub struct Step {
    /// The event.
    pub event: Recorded,
    /// The state of its stream after it; null where no decider folds such streams.
    pub state: Value,
    /// What it changed in the state.
    pub changes: Vec<Change>,
    /// Why the state is not what the event says, where it is not.
    pub note: Option<String>,
}

impl Step {
    /// For programs: what `replay` prints of the event, and `state`, `changes`, `note` beside it. Sealed data stays sealed.
    pub fn object(&self) -> Value {
        let mut object = replay::object(&self.event);
        object["state"] = self.state.clone();
        object["changes"] = json!(self.changes);
        object["note"] = json!(self.note);
        object
    }
}

/// Walks through a history. It holds the newest state of each stream that it has passed.
pub struct Walk<'a> {
    history: &'a mut History,
    stream: Option<String>,
    tenant: Option<Uuid>,
    from: u64,
    after: u64,
    page: VecDeque<Recorded>,
    states: HashMap<(Uuid, String), State>,
}

impl<'a> Walk<'a> {
    /// From the beginning of a history that was not read yet; steps before `from` are folded and not answered with.
    pub fn new(history: &'a mut History, stream: Option<String>, tenant: Option<Uuid>, from: u64) -> Self {
        Self { history, stream, tenant, from, after: 0, page: VecDeque::new(), states: HashMap::new() }
    }

    /// The next step; `None` at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<Step>> {
        loop {
            let Some(event) = self.page.pop_front() else {
                self.page = self.history.page(self.after).await?.into();
                match self.page.back() {
                    Some(newest) => self.after = newest.position,
                    None => return Ok(None),
                }
                continue;
            };
            let wanted = self.stream.as_ref().is_none_or(|stream| *stream == event.stream)
                && self.tenant.is_none_or(|tenant| tenant == event.tenant);
            if !wanted {
                continue;
            }
            let step = self.fold(event);
            if step.event.position >= self.from {
                return Ok(Some(step));
            }
        }
    }

    fn fold(&mut self, event: Recorded) -> Step {
        let key = (event.tenant, event.stream.clone());
        let before = self.states.remove(&key).unwrap_or_else(|| State::before(&event.stream));
        let (after, unread) = before.after(&event);
        let changes = diff(&before.value, &after.value);
        let note = match unread {
            Some(cause) => Some(format!("the event cannot be folded: {cause}")),
            None if !after.is_folded() => Some("no decider of this hub folds such a stream".to_owned()),
            None => None,
        };
        let state = after.value.clone();
        if after.is_folded() {
            self.states.insert(key, after);
        }
        Step { event, state, changes, note }
    }
}
