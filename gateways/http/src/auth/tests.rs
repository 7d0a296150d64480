use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hub_commands::access::Grant;
use hub_commands::ports::{Clock, Session, Unavailable};
use hub_domain::kernel::{TenantId, TypedId as _, UserId};
use hub_domain::user::Role;
use secrecy::{ExposeSecret as _, SecretSlice};
use uuid::Uuid;

use super::{Living, Sessions, TokenError, Tokens};

/// A clock that stands where a test puts it.
struct At(AtomicI64);

impl Clock for At {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).unwrap()
    }
}

const START: i64 = 1_780_000_000;

fn tokens(key: u8) -> (Tokens, Arc<At>) {
    let clock = Arc::new(At(AtomicI64::new(START)));
    (Tokens::new(&SecretSlice::from(vec![key; 32]), Arc::<At>::clone(&clock)), clock)
}

fn session(minutes: i64) -> Session {
    Session {
        id: Uuid::from_u128(7),
        user: UserId::from_uuid(Uuid::from_u128(1)),
        tenant: TenantId::from_uuid(Uuid::from_u128(2)),
        expires_at: DateTime::from_timestamp(START, 0).unwrap() + TimeDelta::minutes(minutes),
    }
}

fn roles() -> BTreeSet<Role> {
    [Role::Operator].into()
}

#[test]
fn a_token_names_its_caller_until_its_time_has_passed() {
    let (tokens, clock) = tokens(1);
    let issued = tokens.issue(&session(600), &roles());
    assert_eq!(issued.expires_in, 900);
    let token = issued.token.expose_secret();

    let caller = tokens.check(token).unwrap();
    assert_eq!(caller.actor.as_str(), session(600).user.to_string());
    assert_eq!(caller.tenant, session(600).tenant);
    assert_eq!(caller.grant, Grant::User { roles: roles(), session: Uuid::from_u128(7) });

    clock.0.store(START + 899, Ordering::Relaxed);
    assert!(tokens.check(token).is_ok());
    clock.0.store(START + 900, Ordering::Relaxed);
    assert_eq!(tokens.check(token), Err(TokenError::Expired));
}

#[test]
fn a_token_never_outlives_its_session() {
    let (tokens, clock) = tokens(1);
    let issued = tokens.issue(&session(2), &roles());
    assert_eq!(issued.expires_in, 120);
    clock.0.store(START + 120, Ordering::Relaxed);
    assert_eq!(tokens.check(issued.token.expose_secret()), Err(TokenError::Expired));
}

#[test]
fn no_other_key_algorithm_or_kind_of_token_passes() {
    let (tokens, _) = tokens(1);
    let token = tokens.issue(&session(600), &roles()).token.expose_secret().to_owned();
    let (other, _) = self::tokens(2);
    assert_eq!(other.check(&token), Err(TokenError::Invalid));

    let parts: Vec<_> = token.split('.').collect();
    let header = |json: &str| URL_SAFE_NO_PAD.encode(json);
    for forged in [
        // RFC 8725, section 2.1: no signature, and an algorithm of the attacker's choice.
        format!("{}.{}.", header(r#"{"typ":"at+jwt","alg":"none"}"#), parts[1]),
        format!("{}.{}.{}", header(r#"{"typ":"at+jwt","alg":"none"}"#), parts[1], parts[2]),
        format!("{}.{}.{}", header(r#"{"typ":"at+jwt","alg":"HS512"}"#), parts[1], parts[2]),
        format!("{}.{}.{}", header(r#"{"typ":"JWT","alg":"HS256"}"#), parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        String::new(),
        "a".repeat(5000),
    ] {
        assert_eq!(tokens.check(&forged), Err(TokenError::Invalid), "{forged}");
    }

    // A token that this very key signed, but for another purpose.
    let key = jsonwebtoken::EncodingKey::from_secret(&[1; 32]);
    let mut claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let plain = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let access = jsonwebtoken::Header { typ: Some("at+jwt".into()), ..plain.clone() };
    let sign = |header: &_, claims: &serde_json::Value| jsonwebtoken::encode(header, claims, &key).unwrap();
    assert!(tokens.check(&sign(&access, &claims)).is_ok());
    assert_eq!(tokens.check(&sign(&plain, &claims)), Err(TokenError::Invalid));
    for (claim, wrong) in [("iss", "somebody"), ("aud", "another-api"), ("sub", "user_1"), ("tenant", "")] {
        let right = std::mem::replace(&mut claims[claim], wrong.into());
        assert_eq!(tokens.check(&sign(&access, &claims)), Err(TokenError::Invalid), "{claim}");
        claims[claim] = right;
    }
    claims.as_object_mut().unwrap().remove("exp");
    assert_eq!(tokens.check(&sign(&access, &claims)), Err(TokenError::Invalid));
}

#[test]
fn each_flipped_bit_of_a_token_is_noticed() {
    let (tokens, _) = tokens(1);
    let token = tokens.issue(&session(600), &roles()).token.expose_secret().to_owned();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] ^= 1;
        // The last character of a part carries unused bits; a strict decoder refuses them as well.
        assert!(tokens.check(&String::from_utf8(bytes).unwrap()).is_err(), "byte {at}");
    }
}

/// Counts how often it is asked.
struct Store {
    asked: AtomicUsize,
    lives: bool,
}

#[async_trait]
impl Living for Store {
    async fn alive(&self, _: TenantId, _: Uuid) -> Result<bool, Unavailable> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.lives)
    }
}

#[tokio::test]
async fn the_store_is_asked_once_and_again_after_the_session_was_ended() {
    let store = Arc::new(Store { asked: AtomicUsize::new(0), lives: true });
    let sessions = Sessions::new(Arc::<Store>::clone(&store));
    let (tenant, id) = (TenantId::from_uuid(Uuid::from_u128(1)), Uuid::from_u128(2));
    for _ in 0..3 {
        assert!(sessions.alive(tenant, id).await.unwrap());
    }
    assert_eq!(store.asked.load(Ordering::Relaxed), 1);
    sessions.forget(tenant, id).await;
    assert!(sessions.alive(tenant, id).await.unwrap());
    assert_eq!(store.asked.load(Ordering::Relaxed), 2);
}
