use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use hub_domain::kernel::{TenantId, TypedId as _};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::envelope::{Content, Key, Place, open, open_key, seal};
use super::kek::{Kek, KekError, KekSource, Keyring};
use super::{derived, root_place};
use crate::secret_file::SecretFileError;

fn alice() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn bob() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(2))
}

fn secret(name: &str) -> Place<'_> {
    Place { content: Content::Secret, tenant: alice(), name }
}

fn key(byte: u8) -> Key {
    Key::from_slice(&[byte; 32]).unwrap()
}

mod boxes {
    use super::*;

    #[test]
    fn what_was_put_in_comes_out() {
        for plain in [b"".as_slice(), b"x", &vec![7; 70_000]] {
            let sealed = seal(&key(1), secret("a"), plain);
            assert_eq!(sealed.len(), 1 + 12 + plain.len() + 16);
            assert_eq!(open(&key(1), secret("a"), &sealed).unwrap().expose_secret(), plain);
        }
    }

    #[test]
    fn a_box_of_another_implementation_opens() {
        // Python's `cryptography`: key 32 times 01, nonce 00..0b, and the place as it is written in `Place::aad`.
        let sealed = "01000102030405060708090a0bcbcaf44f4eaaebb9f40d89680432ad57fe976baed9";
        let sealed = HEXLOWER.decode(sealed.as_bytes()).unwrap();
        assert_eq!(open(&key(1), secret("a"), &sealed).unwrap().expose_secret(), b"plain");
    }

    #[test]
    fn no_two_boxes_are_alike() {
        assert_ne!(seal(&key(1), secret("a"), b"same"), seal(&key(1), secret("a"), b"same"));
    }

    #[test]
    fn a_box_opens_with_its_key_in_its_place_only() {
        let sealed = seal(&key(1), secret("ab"), b"plain");
        assert!(open(&key(2), secret("ab"), &sealed).is_err(), "another key");
        assert!(open(&key(1), secret("a"), &sealed).is_err(), "another name");
        assert!(open(&key(1), Place { tenant: bob(), ..secret("ab") }, &sealed).is_err(), "another tenant");
        for content in [Content::RootKey, Content::DataKey, Content::SubjectKey, Content::PersonalData] {
            assert!(open(&key(1), Place { content, ..secret("ab") }, &sealed).is_err(), "another content");
        }
        assert!(open(&key(1), secret("ab"), &sealed).is_ok());
    }

    #[test]
    fn every_bit_counts() {
        let sealed = seal(&key(1), secret("a"), b"plain");
        for position in 0..sealed.len() {
            for bit in 0..8 {
                let mut altered = sealed.clone();
                altered[position] ^= 1 << bit;
                assert!(open(&key(1), secret("a"), &altered).is_err(), "byte {position}, bit {bit}");
            }
        }
        for length in 0..sealed.len() {
            assert!(open(&key(1), secret("a"), &sealed[..length]).is_err(), "cut to {length}");
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert!(open(&key(1), secret("a"), &longer).is_err());
    }

    #[test]
    fn a_box_of_another_length_holds_no_key() {
        let sealed = seal(&key(1), secret("a"), &[0; 31]);
        assert!(open_key(&key(1), secret("a"), &sealed).is_err());
    }
}

mod derivation {
    use super::*;

    #[test]
    fn it_is_the_first_block_of_hkdf_expand() {
        // RFC 5869, appendix A.1.
        let prk =
            HEXLOWER.decode(b"077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5").unwrap();
        let info = HEXLOWER.decode(b"f0f1f2f3f4f5f6f7f8f9").unwrap();
        let okm = Key::from_slice(&prk).unwrap().expand(&[&info[..3], &info[3..]]);
        let wanted = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        assert_eq!(HEXLOWER.encode(okm.bytes()), wanted);
    }

    #[test]
    fn each_purpose_and_each_root_has_its_own() {
        let made = [derived(&key(1), "a"), derived(&key(1), "b"), derived(&key(2), "a")];
        for (number, one) in made.iter().enumerate() {
            assert!(made[..number].iter().all(|other| other.bytes() != one.bytes()));
        }
        assert_eq!(derived(&key(1), "a").bytes(), made[0].bytes());
    }

    #[test]
    fn a_digest_is_stable_within_a_tenant_and_differs_between_tenants() {
        let digests = derived(&key(1), "fingerprint");
        assert_eq!(digests.digest(alice(), b"same"), digests.digest(alice(), b"same"));
        assert_ne!(digests.digest(alice(), b"same"), digests.digest(bob(), b"same"));
        assert_ne!(digests.digest(alice(), b"same"), digests.digest(alice(), b"other"));
        // Pinned (and computed with Python's hmac): a fingerprint stands in the ledger for ever.
        let fingerprint = HEXLOWER.encode(&digests.digest(alice(), b"same")[..16]);
        assert_eq!(fingerprint, "f23171ad0f87efa588cc25a6706e58e1");
    }
}

mod keks {
    use super::*;

    fn text(text: &str) -> KekSource {
        KekSource::Text(text.to_owned().into())
    }

