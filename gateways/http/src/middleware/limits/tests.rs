use std::net::IpAddr;

use axum::http::HeaderMap;
use hub_domain::kernel::{Actor, TenantId, TypedId as _};
use uuid::Uuid;

use super::Limits;
use crate::problem::Entry;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_user_is_turned_away_after_the_last_request_and_told_when_to_come_back() {
    let limits = Limits::new(5);
    let (tenant, actor) = (TenantId::from_uuid(Uuid::nil()), Actor::new("user_a").unwrap());
    for left in (0..5).rev() {
        assert_eq!(limits.user(tenant, &actor).unwrap().remaining, left);
    }
    let (problem, left) = *limits.user(tenant, &actor).unwrap_err();
    assert_eq!(problem.entry(), Entry::RATE_LIMITED);
    // Five a minute: the next one is due within twelve seconds.
    assert!((1..=12).contains(&left.reset), "{left:?}");
    let mut headers = HeaderMap::new();
    left.write(&mut headers);
    assert_eq!(headers["ratelimit-limit"], "5");
    assert_eq!(headers["ratelimit-remaining"], "0");

    // Nobody else pays for it.
    limits.user(tenant, &Actor::new("user_b").unwrap()).unwrap();
    limits.user(TenantId::from_uuid(Uuid::max()), &actor).unwrap();
    limits.address(address("192.0.2.1")).unwrap();
}

#[test]
fn an_address_is_one_sender_however_it_is_written() {
    let limits = Limits::new(2);
    for same in ["2001:db8::1", "2001:db8::ffff:2"] {
        limits.address(address(same)).unwrap();
    }
    limits.address(address("2001:db8::3")).unwrap_err();
    limits.address(address("2001:db8:0:1::3")).unwrap();

    for same in ["192.0.2.1", "::ffff:192.0.2.1"] {
        limits.address(address(same)).unwrap();
    }
    limits.address(address("192.0.2.1")).unwrap_err();
}

#[test]
fn guessing_one_password_from_many_addresses_meets_a_limit() {
    let limits = Limits::new(1000);
    for n in 0..10 {
        limits.sign_in(address(&format!("192.0.2.{n}")), "default", "someone@example.org").unwrap();
    }
    let problem = limits.sign_in(address("192.0.2.99"), "default", " SomeOne@example.org ").unwrap_err();
    assert_eq!(problem.entry(), Entry::RATE_LIMITED);
    limits.sign_in(address("192.0.2.99"), "another", "someone@example.org").unwrap();
}

#[test]
fn guessing_many_passwords_from_one_address_meets_a_limit() {
    let limits = Limits::new(1000);
    for n in 0..60 {
        limits.sign_in(address("192.0.2.1"), "default", &format!("user{n}@example.org")).unwrap();
    }
    limits.sign_in(address("192.0.2.1"), "default", "user60@example.org").unwrap_err();
}
