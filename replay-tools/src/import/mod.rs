//! `import`: events of another store go under the chain of a tenant.

pub mod foreign;
pub mod into;
pub mod kurrentdb;
pub mod names;
pub mod postgres_es;
pub mod run;
#[cfg(test)]
mod tests;
pub mod translate;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Args;
use hub_domain::kernel::{TenantId, TypedId as _};
use hub_kurrentdb::import::Selection;

use self::foreign::ForeignSource;
use self::into::Way;
use self::kurrentdb::KurrentDb;
use self::names::{Names, Rename};
use self::postgres_es::PostgresEs;
use self::run::{Manner, Outcome, Run};
use self::translate::Translator;
use crate::cli::CLEAN;
use crate::progress;
use crate::source::Database;

/// What `import` can be told.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Where the events come from.
    #[command(flatten)]
    from: From,
    /// The table of a postgres-es store, with its schema where it needs one.
    #[arg(long, default_value = "events")]
    table: String,
    /// The stream on a KurrentDB cluster.
    #[arg(long, requires = "from_kurrentdb")]
    stream: Option<String>,
    /// Every stream of a category on a KurrentDB cluster (`orders` for `orders-1`, `orders-2`); its projection `$by_category`
    /// must run.
    #[arg(long, requires = "from_kurrentdb", conflicts_with = "stream")]
    category: Option<String>,
    /// Under whose chain they go: the tenant's name.
    #[arg(long)]
    tenant: String,
    /// A wire name for a type of the source: `NameAdded=customer.name_added.v1`, for one kind `Customer/NameAdded=…`. May be
    /// given more than once. Other types become `imported.KIND.TYPE.vN`.
    #[arg(long = "map", value_name = "[KIND/]TYPE=NAME")]
    names: Vec<Rename>,
    /// Only count what would be imported.
    #[arg(long)]
    dry_run: bool,
    /// End at the first event that cannot be imported, instead of leaving its stream there.
    #[arg(long)]
    strict: bool,
    /// Print one JSON object instead of words.
    #[arg(long)]
    json: bool,
    /// Where the ledger's log is, if it is not in the database.
    #[command(flatten)]
    log: Way,
    /// Where the ledger is.
    #[command(flatten)]
    database: Database,
}

/// Where events come from: exactly one place.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct From {
    /// Address of the `PostgreSQL` database that a postgres-es 0.5 store has its table in.
    #[arg(long, value_name = "URL", env = "CLUSTERMASTER_IMPORT_POSTGRES_ES", hide_env_values = true)]
    from_postgres_es: Option<String>,
    /// Address of the KurrentDB (EventStoreDB) cluster that an application has its streams on, as its clients write it:
    /// `kurrentdb://USER:PASSWORD@HOST:PORT`. Name a --stream or a --category.
    #[arg(long, value_name = "URL", env = "CLUSTERMASTER_IMPORT_KURRENTDB", hide_env_values = true)]
    from_kurrentdb: Option<String>,
}

/// Runs `import`.
pub async fn command(args: &ImportArgs) -> anyhow::Result<u8> {
    let mut ledger = args.database.open().await?;
    let imported = match ledger.tenant(&args.tenant).await {
        Ok(Some(tenant)) => from(args, TenantId::from_uuid(tenant), ledger.url()).await,
        Ok(None) => Err(anyhow::anyhow!("there is no tenant named `{}`", args.tenant)),
        Err(cause) => Err(cause.into()),
    };
    ledger.close().await?;
    let outcome = imported?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print(&outcome);
    }
    Ok(CLEAN)
}

async fn from(args: &ImportArgs, tenant: TenantId, ledger: &str) -> anyhow::Result<Outcome> {
    if let Some(address) = &args.from.from_kurrentdb {
        let selection = match (&args.stream, &args.category) {
            (Some(stream), _) => Selection::Stream(stream.clone()),
            (None, Some(category)) => Selection::Category(category.clone()),
            (None, None) => anyhow::bail!("--from-kurrentdb needs a --stream or a --category"),
        };
        let mut source = KurrentDb::open(address, &selection)?;
        return bring(args, tenant, ledger, &mut source).await;
    }
    let url = args.from.from_postgres_es.as_deref().context("no source was named")?;
    let mut source = PostgresEs::open(url, &args.table).await?;
    bring(args, tenant, ledger, &mut source).await
}

/// Brings a source's events in.
async fn bring(
    args: &ImportArgs,
    tenant: TenantId,
    ledger: &str,
    source: &mut impl ForeignSource,
) -> anyhow::Result<Outcome> {
    let bar = progress::bar("importing", source.count().await?.unwrap_or(0));
    let translator = Translator::new(tenant, source.name(), Names::from(&args.names[..]));
    let manner = Manner { dry_run: args.dry_run, strict: args.strict, now };
    let (mut intake, log) = args.log.open(ledger, now).await?;
    let outcome = Run::new(&mut intake, tenant, translator, manner).to_the_end(source, &bar).await;
    intake.close().await;
    if let Some(log) = log {
        log.close().await;
    }
    bar.finish_and_clear();
    outcome
}

#[allow(clippy::disallowed_methods, reason = "what is imported is recorded now")]
fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

fn print(outcome: &Outcome) {
    let verb = if outcome.dry_run { "would be imported" } else { "imported" };
    println!("{} events {verb}, {} were there already", outcome.imported, outcome.known);
    println!("  streams: {}", outcome.streams);
    if outcome.refused > 0 {
        println!("  events left out: {}, from these on:", outcome.refused);
    }
    for refused in &outcome.refusals {
        println!("    {} `{}`, event {}: {}", refused.kind, refused.id, refused.revision, refused.cause);
    }
}
