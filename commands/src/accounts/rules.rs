//! What an e-mail address, a name and a password must be, and the making of secrets.

use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::CommandError;
use crate::ports::Ids;

/// Trims and lowercases; 3 to 254 characters (RFC 5321, section 4.5.3.1.3) with one `@` that has text on both sides.
pub fn email(text: &SecretString) -> Option<SecretString> {
    let text = Zeroizing::new(text.expose_secret().trim().to_lowercase());
    let (local, domain) = text.split_once('@')?;
    let fits = (3..=254).contains(&text.chars().count())
        && !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    fits.then(|| SecretString::from(text.as_str()))
}

/// As [`email`], with the answer for a caller.
pub fn checked_email(text: &SecretString) -> Result<SecretString, CommandError> {
    let rule = "must be an e-mail address: 3 to 254 characters, one '@', no spaces or control characters";
    email(text).ok_or_else(|| CommandError::invalid("/email", rule))
}

/// Trims; 1 to 200 characters without control characters.
pub fn display_name(text: &SecretString) -> Result<SecretString, CommandError> {
    let text = text.expose_secret().trim();
    if (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(SecretString::from(text));
    }
    let rule = "must be 1 to 200 characters, not blank, without control characters";
    Err(CommandError::invalid("/display_name", rule))
}

/// 12 to 256 characters and not the e-mail address (NIST SP 800-63B, section 5.1.1: length, not composition).
pub fn password(text: &SecretString, email: Option<&SecretString>) -> Result<(), CommandError> {
    let broken = |rule: &str| Err(CommandError::invalid("/password", rule));
    let exposed = text.expose_secret();
    if !(12..=256).contains(&exposed.chars().count()) {
        return broken("must be 12 to 256 characters");
    }
    let lowercase = Zeroizing::new(exposed.trim().to_lowercase());
    if email.is_some_and(|email| email.expose_secret() == lowercase.as_str()) {
        return broken("must not be the e-mail address");
    }
    Ok(())
}

/// 32 characters that cannot be taken for one another, so that 5 bits choose one evenly.
const READABLE: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// 20 readable characters: 100 bits.
pub fn one_time_password(ids: &dyn Ids) -> SecretString {
    let mut bytes = Zeroizing::new([0_u8; 20]);
    ids.fill(&mut *bytes);
    let text: String = bytes.iter().map(|byte| char::from(READABLE[usize::from(byte & 31)])).collect();
    SecretString::from(text)
}

/// A fresh refresh token: 32 random bytes in base64url, and the hash under which alone it is kept.
pub fn refresh_token(ids: &dyn Ids) -> (SecretString, [u8; 32]) {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    ids.fill(&mut *bytes);
    (SecretString::from(BASE64URL_NOPAD.encode(&*bytes)), Sha256::digest(*bytes).into())
}

/// The hash under which a presented refresh token would be kept; `None` when it cannot be one.
pub fn refresh_hash(token: &SecretString) -> Option<[u8; 32]> {
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(token.expose_secret().as_bytes()).ok()?);
    (bytes.len() == 32).then(|| Sha256::digest(&*bytes).into())
}
