//! Secrets, personal data, erasure and rotation.

use std::time::Duration;

use data_encoding::HEXLOWER;
use hub_commands::ports::{Vault, VaultError};
use hub_kit::Database;
use hub_postgres::{Kek, KekSource, Keyring, PgVault};
use secrecy::ExposeSecret as _;

use super::{connect, fresh, owner, tenant};

fn kek(byte: u8) -> Kek {
    Kek::load(KekSource::Text(HEXLOWER.encode(&[byte; 32]).into())).unwrap()
}

/// The vault as one more process opens it.
async fn unlock(database: &Database, keys: impl Into<Keyring>) -> Result<PgVault, VaultError> {
    PgVault::unlock(connect(database).writer, keys).await
}

fn bytes(text: &str) -> secrecy::SecretSlice<u8> {
    text.as_bytes().to_vec().into()
}

#[tokio::test]
async fn a_secret_is_kept_until_it_is_destroyed() {
    let (database, _) = fresh().await;
    let vault = unlock(&database, kek(1)).await.unwrap();
    let kept = vault.put(tenant(1), "cluster-credentials", bytes("token: hunter2")).await.unwrap();
    assert!(kept.reference.as_str().starts_with("cluster-credentials/"));
    assert_eq!(kept.fingerprint, vault.fingerprint(tenant(1), &bytes("token: hunter2")));
    assert_eq!(kept.fingerprint.len(), 32);

    let other = unlock(&database, kek(1)).await.unwrap();
    assert_eq!(other.fingerprint(tenant(1), &bytes("token: hunter2")), kept.fingerprint);
    assert_eq!(other.get(tenant(1), &kept.reference).await.unwrap().expose_secret(), b"token: hunter2");
    assert!(matches!(other.get(tenant(2), &kept.reference).await, Err(VaultError::NotFound)));

    other.destroy(tenant(2), &kept.reference).await.unwrap();
    vault.get(tenant(1), &kept.reference).await.unwrap();
    other.destroy(tenant(1), &kept.reference).await.unwrap();
    other.destroy(tenant(1), &kept.reference).await.unwrap();
    assert!(matches!(vault.get(tenant(1), &kept.reference).await, Err(VaultError::NotFound)));
}

#[tokio::test]
async fn nothing_stands_in_the_database_in_the_clear() {
    let (database, _) = fresh().await;
    let vault = unlock(&database, kek(1)).await.unwrap();
    vault.put(tenant(1), "cluster-credentials", bytes("token: hunter2")).await.unwrap();
    let sealed = vault.seal(tenant(1), "user_a", "ada@example.org").await.unwrap();
    assert!(!sealed.as_str().contains("ada"));
    let mut owner = owner(&database).await;
    for table in ["root_key", "secrets", "subject_keys"] {
        let rows: String = sqlx::query_scalar(&format!(
            "select coalesce(string_agg(t::text, ' '), '') from vault.{table} t"
        ))
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(!rows.is_empty(), "{table}");
        for text in ["hunter2", "ada@example.org"] {
            assert!(
                !rows.contains(text) && !rows.contains(&HEXLOWER.encode(text.as_bytes())),
                "{table} shows {text}"
            );
        }
        assert!(!rows.contains(&HEXLOWER.encode(&[1; 16])), "{table} shows the key-encryption key");
    }
}

#[tokio::test]
async fn a_hub_with_another_key_does_not_start() {
    let (database, _) = fresh().await;
    unlock(&database, kek(1)).await.unwrap();
    assert!(matches!(unlock(&database, kek(2)).await, Err(VaultError::Sealed)));
    unlock(&database, Keyring::from(kek(2)).with_older(kek(1))).await.unwrap();
}

#[tokio::test]
async fn processes_that_start_at_once_agree_on_what_they_derive() {
    let (database, _) = fresh().await;
    let starts = (0..8).map(|_| unlock(&database, kek(1)));
    let vaults = futures::future::try_join_all(starts).await.unwrap();
    for vault in &vaults {
        assert_eq!(vault.blind(tenant(1), "ada"), vaults[0].blind(tenant(1), "ada"));
        assert_eq!(
            vault.derive("access-token").expose_secret(),
            vaults[0].derive("access-token").expose_secret()
        );
    }
    let vault = &vaults[0];
    assert_ne!(vault.blind(tenant(1), "ada"), vault.blind(tenant(2), "ada"));
    assert_ne!(vault.blind(tenant(1), "ada"), vault.blind(tenant(1), "bob"));
    assert_ne!(vault.derive("access-token").expose_secret(), vault.derive("cursor").expose_secret());
    assert_eq!(vault.derive("access-token").expose_secret().len(), 32);
}

