//! Why a command came to nothing.

use hub_domain::Refusal;

use crate::access::Denied;
use crate::ports::{AppendError, LogError, Unavailable, VaultError};

/// Why a command came to nothing. Each variant is one family of answers at the edge.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The aggregate refused, by name.
    #[error("{0}")]
    Refused(Box<dyn Refusal>),
    /// The stream is not at the revision that the caller had seen (RFC 9110, section 13.1.1).
    #[error("the stream is at revision {actual:?}, the caller expected {expected}")]
    PreconditionFailed {
        /// What the caller had seen.
        expected: u64,
        /// The stream's revision; `None` while it is empty.
        actual: Option<u64>,
    },
    /// Others kept writing to the same stream until the retries were used up. Nothing was recorded.
    #[error("too many others write to the same stream")]
    Contended,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// An event would exceed the log's bound.
    #[error("an event may not exceed {limit} bytes, this one has {size}")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
        /// The event's size, in bytes.
        size: usize,
    },
    /// A member of the request breaks a rule that no state could change.
    #[error("{pointer}: {rule}")]
    Invalid {
        /// JSON Pointer (RFC 6901) of the member; empty when it is the request as a whole.
        pointer: String,
        /// The rule, as a sentence for people.
        rule: String,
    },
    /// Something else of this kind has the name already.
    #[error("the name at {pointer} is taken")]
    NameTaken {
        /// JSON Pointer of the member that holds the name.
        pointer: &'static str,
    },
    /// The writer has more to do than it can hold. Nothing was recorded.
    #[error("the hub is overloaded")]
    Overloaded {
        /// Milliseconds to wait before trying again.
        retry_after_ms: u64,
    },
    /// The hub is stopping. Nothing was recorded.
    #[error("the hub is stopping")]
    Stopping,
    /// Something that the command needs did not answer. Nothing was recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The connection to the log was lost at commit: a repeat under the same key tells what came of it.
    #[error("it is not known whether the command was recorded: {0}")]
    OutcomeUnknown(#[source] Unavailable),
    /// The log holds something that nobody can have written.
    #[error("the stored event at position {position} is damaged: {what}")]
    Damaged {
        /// Where.
        position: u64,
        /// What is wrong.
        what: String,
    },
}

impl CommandError {
    /// A broken rule at a member of the request.
    pub fn invalid(pointer: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid { pointer: pointer.into(), rule: rule.into() }
    }

    /// The label under which the error is counted.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Refused(_) => "refused",
            Self::PreconditionFailed { .. } => "precondition_failed",
            Self::Contended => "contended",
            Self::KeyReused => "key_reused",
            Self::TooLarge { .. } => "too_large",
            Self::Invalid { .. } => "invalid",
            Self::NameTaken { .. } => "name_taken",
            Self::Overloaded { .. } => "overloaded",
            Self::Stopping => "stopping",
            Self::Unavailable(_) => "unavailable",
            Self::OutcomeUnknown(_) => "outcome_unknown",
            Self::Damaged { .. } => "damaged",
        }
    }

    /// Whether the command may have been recorded all the same, so that nothing of it may be undone.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown(_))
    }
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(cause) => Self::Unavailable(cause),
            LogError::Damaged { position, what } => Self::Damaged { position, what },
        }
    }
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Contended,
            AppendError::KeyReused => Self::KeyReused,
            AppendError::TooLarge { limit, size } => Self::TooLarge { limit, size },
            AppendError::Unfit(rule) => Self::invalid("", rule),
            AppendError::Overloaded { retry_after_ms } => Self::Overloaded { retry_after_ms },
            AppendError::Stopping => Self::Stopping,
            AppendError::Unavailable(cause) => Self::Unavailable(cause),
            AppendError::Unknown(cause) => Self::OutcomeUnknown(cause),
        }
    }
}

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> Self {
        Self::Unavailable(error.into())
    }
}