    #[test]
    fn base64_and_hexadecimal_name_the_same_key() {
        let bytes = [0xab; 32];
        let padded = BASE64.encode(&bytes);
        let ids: Vec<String> = [
            padded.clone(),
            padded.trim_end_matches('=').to_owned(),
            HEXLOWER.encode(&bytes),
            HEXUPPER.encode(&bytes),
            format!(" {padded}\n"),
        ]
        .iter()
        .map(|form| Kek::load(text(form)).unwrap().id().to_owned())
        .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(ids[0].len(), 16);
        // Pinned: ids stand in the database.
        assert_eq!(Kek::load(text(&HEXLOWER.encode(&[1; 32]))).unwrap().id(), "59c97d70ab859a7f");
        assert_ne!(Kek::generate().id(), Kek::generate().id());
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        for wrong in ["", "hunter2", &"ab".repeat(31), &"zz".repeat(32), &BASE64.encode(&[1; 33])] {
            let told = Kek::load(text(wrong)).unwrap_err();
            assert!(matches!(told, KekError::Malformed), "{told}");
            assert!(wrong.is_empty() || !format!("{told} {told:?}").contains(wrong));
        }
    }

    #[test]
    fn nothing_shows_a_key() {
        let bytes = [0xab; 32];
        let kek = Kek::load(text(&HEXLOWER.encode(&bytes))).unwrap();
        let id = kek.id().to_owned();
        let source = text(&HEXLOWER.encode(&bytes));
        let shown = format!("{kek:?} {source:?}") + &format!("{:?}", Keyring::from(kek));
        assert!(shown.contains(&id));
        for form in ["abab", "ABAB", "171, 171", &BASE64.encode(&bytes)[..8]] {
            assert!(!shown.contains(form), "{shown} shows {form}");
        }
    }

    #[test]
    fn the_first_start_makes_a_file_and_the_next_one_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("kek");
        assert!(matches!(Kek::load(&path), Err(KekError::File(SecretFileError::Missing(_)))));
        let made = Kek::load_or_create(&path).unwrap();
        assert_eq!(Kek::load_or_create(&path).unwrap().id(), made.id());
        assert_eq!(Kek::load(&path).unwrap().id(), made.id());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o7777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn processes_that_start_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        let ids: Vec<String> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Kek::load_or_create(&path).unwrap().id().to_owned())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn a_file_that_others_may_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        Kek::generate().create(&path).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o644, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(
                matches!(Kek::load(&path), Err(KekError::File(SecretFileError::Exposed { mode: told, .. })) if told == mode)
            );
            assert!(matches!(
                Kek::load_or_create(&path),
                Err(KekError::File(SecretFileError::Exposed { .. }))
            ));
        }
        // As Kubernetes mounts a secret for a group. Only root can make a file somebody else's.
        if rustix::process::geteuid().is_root() {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
            std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
            assert!(Kek::load(&path).is_ok());
            fs::set_permissions(&path, fs::Permissions::from_mode(0o460)).unwrap();
            assert!(matches!(Kek::load(&path), Err(KekError::File(SecretFileError::Exposed { .. }))));
            std::os::unix::fs::chown(&path, Some(0), None).unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(Kek::load(&link).unwrap().id(), Kek::load(&path).unwrap().id());
    }

    #[test]
    fn a_file_that_is_there_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        fs::write(&path, "damaged").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(Kek::load_or_create(&path), Err(KekError::Malformed)));
        Kek::generate().create(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "damaged");
    }
}

mod rings {
    use super::*;

    fn kek(byte: u8) -> Kek {
        Kek::load(KekSource::Text(HEXLOWER.encode(&[byte; 32]).into())).unwrap()
    }

    #[test]
    fn an_older_key_opens_what_it_wrapped_and_the_present_one_wraps() {
        let before = Keyring::from(kek(1));
        let wrapped = before.wrap(root_place(), &key(9));
        let after = Keyring::from(kek(2)).with_older(kek(1));
        assert_eq!(after.unwrap(kek(1).id(), root_place(), &wrapped).unwrap().bytes(), key(9).bytes());
        let again = after.wrap(root_place(), &key(9));
        assert!(before.unwrap(kek(2).id(), root_place(), &again).is_err(), "the key is not on the ring");
        assert!(before.unwrap(kek(1).id(), root_place(), &again).is_err(), "the id does not lie");
        let alone = Keyring::from(kek(2));
        assert_eq!(alone.unwrap(kek(2).id(), root_place(), &again).unwrap().bytes(), key(9).bytes());
    }

    #[test]
    fn a_wrapped_key_opens_in_its_place_only() {
        let ring = Keyring::from(kek(1));
        let place = |tenant, name| Place { content: Content::DataKey, tenant, name };
        let wrapped = ring.wrap(place(alice(), "a"), &key(9));
        assert!(ring.unwrap(kek(1).id(), place(alice(), "b"), &wrapped).is_err());
        assert!(ring.unwrap(kek(1).id(), place(bob(), "a"), &wrapped).is_err());
        assert!(
            ring.unwrap(kek(1).id(), Place { content: Content::SubjectKey, ..place(alice(), "a") }, &wrapped)
                .is_err()
        );
        assert!(ring.unwrap(kek(1).id(), place(alice(), "a"), &wrapped).is_ok());
    }
}
