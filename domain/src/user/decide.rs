//! What may be asked of a user's account, and what comes of it.

use std::collections::BTreeSet;

use super::events::{
    CommandRefused, Deleted, Disabled, Enabled, PasswordChanged, ProfileChanged, RefusalsCounted, Registered,
    RolesChanged, SignInRefused, SignedIn, SignedOut, UserEvent,
};
use super::state::{Account, Profile, Role, SignInRefusal, UserState};
use crate::kernel::{Ctx, Decider, UserId};
use crate::refusals;

/// The user aggregate.
#[derive(Debug)]
pub struct User;

/// What may be asked of a user's account.
#[derive(Clone, Debug, PartialEq)]
pub enum UserCommand {
    /// Let it come to be.
    Register(Account),
    /// Change who it is, what it may do and how it signs in.
    Change {
        /// The account's own id, to know when somebody changes themselves.
        id: UserId,
        /// What is to change.
        changes: Changes,
    },
    /// End it for good.
    Delete {
        /// The account's own id, to know when somebody deletes themselves.
        id: UserId,
    },
    /// A session began.
    SignIn {
        /// The session's id.
        session: String,
    },
    /// Somebody tried and was turned away.
    RefuseSignIn(SignInRefusal),
    /// A session ended.
    SignOut {
        /// The session's id.
        session: String,
    },
    /// Something else that they asked for was refused.
    NoteRefusal(CommandRefused),
    /// More was refused than is recorded one by one.
    CountRefusals(RefusalsCounted),
}

/// What is to change of an account; `None` leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Who it is.
    pub profile: Option<Profile>,
    /// What it may do.
    pub roles: Option<BTreeSet<Role>>,
    /// Whether it may sign in.
    pub enabled: Option<bool>,
    /// Whether its password is another one.
    pub password: bool,
}

refusals! {
    /// Why a command on a user was refused.
    pub enum UserRefusal {
        NotFound = "user-not-found", NotFound, "there is no such user";
        AlreadyExists = "user-exists", Conflict, "a user with this id exists already";
        Gone = "user-gone", Conflict, "the user has been deleted";
        NoRoles = "user-without-roles", Invalid, "a user needs at least one role", "/roles";
        OwnAccount = "own-account", Conflict, "nobody may take their own rights, disable or delete themselves; ask another administrator";
        Disabled = "user-disabled", Forbidden, "the account is disabled";
    }
}

impl Decider for User {
    const STREAM: &'static str = "user";
    type State = UserState;
    type Command = UserCommand;
    type Event = UserEvent;
    type Refusal = UserRefusal;

    fn initial() -> UserState {
        UserState::Absent
    }

    fn decide(state: &UserState, command: UserCommand, ctx: &Ctx) -> Result<Vec<UserEvent>, UserRefusal> {
        if let UserCommand::Register(account) = command {
            return register(state, account);
        }
        let account = match state {
            UserState::Absent => return Err(UserRefusal::NotFound),
            UserState::Deleted if matches!(command, UserCommand::Delete { .. }) => return Ok(vec![]),
            UserState::Deleted => return Err(UserRefusal::Gone),
            UserState::Active(account) | UserState::Disabled(account) => account,
        };
        let active = matches!(state, UserState::Active(_));
        match command {
            UserCommand::Register(_) => unreachable!("answered above"),
            UserCommand::Change { id, changes } => {
                change(account, active, ctx.actor.as_str() == id.to_string(), changes)
            }
            UserCommand::Delete { id } if ctx.actor.as_str() == id.to_string() => {
                Err(UserRefusal::OwnAccount)
            }
            UserCommand::Delete { .. } => Ok(vec![UserEvent::Deleted(Deleted {})]),
            UserCommand::SignIn { session } if active => Ok(vec![UserEvent::SignedIn(SignedIn { session })]),
            UserCommand::SignIn { .. } => Err(UserRefusal::Disabled),
            UserCommand::RefuseSignIn(cause) => Ok(vec![UserEvent::SignInRefused(SignInRefused { cause })]),
            UserCommand::SignOut { session } => Ok(vec![UserEvent::SignedOut(SignedOut { session })]),
            UserCommand::NoteRefusal(refused) => Ok(vec![UserEvent::CommandRefused(refused)]),
            UserCommand::CountRefusals(counted) => Ok(vec![UserEvent::RefusalsCounted(counted)]),
        }
    }

    fn evolve(state: UserState, event: &UserEvent) -> UserState {
        match (event, state) {
            (UserEvent::Registered(body), _) => {
                UserState::Active(Account { profile: body.profile.clone(), roles: body.roles.clone() })
            }
            (UserEvent::Disabled(_), UserState::Active(account)) => UserState::Disabled(account),
            (UserEvent::Enabled(_), UserState::Disabled(account)) => UserState::Active(account),
            (UserEvent::Deleted(_), _) => UserState::Deleted,
            (UserEvent::ProfileChanged(body), UserState::Active(account)) => {
                UserState::Active(Account { profile: body.profile.clone(), ..account })
            }
            (UserEvent::ProfileChanged(body), UserState::Disabled(account)) => {
                UserState::Disabled(Account { profile: body.profile.clone(), ..account })
            }
            (UserEvent::RolesChanged(body), UserState::Active(account)) => {
                UserState::Active(Account { roles: body.to.clone(), ..account })
            }
            (UserEvent::RolesChanged(body), UserState::Disabled(account)) => {
                UserState::Disabled(Account { roles: body.to.clone(), ..account })
            }
            (_, state) => state,
        }
    }
}

fn register(state: &UserState, account: Account) -> Result<Vec<UserEvent>, UserRefusal> {
    match state {
        UserState::Absent if account.roles.is_empty() => Err(UserRefusal::NoRoles),
        UserState::Absent => {
            Ok(vec![UserEvent::Registered(Registered { profile: account.profile, roles: account.roles })])
        }
        UserState::Deleted => Err(UserRefusal::Gone),
        _ if state.account() == Some(&account) => Ok(vec![]),
        _ => Err(UserRefusal::AlreadyExists),
    }
}

fn change(
    account: &Account,
    active: bool,
    own: bool,
    changes: Changes,
) -> Result<Vec<UserEvent>, UserRefusal> {
    let mut events = vec![];
    if let Some(profile) = changes.profile.filter(|profile| *profile != account.profile) {
        events.push(UserEvent::ProfileChanged(ProfileChanged { profile }));
    }
    if let Some(to) = changes.roles.filter(|roles| *roles != account.roles) {
        if to.is_empty() {
            return Err(UserRefusal::NoRoles);
        }
        if own {
            return Err(UserRefusal::OwnAccount);
        }
        events.push(UserEvent::RolesChanged(RolesChanged { from: account.roles.clone(), to }));
    }
    match changes.enabled {
        Some(false) if active && own => return Err(UserRefusal::OwnAccount),
        Some(false) if active => events.push(UserEvent::Disabled(Disabled {})),
        Some(true) if !active => events.push(UserEvent::Enabled(Enabled {})),
        _ => {}
    }
    if changes.password {
        events.push(UserEvent::PasswordChanged(PasswordChanged {}));
    }
    Ok(events)
}
