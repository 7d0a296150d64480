//! `diff`: what differs between two moments, by folding the ledger anew. The read models are not asked.

mod fold;
mod words;

use chrono::{DateTime, Utc};
use clap::Args;
use hub_domain::ledger::Recorded;
use hub_projections::Event;
use hub_projections::models::{Clusters, Users};
use serde::Serialize;
use uuid::Uuid;

use crate::cli::CLEAN;
use crate::replay::{AsOf, as_of};
use crate::source::{Database, Ledger};
use fold::{Fold, Kind};

pub use fold::{EventLine, RowDiff};

/// What `diff` can be told.
#[derive(Debug, Args)]
pub struct Diff {
    /// The earlier moment: a position, or a time (RFC 3339).
    #[arg(long, value_parser = as_of)]
    from: AsOf,
    /// The later moment; without it, the ledger's end.
    #[arg(long, value_parser = as_of)]
    to: Option<AsOf>,
    /// Only this tenant, by name.
    #[arg(long)]
    tenant: Option<String>,
    /// Print one JSON object instead of words.
    #[arg(long)]
    json: bool,
    /// Where the ledger is.
    #[command(flatten)]
    database: Database,
}

/// What differs between two moments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The earlier moment.
    pub from: Moment,
    /// The later one.
    pub to: Moment,
    /// Events between them, of whatever kind.
    pub events: u64,
    /// Clusters of which something became, by name.
    pub clusters: Vec<RowDiff>,
    /// Accounts of which something became. Names and addresses stay sealed.
    pub users: Vec<RowDiff>,
}

/// A moment, and what there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// The newest event then.
    pub position: u64,
    /// When that was recorded; `None` before the first.
    pub recorded_at: Option<DateTime<Utc>>,
    /// Managed clusters.
    pub clusters: u64,
    /// Accounts that were not deleted.
    pub users: u64,
}

/// Runs `diff`.
pub async fn command(args: &Diff) -> anyhow::Result<u8> {
    let mut ledger = args.database.open().await?;
    let compared = compare(&mut ledger, args).await;
    ledger.close().await?;
    let comparison = compared?;
    if args.json {
        println!("{}", serde_json::to_string(&comparison)?);
    } else {
        print!("{}", words::of(&comparison));
    }
    Ok(CLEAN)
}

async fn compare(ledger: &mut Ledger, args: &Diff) -> anyhow::Result<Comparison> {
    let tenant = match &args.tenant {
        Some(name) => match ledger.tenant(name).await? {
            Some(tenant) => Some(tenant),
            None => anyhow::bail!("there is no tenant named `{name}`"),
        },
        None => None,
    };
    let head = ledger.head().await?;
    for (flag, moment) in [("--from", Some(args.from)), ("--to", args.to)] {
        if let Some(AsOf::Position(position)) = moment
            && position > head
        {
            anyhow::bail!("{flag} must not lie beyond the ledger's head, {head}");
        }
    }
    let mut comparing = Comparing::new(args.from, args.to, tenant);
    let mut after = 0;
    loop {
        let page = ledger.page(after).await?;
        let Some(newest) = page.last() else { break };
        after = newest.position;
        for event in page {
            if !comparing.take(event)? {
                return comparing.finish();
            }
        }
    }
    comparing.finish()
}

/// A comparison in the making: takes the whole ledger in, in order.
pub struct Comparing {
    from: AsOf,
    to: Option<AsOf>,
    tenant: Option<Uuid>,
    /// The newest event of the earlier moment, once that has passed.
    start: Option<Moment>,
    newest: (u64, Option<DateTime<Utc>>),
    events: u64,
    clusters: Fold<Clusters>,
    users: Fold<Users>,
}

impl Comparing {
    /// Between two moments; of one tenant or of all.
    pub fn new(from: AsOf, to: Option<AsOf>, tenant: Option<Uuid>) -> Self {
        Self {
            from,
            to,
            tenant,
            start: None,
            newest: (0, None),
            events: 0,
            clusters: Fold::default(),
            users: Fold::default(),
        }
    }

    /// Takes the next event in; `false` when it comes after the later moment.
    pub fn take(&mut self, recorded: Recorded) -> anyhow::Result<bool> {
        if self.to.is_some_and(|to| to.is_before(&recorded)) {
            return Ok(false);
        }
        if self.start.is_none() && self.from.is_before(&recorded) {
            self.start = Some(self.moment());
        }
        let (position, time) = (recorded.position, recorded.recorded_at_utc());
        if self.tenant.is_none_or(|tenant| tenant == recorded.tenant) {
            let event = Event::new(recorded);
            let between = self.start.is_some();
            self.events += u64::from(between);
            self.clusters.take(&event, between)?;
            self.users.take(&event, between)?;
        }
        self.newest = (position, Some(time));
        Ok(true)
    }

    fn moment(&self) -> Moment {
        let (position, recorded_at) = self.newest;
        Moment { position, recorded_at, clusters: self.clusters.alive(), users: self.users.alive() }
    }

    /// What differs.
    pub fn finish(self) -> anyhow::Result<Comparison> {
        let to = self.moment();
        let later = match (self.from, self.to) {
            (AsOf::Position(from), Some(AsOf::Position(to))) => from > to,
            (AsOf::Time(from), Some(AsOf::Time(to))) => from > to,
            // Where one is a position and the other a time: the later one came first, so the earlier never passed.
            (AsOf::Position(from), Some(AsOf::Time(_))) => from > to.position,
            (AsOf::Time(from), Some(AsOf::Position(_))) => {
                to.recorded_at.is_some_and(|time| from > time) && self.start.is_none()
            }
            (_, None) => false,
        };
        if later {
            anyhow::bail!("--to must not lie before --from");
        }
        Ok(Comparison {
            from: self.start.unwrap_or(to),
            to,
            events: self.events,
            clusters: self.clusters.finish(Kind::Cluster)?,
            users: self.users.finish(Kind::User)?,
        })
    }
}
