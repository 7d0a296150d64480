//! Access tokens: JWT (RFC 7519, profile of RFC 9068), HMAC-SHA-256 under a key that the vault derives, 15 minutes.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use hub_commands::Caller;
use hub_commands::access::Grant;
use hub_commands::ports::{Clock, Session};
use hub_domain::kernel::{Actor, TenantId, UserId};
use hub_domain::user::Role;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "clustermaster";
const AUDIENCE: &str = "clustermaster-api";
/// RFC 9068, section 2.1: no other JWT of this hub may pass for an access token.
const TYPE: &str = "at+jwt";
const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// No token of ours is longer; what is longer is not looked at.
const LONGEST: usize = 4096;

/// Issues and checks access tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    clock: Arc<dyn Clock>,
}

/// A fresh access token.
pub struct AccessToken {
    /// The compact form.
    pub token: SecretString,
    /// Seconds for which it holds.
    pub expires_in: i64,
}

/// Why a token was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not one of ours.
    #[error("the access token is not valid")]
    Invalid,
    /// Its time has passed.
    #[error("the access token has expired")]
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    tenant: TenantId,
    roles: BTreeSet<Role>,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

impl Tokens {
    /// `key` is what [`hub_commands::ports::Vault::derive`] gives for `"access-token"`.
    pub fn new(key: &SecretSlice<u8>, clock: Arc<dyn Clock>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would ask the system's clock; ours decides, below.
        validation.validate_exp = false;
        Self {
            signing: EncodingKey::from_secret(key.expose_secret()),
            checking: DecodingKey::from_secret(key.expose_secret()),
            validation,
            clock,
        }
    }

    /// A token for a session; it never outlives it.
    pub fn issue(&self, session: &Session, roles: &BTreeSet<Role>) -> AccessToken {
        let now = self.clock.now();
        let until = (now + LIFETIME).min(session.expires_at);
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: session.user,
            tenant: session.tenant,
            roles: roles.clone(),
            sid: session.id,
            iat: now.timestamp(),
            exp: until.timestamp(),
        };
        let header = Header { typ: Some(TYPE.into()), ..Header::new(Algorithm::HS256) };
        let token =
            jsonwebtoken::encode(&header, &claims, &self.signing).expect("an HMAC key signs any claims");
        AccessToken { token: token.into(), expires_in: (until - now).num_seconds().max(0) }
    }

    /// Who stands behind a token. Whether the session still lives is another question: [`super::Sessions`].
    pub fn check(&self, token: &str) -> Result<Caller, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Invalid);
        }
        let data = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation)
            .map_err(|_| TokenError::Invalid)?;
        if data.header.typ.as_deref() != Some(TYPE) {
            return Err(TokenError::Invalid);
        }
        if data.claims.exp <= self.clock.now().timestamp() {
            return Err(TokenError::Expired);
        }
        let Claims { sub, tenant, roles, sid, .. } = data.claims;
        let actor = Actor::new(sub.to_string()).map_err(|_| TokenError::Invalid)?;
        Ok(Caller { actor, tenant, grant: Grant::User { roles, session: sid } })
    }
}
