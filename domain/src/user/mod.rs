//! A user of a tenant: who they are (sealed), what they may do, and their comings and goings.

mod decide;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{Changes, User, UserCommand, UserRefusal};
pub use events::{
    CommandRefused, Deleted, Disabled, Enabled, PasswordChanged, ProfileChanged, RefusalsCounted, RefusedAs,
    Registered, RolesChanged, SignInRefused, SignedIn, SignedOut, UserEvent,
};
pub use state::{Account, Profile, Role, SignInRefusal, UserState};
