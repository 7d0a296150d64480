use super::super::rules;
use super::*;

#[test]
fn an_email_address_is_trimmed_lowercased_and_checked() {
    let read = |text: &str| rules::email(&text.into()).map(|email| exposed(&email).to_owned());
    assert_eq!(read("  Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
    assert_eq!(read("a@b").as_deref(), Some("a@b"));
    for wrong in ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\u{7}", "a\n@b"] {
        assert_eq!(read(wrong), None, "{wrong:?}");
    }
    assert!(read(&format!("{}@b", "a".repeat(252))).is_some());
    assert!(read(&format!("{}@b", "a".repeat(253))).is_none());
}

#[test]
fn a_display_name_is_bounded_and_printable() {
    assert_eq!(exposed(&rules::display_name(&" Ada ".into()).unwrap()), "Ada");
    assert!(rules::display_name(&"ä".repeat(200).as_str().into()).is_ok());
    for wrong in ["", "   ", "a\u{0}b", &"a".repeat(201)] {
        let result = rules::display_name(&wrong.into());
        assert!(
            matches!(result, Err(CommandError::Invalid { ref pointer, .. }) if pointer == "/display_name")
        );
    }
}

#[test]
fn a_password_is_long_and_not_the_email_address() {
    let email: SecretString = "somebody@example.org".into();
    assert!(rules::password(&"twelve chars".into(), Some(&email)).is_ok());
    assert!(rules::password(&"ä".repeat(256).as_str().into(), None).is_ok());
    for wrong in ["eleven char", &"a".repeat(257), "Somebody@Example.org", " somebody@example.org "] {
        assert!(rules::password(&wrong.into(), Some(&email)).is_err(), "{wrong:?}");
    }
}

#[test]
fn one_time_passwords_are_readable_and_never_the_same() {
    let world = World::new();
    let one = rules::one_time_password(&*world.ids);
    let other = rules::one_time_password(&*world.ids);
    assert_ne!(exposed(&one), exposed(&other));
    assert_eq!(exposed(&one).len(), 20);
    assert!(!exposed(&one).contains(['0', 'O', '1', 'I']));
    assert!(rules::password(&one, None).is_ok());
}

#[test]
fn a_refresh_token_is_found_again_by_its_hash_only() {
    let world = World::new();
    let (token, hash) = rules::refresh_token(&*world.ids);
    assert_eq!(rules::refresh_hash(&token), Some(hash));
    assert_eq!(exposed(&token).len(), 43, "256 bits and nothing else");
    for wrong in ["", "short", "ä", &"A".repeat(44), &format!("{}=", exposed(&token))] {
        assert_eq!(rules::refresh_hash(&wrong.into()), None, "{wrong:?}");
    }
}
