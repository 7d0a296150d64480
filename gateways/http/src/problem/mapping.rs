//! The one place where errors of the rooms below become problems. Each match is exhaustive on purpose: a new
//! error does not compile until somebody has decided what a caller is told.

use hub_commands::CommandError;
use hub_commands::access::Denied;
use hub_commands::accounts::SignInError;
use hub_commands::ports::Unavailable;
use hub_domain::Refusal;
use hub_projections::proof::ProofError;
use hub_projections::{Behind, QueryError};

use super::catalogue::{self, Entry};
use super::{FieldError, Problem};

/// What the domain refused, under the domain's own code.
pub fn refused(refusal: &dyn Refusal) -> Problem {
    let status = catalogue::status_of(refusal.kind());
    let entry = catalogue::all().find(|entry| entry.code == refusal.code()).unwrap_or(Entry {
        code: refusal.code(),
        status,
        title: "the command was refused",
    });
    let problem = Problem::new(entry).detail(refusal.to_string());
    match refusal.pointer() {
        Some(pointer) => problem.error(FieldError::pointer(pointer, refusal.to_string())),
        None => problem,
    }
}

/// Puts the pointers of a problem below a member of the body: the rooms below do not know where it stood.
#[must_use]
pub fn at(prefix: &str, mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if let Some(pointer) = &mut error.pointer {
            pointer.insert_str(0, prefix);
        }
    }
    problem
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(Entry::FORBIDDEN).detail(denied.to_string())
    }
}

impl From<Unavailable> for Problem {
    fn from(cause: Unavailable) -> Self {
        Self::unavailable(&cause)
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Denied(denied) => denied.into(),
            CommandError::Refused(refusal) => refused(refusal.as_ref()),
            CommandError::PreconditionFailed { expected, actual } => {
                let actual =
                    actual.map_or_else(|| "it has none".to_owned(), |actual| format!("it is at {actual}"));
                Self::new(Entry::PRECONDITION_FAILED)
                    .detail(format!("expected revision {expected}, but {actual}"))
            }
            CommandError::Contended => Self::new(Entry::CONTENDED).retry_after(1),
            CommandError::KeyReused => Self::new(Entry::KEY_REUSED)
                .error(FieldError::header("Idempotency-Key", "was sent before with another request")),
            CommandError::TooLarge { limit, size } => Self::new(Entry::EVENT_TOO_LARGE)
                .detail(format!("an event may have {limit} bytes, this one would have {size}")),
            CommandError::Invalid { pointer, rule } => Self::member(&pointer, rule),
            CommandError::NameTaken { pointer } => {
                Self::new(Entry::NAME_TAKEN).error(FieldError::pointer(pointer, Entry::NAME_TAKEN.title))
            }
            CommandError::Overloaded { retry_after_ms } => {
                Self::new(Entry::OVERLOADED).retry_after(retry_after_ms.div_ceil(1000))
            }
            CommandError::Stopping => Self::new(Entry::STOPPING).retry_after(1),
            CommandError::Unavailable(cause) => cause.into(),
            CommandError::OutcomeUnknown(cause) => {
                let Self { retry_after, .. } = Self::unavailable(&cause);
                Self { retry_after, ..Self::new(Entry::OUTCOME_UNKNOWN) }
                    .detail("the storage was lost at the moment of recording; a repeat under the same Idempotency-Key tells")
            }
            damaged @ CommandError::Damaged { .. } => Self::internal(&damaged),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => Self::new(Entry::SIGN_IN_REFUSED),
            SignInError::Unavailable(cause) => cause.into(),
            SignInError::Command(error) => error.into(),
        }
    }
}

impl From<Behind> for Problem {
    fn from(_: Behind) -> Self {
        Self::new(Entry::READ_MODEL_BEHIND).retry_after(1)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::InvalidCursor => Self::new(Entry::INVALID_CURSOR)
                .error(FieldError::parameter("cursor", Entry::INVALID_CURSOR.title)),
            QueryError::InvalidSort { allowed } => Self::parameter(
                "sort",
                format!("must be one of {}, with - before it to descend", allowed.join(", ")),
            ),
            QueryError::InvalidFilter { parameter, rule } => Self::parameter(parameter, rule),
            QueryError::FutureAsOf => Self::parameter("as_of", "must not lie in the future of the ledger"),
            QueryError::Unavailable(cause) => Self::unavailable(&cause),
        }
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::NotYet => Self::new(Entry::PROOF_PENDING).retry_after(1),
            sizes @ ProofError::Sizes { .. } => Self::parameter("to", sizes.to_string()),
            ProofError::NoTile => Self::new(Entry::TILE_NOT_FOUND),
            ProofError::Query(cause) => cause.into(),
            inside @ (ProofError::Leaf(_) | ProofError::Key(_)) => Self::internal(&inside),
            ProofError::Store(cause) => Self::unavailable(&cause),
        }
    }
}
