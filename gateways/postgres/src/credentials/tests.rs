use std::time::Duration;

use super::*;

fn store() -> PgCredentials {
    // Never connects: hashing needs no database.
    PgCredentials::new(PgPool::connect_lazy("postgresql://nobody@localhost:1/nothing").unwrap())
}

#[tokio::test]
async fn a_password_fits_its_own_hash_only() {
    let store = store();
    let hash = store.hash("correct horse".into()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(store.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
    assert!(!store.verify("correct hors".into(), Some(hash.clone())).await.unwrap());
    let again = store.hash("correct horse".into()).await.unwrap();
    assert_ne!(hash, again, "each hash has its own salt");
}

#[tokio::test]
async fn nobody_costs_what_somebody_costs_and_is_never_right() {
    let somebody = argon2id().hash_password_with_salt(b"secret", b"sixteen byte salt").unwrap();
    let nobody = PasswordHash::new(NOBODY).unwrap();
    assert_eq!(nobody.params, somebody.params);
    assert_eq!(nobody.algorithm, somebody.algorithm);
    assert_eq!(nobody.version, somebody.version);
    assert_eq!(nobody.hash.map(|hash| hash.len()), somebody.hash.map(|hash| hash.len()));
    assert!(!store().verify("anything".into(), None).await.unwrap());
}

#[tokio::test]
async fn a_damaged_hash_is_an_error_not_a_wrong_password() {
    let told = store().verify("secret".into(), Some("$argon2id$v=19$damaged".into())).await.unwrap_err();
    assert!(!told.to_string().contains("secret"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_gives_up_keeps_the_turn_until_the_work_is_done() {
    let store = store();
    let (finish, wait) = std::sync::mpsc::channel::<()>();
    let given_up = store.work(move || {
        wait.recv().ok();
        Ok(())
    });
    assert!(tokio::time::timeout(Duration::from_millis(50), given_up).await.is_err());
    assert_eq!(store.turns.available_permits(), AT_ONCE - 1, "the thread still works");
    finish.send(()).unwrap();
    let all = store.turns.acquire_many(AT_ONCE as u32).await.unwrap();
    drop(all);
}
