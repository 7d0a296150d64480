//! Streams of an application on a KurrentDB (EventStoreDB) cluster: one, or all of a category.

use anyhow::Context as _;
use hub_kurrentdb::import::{self, Reader, Selection};

use super::foreign::{ForeignEvent, ForeignSource};

/// Events of a page.
const PAGE: usize = 500;
/// The kind of a stream whose name names no category.
const NO_CATEGORY: &str = "no-category";

/// The streams. All selections of a cluster are one source: a stream that comes by itself and once more with its category
/// comes once.
#[derive(Debug)]
pub struct KurrentDb(Reader);

impl KurrentDb {
    /// Opens them; the cluster is asked when the first page is.
    pub fn open(address: &str, selection: &Selection) -> anyhow::Result<Self> {
        Ok(Self(Reader::new(&address.parse().context("--from-kurrentdb")?, selection)))
    }
}

impl ForeignSource for KurrentDb {
    fn name(&self) -> &'static str {
        "kurrentdb"
    }

    async fn count(&mut self) -> anyhow::Result<Option<u64>> {
        Ok(Some(self.0.count().await.context("the source")?))
    }

    async fn page(&mut self) -> anyhow::Result<Vec<ForeignEvent>> {
        let page = self.0.page(PAGE).await.context("the source")?;
        Ok(page.into_iter().map(translated).collect())
    }
}

/// `orders-42` is thing `42` of the kind `orders`. No category has a `-`: no two streams come to the same kind and id.
fn translated(event: import::ForeignEvent) -> ForeignEvent {
    let (kind, id) = match event.stream.split_once('-') {
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() => (kind, id),
        _ => (NO_CATEGORY, event.stream.as_str()),
    };
    ForeignEvent {
        kind: kind.to_owned(),
        id: id.to_owned(),
        revision: event.revision,
        event_id: Some(event.id),
        event_type: event.event_type,
        version: String::new(),
        recorded_at: Some(event.created_at),
        data: event.data.to_vec(),
        metadata: event.metadata.to_vec(),
    }
}
