//! The files, by their names below `dist`.

use std::borrow::Cow;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::HeaderValue;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub body: Bytes,
    /// SHA-256 of that.
    pub hash: [u8; 32],
}

impl File {
    /// A file that was not there when the hub was built.
    pub fn new(body: Bytes) -> Self {
        let hash = Sha256::digest(&body).into();
        Self { body, hash }
    }

    /// Its strong `ETag`. A packed form is other bytes, and so has another one.
    pub fn tag(&self) -> String {
        format!("\"{}\"", HEXLOWER.encode(&self.hash[..16]))
    }
}

/// Where files are found.
pub trait Files {
    /// The file of this name: `assets/index-C0ffee.js`.
    fn get(&self, name: &str) -> Option<File>;
}

/// What the build has put into the binary.
#[derive(Clone, Copy, Debug)]
pub struct Embedded;

#[derive(RustEmbed)]
#[folder = "dist"]
#[allow_missing = true]
struct Dist;

impl Files for Embedded {
    fn get(&self, name: &str) -> Option<File> {
        let file = Dist::get(name)?;
        let body = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        Some(File { body, hash: file.metadata.sha256_hash() })
    }
}

/// What kind of file it is, by its name.
pub fn content_type(name: &str) -> HeaderValue {
    let kind = mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream");
    let text = kind.starts_with("text/") || matches!(kind, "application/javascript" | "application/json");
    let kind = if text { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    HeaderValue::from_str(&kind).expect("media types are ASCII")
}
