//! Database errors, cut down to what a log may show.

use hub_commands::ports::Unavailable;

/// A database error without the values that `PostgreSQL` puts into its DETAIL lines.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
struct Reported {
    message: String,
    code: String,
}

/// Turns a database error into the ports' own. `what` names the store: `"session store"`.
pub(crate) fn unavailable(what: &'static str) -> impl Fn(sqlx::Error) -> Unavailable + Copy {
    move |cause| match cause {
        sqlx::Error::Database(error) => {
            let code = error.code().map_or_else(|| "unknown".to_owned(), std::borrow::Cow::into_owned);
            Unavailable::new(what, Reported { message: error.message().to_owned(), code })
        }
        cause => Unavailable::new(what, cause),
    }
}

/// A stored value that cannot be what was written.
pub(crate) fn damaged(what: &'static str, rule: &'static str) -> Unavailable {
    Unavailable::new(what, format!("a stored row is damaged: {rule}"))
}
