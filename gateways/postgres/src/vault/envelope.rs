//! The bytes of the vault: AES-256-GCM boxes that open only where they were put, and keys derived by HKDF.
//!
//! A box is `version (1) || nonce (12, random) || ciphertext || tag (16)`. What it is authenticated with binds the
//! version, what the box is for, the tenant and the name, so that no box opens in another's place.
//! Random nonces are safe for 2^32 boxes under one key (NIST SP 800-38D, 8.3): data keys and subject keys stay far
//! below that, and a key-encryption key meets only as many boxes as there are keys.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use hmac::{Hmac, Mac as _};
use hub_domain::kernel::{TenantId, TypedId as _};
use rand::TryRng as _;
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice};
use sha2::Sha256;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
const VERSION: u8 = 1;

/// The box cannot be opened with this key in this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the box does not open")]
pub(super) struct Unopened;

/// A key: wiped when it is dropped, never shown.
pub(super) struct Key(SecretBox<[u8; KEY]>);

impl Key {
    /// A fresh one.
    pub(super) fn random() -> Self {
        Self(SecretBox::init_with_mut(|key: &mut [u8; KEY]| fill(key)))
    }

    /// The key with these bytes; `None` unless there are 32.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY)
            .then(|| Self(SecretBox::init_with_mut(|key: &mut [u8; KEY]| key.copy_from_slice(bytes))))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY] {
        self.0.expose_secret()
    }

    /// The key for one purpose: HKDF-Expand with SHA-256 to one block (RFC 5869, section 2.3). This key is uniformly
    /// random already, so the extract step is left out (section 3.3).
    pub(super) fn expand(&self, info: &[&[u8]]) -> Self {
        let mut mac = self.mac();
        for part in info {
            mac.update(part);
        }
        mac.update(&[1]);
        let block = mac.finalize().into_bytes();
        Self(SecretBox::init_with_mut(|key: &mut [u8; KEY]| key.copy_from_slice(&block)))
    }

    /// HMAC-SHA-256 over the tenant and the bytes.
    pub(super) fn digest(&self, tenant: TenantId, bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.mac();
        mac.update(tenant.uuid().as_bytes());
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    fn mac(&self) -> Hmac<Sha256> {
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.bytes()).expect("HMAC takes keys of any length")
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new_from_slice(self.bytes()).expect("the key has 32 bytes")
    }
}

/// What a box is for. The numbers are stored in no row but go into every tag: they never change.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Content {
    /// The root key, under the key-encryption key.
    RootKey = 1,
    /// A secret's data key, under the key-encryption key.
    DataKey = 2,
    /// A subject's key, under the key-encryption key.
    SubjectKey = 3,
    /// A secret, under its data key.
    Secret = 4,
    /// Personal data, under its subject's key.
    PersonalData = 5,
}

/// Where a box belongs.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) content: Content,
    pub(super) tenant: TenantId,
    /// The secret's reference or the subject.
    pub(super) name: &'a str,
}

impl Place<'_> {
    /// The additional authenticated data. All but the last part have a fixed length: no two places look alike.
    fn aad(&self) -> Vec<u8> {
        let mut aad = vec![VERSION, self.content as u8];
        aad.extend_from_slice(self.tenant.uuid().as_bytes());
        aad.extend_from_slice(self.name.as_bytes());
        aad
    }
}

/// Puts bytes into a box.
pub(super) fn seal(key: &Key, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    fill(&mut nonce);
    let mut sealed = Vec::with_capacity(1 + NONCE + plain.len() + TAG);
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let tag = key
        .cipher()
        .encrypt_inout_detached(&Nonce::from(nonce), &place.aad(), (&mut sealed[1 + NONCE..]).into())
        .expect("AES-GCM takes up to 64 GiB");
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens a box. The plain bytes never stand in a buffer that is not wiped.
pub(super) fn open(key: &Key, place: Place<'_>, sealed: &[u8]) -> Result<SecretSlice<u8>, Unopened> {
    let (&version, rest) = sealed.split_first().ok_or(Unopened)?;
    if version != VERSION || rest.len() < NONCE + TAG {
        return Err(Unopened);
    }
    let (nonce, rest) = rest.split_at(NONCE);
    let (ciphertext, tag) = rest.split_at(rest.len() - TAG);
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| Unopened)?;
    let tag: [u8; TAG] = tag.try_into().map_err(|_| Unopened)?;
    let mut plain: SecretSlice<u8> = SecretBox::new(Box::from(ciphertext));
    key.cipher()
        .decrypt_inout_detached(
            &Nonce::from(nonce),
            &place.aad(),
            secrecy::ExposeSecretMut::expose_secret_mut(&mut plain).into(),
            &Tag::from(tag),
        )
        .map_err(|_| Unopened)?;
    Ok(plain)
}

/// Opens a box that holds a key.
pub(super) fn open_key(key: &Key, place: Place<'_>, sealed: &[u8]) -> Result<Key, Unopened> {
    Key::from_slice(open(key, place, sealed)?.expose_secret()).ok_or(Unopened)
}

/// Random bytes from the operating system's secure generator: keys and nonces are no business of the domain's.
pub(crate) fn fill(bytes: &mut [u8]) {
    rand::rngs::SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
}
