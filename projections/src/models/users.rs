//! `read.users`: every account, each version of it. Who stands behind it stays sealed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use hub_domain::kernel::Sealed;
use hub_domain::user::{Role, UserEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Body, Event, Poison};
use crate::projection::{Key, Kind, Projection};

/// The projection of users.
#[derive(Debug)]
pub struct Users;

/// One version of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserAccount {
    /// The tenant.
    pub tenant: Uuid,
    /// The user's id.
    pub id: String,
    /// `active`, `disabled` or `deleted`.
    pub status: String,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
    /// The e-mail address, sealed; `None` once the user is deleted.
    pub email_sealed: Option<Sealed>,
    /// The name to show, sealed; `None` once the user is deleted.
    pub display_name_sealed: Option<Sealed>,
    /// The stream's revision.
    pub revision: u64,
    /// When the account came to be.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub created_by: String,
    /// When the account last changed; a sign-in does not change it.
    pub updated_at: DateTime<Utc>,
    /// Who changed it.
    pub updated_by: String,
    /// When the user last signed in.
    pub last_signed_in_at: Option<DateTime<Utc>>,
    /// The newest event in the row.
    pub position: u64,
    /// When that was recorded. Rows that code of version 1 wrote have none.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Projection for Users {
    const NAME: &'static str = "users";
    const VERSION: u32 = 2;
    const KIND: Kind = Kind::Versioned;
    type Row = UserAccount;

    fn key(event: &Event) -> Option<Key> {
        (event.aggregate() == "user").then(|| Key::of(event))
    }

    fn fold(row: Option<UserAccount>, event: &Event) -> Result<UserAccount, Poison> {
        let Body::User(body) = event.body()? else {
            return Err(event.poison("it stands in a user's stream and is no event of a user"));
        };
        let mut row = match (row, body) {
            (_, UserEvent::Registered(body)) => UserAccount {
                tenant: event.recorded.tenant,
                id: event.recorded.stream.clone(),
                status: "active".into(),
                roles: body.roles.clone(),
                email_sealed: Some(body.profile.email.clone()),
                display_name_sealed: Some(body.profile.display_name.clone()),
                revision: 0,
                created_at: event.time()?,
                created_by: event.recorded.actor.clone(),
                updated_at: event.time()?,
                updated_by: event.recorded.actor.clone(),
                last_signed_in_at: None,
                position: 0,
                recorded_at: None,
            },
            (Some(row), _) => row,
            (None, _) => return Err(event.poison("no earlier event tells of this user")),
        };
        let account = match body {
            UserEvent::SignedIn(_) => {
                row.last_signed_in_at = Some(event.time()?);
                false
            }
            UserEvent::SignInRefused(_)
            | UserEvent::SignedOut(_)
            | UserEvent::CommandRefused(_)
            | UserEvent::RefusalsCounted(_) => false,
            UserEvent::Registered(_) | UserEvent::PasswordChanged(_) => true,
            UserEvent::ProfileChanged(body) => {
                row.email_sealed = Some(body.profile.email.clone());
                row.display_name_sealed = Some(body.profile.display_name.clone());
                true
            }
            UserEvent::RolesChanged(body) => {
                row.roles.clone_from(&body.to);
                true
            }
            UserEvent::Disabled(_) => {
                row.status = "disabled".into();
                true
            }
            UserEvent::Enabled(_) => {
                row.status = "active".into();
                true
            }
            UserEvent::Deleted(_) => {
                row.status = "deleted".into();
                (row.email_sealed, row.display_name_sealed) = (None, None);
                true
            }
        };
        if account {
            row.updated_at = event.time()?;
            row.updated_by.clone_from(&event.recorded.actor);
        }
        row.revision = event.recorded.revision;
        row.position = event.recorded.position;
        row.recorded_at = Some(event.time()?);
        Ok(row)
    }
}