#[tokio::test]
async fn a_row_that_was_swapped_or_altered_does_not_open() {
    let (database, _) = fresh().await;
    let vault = unlock(&database, kek(1)).await.unwrap();
    let one = vault.put(tenant(1), "cluster-credentials", bytes("one")).await.unwrap().reference;
    let two = vault.put(tenant(1), "cluster-credentials", bytes("two")).await.unwrap().reference;
    let mut owner = owner(&database).await;
    let mut alter = async |statement: &str| {
        sqlx::query(statement).bind(one.as_str()).bind(two.as_str()).execute(&mut owner).await.unwrap();
    };
    let sealed = async || matches!(vault.get(tenant(1), &one).await, Err(VaultError::Sealed));

    let swap = "update vault.secrets a set sealed = b.sealed from vault.secrets b \
        where (a.reference, b.reference) in (($1, $2), ($2, $1))";
    alter(swap).await;
    assert!(sealed().await, "another's content");
    alter(swap).await;
    assert!(!sealed().await);

    let swap = "update vault.secrets a set wrapped_key = b.wrapped_key, sealed = b.sealed from vault.secrets b \
        where (a.reference, b.reference) in (($1, $2), ($2, $1))";
    alter(swap).await;
    assert!(sealed().await, "another's whole row");
    alter(swap).await;
    assert!(!sealed().await);

    let flip = "update vault.secrets set sealed = set_byte(sealed, 13, get_byte(sealed, 13) # 1) \
        where reference = $1 and $2 <> ''";
    alter(flip).await;
    assert!(sealed().await, "one bit");
    alter(flip).await;
    assert!(!sealed().await);

    alter("update vault.secrets set tenant = '00000000-0000-0000-0000-000000000002' where reference in ($1, $2)").await;
    assert!(matches!(vault.get(tenant(2), &one).await, Err(VaultError::Sealed)), "another tenant");
}

#[tokio::test]
async fn personal_data_opens_for_its_subject_only() {
    let (database, _) = fresh().await;
    let vault = unlock(&database, kek(1)).await.unwrap();
    let ada = vault.seal(tenant(1), "user_a", "ada@example.org").await.unwrap();
    let bob = vault.seal(tenant(1), "user_b", "bob@example.org").await.unwrap();
    assert_eq!(vault.open(tenant(1), "user_a", &ada).await.unwrap().expose_secret(), "ada@example.org");
    assert!(matches!(vault.open(tenant(1), "user_a", &bob).await, Err(VaultError::Sealed)));
    assert!(matches!(vault.open(tenant(2), "user_a", &ada).await, Err(VaultError::NotFound)));
    assert!(matches!(vault.open(tenant(1), "user_c", &ada).await, Err(VaultError::NotFound)));
    let long = "x".repeat(3000);
    let sealed = vault.seal(tenant(1), "user_a", &long).await.unwrap();
    assert_eq!(vault.open(tenant(1), "user_a", &sealed).await.unwrap().expose_secret(), long);
}

#[tokio::test]
async fn processes_that_seal_at_once_share_the_subjects_key() {
    let (database, _) = fresh().await;
    let starts = (0..4).map(|_| unlock(&database, kek(1)));
    let vaults = futures::future::try_join_all(starts).await.unwrap();
    let seals = vaults.iter().map(|vault| vault.seal(tenant(1), "user_a", "ada"));
    let sealed = futures::future::try_join_all(seals).await.unwrap();
    for text in &sealed {
        for vault in &vaults {
            assert_eq!(vault.open(tenant(1), "user_a", text).await.unwrap().expose_secret(), "ada");
        }
    }
}

