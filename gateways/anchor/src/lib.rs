//! Places where checkpoints are written once: a folder, or a bucket (S3) whose objects are locked by its own rule.
//!
//! An object is `PREFIX/TENANT/SIZE.checkpoint`, the size with 20 digits, and holds the signed note. It is only ever created:
//! the hub needs no right to overwrite or to delete.

use std::path::Path;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use hub_projections::proof::{Anchor, AnchorError};
use object_store::path::Path as Key;
use object_store::{DynObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use url::Url;
use uuid::Uuid;

/// The longest note that is read back.
const LIMIT: u64 = 64 * 1024;

/// Why a text names no place.
#[derive(Debug, thiserror::Error)]
pub enum AnchorConfigError {
    /// It is neither a folder nor an address.
    #[error("`{0}` is neither a folder that exists nor an address such as s3://bucket/prefix")]
    Place(String),
    /// It carries what may be secret. Not shown.
    #[error("an anchor's address carries no credentials and no query: these belong into the environment")]
    Secret,
    /// The address cannot be used.
    #[error("the anchor `{place}` cannot be used: {cause}")]
    Store {
        /// The address.
        place: String,
        /// Why not.
        cause: object_store::Error,
    },
}

/// One place.
#[derive(Debug)]
pub struct StoreAnchor {
    name: String,
    store: Box<DynObjectStore>,
    prefix: Key,
}

impl StoreAnchor {
    /// A folder that exists, or an address (`file:///…`, `s3://bucket/prefix`). What an address needs beside itself
    /// (`AWS_ACCESS_KEY_ID`, `AWS_REGION`, …) stands in `variables`.
    pub fn open(
        place: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, AnchorConfigError> {
        let nowhere = || AnchorConfigError::Place(place.to_owned());
        let url = if place.contains("://") {
            Url::parse(place).map_err(|_| nowhere())?
        } else {
            let folder = Path::new(place).canonicalize().map_err(|_| nowhere())?;
            Url::from_directory_path(folder).map_err(|()| nowhere())?
        };
        // An address is shown, in errors and in names.
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(AnchorConfigError::Secret);
        }
        let name = format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
        let (store, prefix) = object_store::parse_url_opts(&url, variables)
            .map_err(|cause| AnchorConfigError::Store { place: name.clone(), cause })?;
        Ok(Self { name, store, prefix })
    }

    fn folder(&self, tenant: Uuid) -> Key {
        self.prefix.clone().join(tenant.to_string())
    }

    fn key(&self, tenant: Uuid, size: u64) -> Key {
        self.folder(tenant).join(format!("{size:020}.checkpoint"))
    }
}

fn unavailable(cause: object_store::Error) -> AnchorError {
    AnchorError::Unavailable(cause.into())
}

#[async_trait]
impl Anchor for StoreAnchor {
    fn name(&self) -> &str {
        &self.name
    }

    async fn above(&self, tenant: Uuid, size: u64) -> Result<Option<u64>, AnchorError> {
        let (folder, offset) = (self.folder(tenant), self.key(tenant, size));
        let mut found = self.store.list_with_offset(Some(&folder), &offset);
        let mut smallest = None;
        while let Some(object) = found.try_next().await.map_err(unavailable)? {
            let name = object.location.filename().and_then(|name| name.strip_suffix(".checkpoint"));
            let above = name.and_then(|name| name.parse().ok()).filter(|above: &u64| *above > size);
            smallest = above.into_iter().chain(smallest).min();
        }
        Ok(smallest)
    }

    async fn keep(&self, tenant: Uuid, size: u64, note: &str) -> Result<String, AnchorError> {
        let key = self.key(tenant, size);
        let payload = PutPayload::from(note.to_owned().into_bytes());
        match self.store.put_opts(&key, payload, PutMode::Create.into()).await {
            Ok(_) => Ok(note.to_owned()),
            Err(object_store::Error::AlreadyExists { .. }) => {
                let found = self.store.get(&key).await.map_err(unavailable)?;
                if found.meta.size > LIMIT {
                    return Err(AnchorError::Another(size));
                }
                let bytes = found.bytes().await.map_err(unavailable)?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            Err(cause) => Err(unavailable(cause)),
        }
    }
}

#[cfg(test)]
mod tests;
