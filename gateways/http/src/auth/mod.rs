//! Who is calling: access tokens, and whether their sessions still live.

pub mod browser;
mod sessions;
mod signed;
mod tokens;

pub use sessions::{Living, Sessions};
pub use signed::Signed;
pub use tokens::{AccessToken, TokenError, Tokens};

#[cfg(test)]
mod tests;