#[tokio::test]
async fn what_was_erased_is_gone_everywhere_and_never_returns() {
    let (database, _) = fresh().await;
    let here = unlock(&database, kek(1)).await.unwrap();
    let there = unlock(&database, kek(1)).await.unwrap();
    let ada = here.seal(tenant(1), "user_a", "ada").await.unwrap();
    let bob = here.seal(tenant(1), "user_b", "bob").await.unwrap();
    there.open(tenant(1), "user_a", &ada).await.unwrap();

    here.erase(tenant(1), "user_a").await.unwrap();
    here.erase(tenant(1), "user_a").await.unwrap();
    assert!(matches!(here.open(tenant(1), "user_a", &ada).await, Err(VaultError::Erased)), "here at once");
    let forgotten = || async {
        matches!(there.open(tenant(1), "user_a", &ada).await, Err(VaultError::Erased)).then_some(())
    };
    let soon = Duration::from_secs(20);
    hub_kit::until(soon, forgotten).await.expect("another process forgets it, too");
    here.open(tenant(1), "user_b", &bob).await.unwrap();

    // The fence: neither a late append nor anybody by hand brings the subject back.
    assert!(matches!(here.seal(tenant(1), "user_a", "ada").await, Err(VaultError::Erased)));
    here.erase(tenant(1), "user_never_seen").await.unwrap();
    assert!(matches!(here.seal(tenant(1), "user_never_seen", "eve").await, Err(VaultError::Erased)));
    let mut owner = owner(&database).await;
    for statement in [
        "update vault.subject_keys set destroyed_at = null, kek_id = 'k', wrapped_key = '\\x00' where subject = 'user_a'",
        "delete from vault.subject_keys where subject = 'user_a'",
    ] {
        assert!(sqlx::query(statement).execute(&mut owner).await.is_err(), "{statement}");
    }
    let left: i64 = sqlx::query_scalar(
        "select count(*) from vault.subject_keys where subject = 'user_a' and wrapped_key is null and kek_id is null",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_new_key_encryption_key_takes_over_and_the_old_one_can_go() {
    let (database, _) = fresh().await;
    let before = unlock(&database, kek(1)).await.unwrap();
    let mut secrets = Vec::new();
    for number in 0..450 {
        // More than two batches.
        let secret = format!("secret {number}");
        secrets.push((
            before.put(tenant(number % 3), "cluster-credentials", bytes(&secret)).await.unwrap(),
            number,
            secret,
        ));
    }
    let ada = before.seal(tenant(1), "user_a", "ada").await.unwrap();
    let gone = before.seal(tenant(1), "user_gone", "gone").await.unwrap();
    before.erase(tenant(1), "user_gone").await.unwrap();
    let (blind, derived) = (before.blind(tenant(1), "ada"), before.derive("access-token"));

    let during = unlock(&database, Keyring::from(kek(2)).with_older(kek(1))).await.unwrap();
    during.get(tenant(0), &secrets[0].0.reference).await.unwrap();
    let done = during.rewrap().await.unwrap();
    assert_eq!(
        (done.rewrapped, done.unreadable),
        (1 + 450 + 1, 0),
        "the root, the secrets, the one living subject"
    );
    let again = during.rewrap().await.unwrap();
    assert_eq!((again.rewrapped, again.unreadable), (0, 0));

    assert!(matches!(unlock(&database, kek(1)).await, Err(VaultError::Sealed)), "the old key opens nothing");
    let after = unlock(&database, kek(2)).await.unwrap();
    for (kept, number, secret) in &secrets {
        let opened = after.get(tenant(number % 3), &kept.reference).await.unwrap();
        assert_eq!(opened.expose_secret(), secret.as_bytes());
        assert_eq!(after.fingerprint(tenant(number % 3), &opened), kept.fingerprint);
    }
    assert_eq!(after.open(tenant(1), "user_a", &ada).await.unwrap().expose_secret(), "ada");
    assert!(matches!(after.open(tenant(1), "user_gone", &gone).await, Err(VaultError::Erased)));
    assert_eq!(after.blind(tenant(1), "ada"), blind, "logins are still found");
    assert_eq!(after.derive("access-token").expose_secret(), derived.expose_secret(), "sessions go on");
}

#[tokio::test]
async fn a_rotation_counts_what_it_cannot_open_and_goes_on() {
    let (database, _) = fresh().await;
    let before = unlock(&database, kek(1)).await.unwrap();
    let mut kept = Vec::new();
    for _ in 0..5 {
        kept.push(before.put(tenant(1), "cluster-credentials", bytes("secret")).await.unwrap().reference);
    }
    sqlx::query("update vault.secrets set kek_id = 'lost' where reference = $1")
        .bind(kept[2].as_str())
        .execute(&mut owner(&database).await)
        .await
        .unwrap();
    let during = unlock(&database, Keyring::from(kek(2)).with_older(kek(1))).await.unwrap();
    let done = during.rewrap().await.unwrap();
    assert_eq!((done.rewrapped, done.unreadable), (1 + 4, 1));
    assert!(matches!(during.get(tenant(1), &kept[2]).await, Err(VaultError::Sealed)));
    during.get(tenant(1), &kept[4]).await.unwrap();
}

#[tokio::test]
async fn what_is_sealed_in_passing_opens_only_while_its_key_exists() {
    let (database, _) = fresh().await;
    let here = unlock(&database, kek(1)).await.unwrap();
    let there = unlock(&database, kek(1)).await.unwrap();
    let first = there.seal_in_passing(tenant(1), "user_a", "192.0.2.7").await.unwrap();
    assert_eq!(here.open(tenant(1), "user_a", &first).await.unwrap().expose_secret(), "192.0.2.7");

    here.erase(tenant(1), "user_a").await.unwrap();
    assert!(matches!(here.seal_in_passing(tenant(1), "user_a", "x").await, Err(VaultError::Erased)));
    // Another process may go on sealing for a while. Nobody opens it.
    let late = there.seal_in_passing(tenant(1), "user_a", "192.0.2.8").await.unwrap();
    for sealed in [&first, &late] {
        assert!(matches!(here.open(tenant(1), "user_a", sealed).await, Err(VaultError::Erased)));
    }
    let fresh = unlock(&database, kek(1)).await.unwrap();
    assert!(matches!(fresh.open(tenant(1), "user_a", &late).await, Err(VaultError::Erased)));
}
