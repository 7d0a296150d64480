//! `clustermaster serve`: opens everything in order, serves, and closes everything in the opposite order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hub_commands::accounts::{Accounts, FirstAdministrator};
use hub_commands::clusters::Clusters;
use hub_commands::exports::Exports;
use hub_commands::flows;
use hub_domain::kernel::TenantName;
use hub_http::{App, Check, Parts};
use hub_postgres::log::{PgFeed, listen};
use hub_postgres::{PgOutlets, PgProofs};
use hub_projections::outlet::{ExportRunner, PumpSettings};
use hub_projections::proof::{Anchors, Notary, NotarySettings, Proofs, Witnesses};
use hub_projections::{ProjectionRunner, ReadModels, Standing, self_check};
use hub_web::Site;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::ServeConfig;
use crate::exports::Maker;
use crate::front;
use crate::store::{Database, Store};
use crate::tenants::{DEFAULT_TENANT, print_administrator, print_way_in};

/// How long open requests may take once the hub was told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Runs the hub until it is told to stop.
pub async fn run(config: &ServeConfig) -> anyhow::Result<()> {
    let telemetry = crate::telemetry::start(config)?;
    let stop = stop_on_signal()?;
    let store =
        Store::open(Database::own(&config.store).await?, &config.store, config.kubernetes.into()).await?;
    let outcome = serve(config, &store, &telemetry, stop).await;
    let closed = store.close().await;
    outcome.and(closed)
}

/// A token that is cancelled by SIGTERM or Ctrl-C.
fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: what was accepted is finished first");
        told.cancel();
    });
    Ok(stop)
}

/// What signs the ledger, shows it to witnesses and anchors, and proves what stands in it.
async fn proofs(
    config: &ServeConfig,
    store: &Store,
    background: &TaskTracker,
    quiet: &CancellationToken,
) -> anyhow::Result<Proofs> {
    let key = crate::signing::key(config)?;
    let pool = store.database.pools.writer.clone();
    let evidence = Arc::new(PgProofs::new(pool).with_recent(store.ledger.recent.clone()));
    let proofs = Proofs::new(evidence.clone(), key.verifier());
    let signing = format!("signing as {}", key.verifier());
    let within = Duration::from_secs(config.signing.checkpoint_seconds);
    let settings = NotarySettings { within, ..NotarySettings::default() };
    let witnesses = Witnesses::new(evidence.clone(), crate::signing::witnesses(&config.signing)?);
    let anchors = Anchors::new(evidence.clone(), crate::signing::anchors(&config.signing)?);
    let notary = Notary::open(evidence, key, settings)
        .await
        .context("hubs on one database share one signing key (--signing-key-file)")?;
    println!("{signing}");
    background.spawn(notary.run(quiet.clone()));
    background.spawn(witnesses.run(quiet.clone()));
    background.spawn(anchors.run(quiet.clone()));
    Ok(proofs)
}

/// What leaves the hub: to the bus, and by exports.
fn outlets(
    config: &ServeConfig,
    store: &Store,
    feed: &Arc<PgFeed>,
    background: &TaskTracker,
    quiet: &CancellationToken,
) -> anyhow::Result<(Arc<PgOutlets>, Arc<Maker>)> {
    let pools = &store.database.pools;
    if let Some(pump) = crate::bus::pump(&config.bus, &pools.writer, feed.clone())? {
        background.spawn(pump.run(quiet.clone()));
    }
    let outlets = Arc::new(PgOutlets::new(pools.writer.clone()));
    let (vault, clock) = (store.ports.vault.clone(), store.ports.clock.clone());
    let maker =
        Arc::new(Maker::new(vault, clock, &config.exports, &config.store).context("the folder of exports")?);
    let settings = PumpSettings { holder: format!("hub {}", std::process::id()), ..PumpSettings::default() };
    let (projector, made) = (pools.projector.clone(), maker.clone());
    let exporting = ExportRunner::new(projector, outlets.clone(), feed.clone(), made, settings);
    background.spawn(exporting.run(quiet.clone()));
    Ok((outlets, maker))
}

async fn serve(
    config: &ServeConfig,
    store: &Store,
    telemetry: &crate::telemetry::Telemetry,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let accounts = Arc::new(Accounts::new(store.dispatcher.clone(), &store.ports));
    let clusters = Arc::new(Clusters::new(store.dispatcher.clone(), &store.ports));
    let first = TenantName::new(DEFAULT_TENANT).expect("the default tenant's name is a DNS label");
    let first = accounts.bootstrap(first, config.admin_password.clone()).await?;
    if let Some(first) = &first {
        print_administrator(first);
    }

    // The background ends after the last request: a command's caller may wait for its projection.
    let background = TaskTracker::new();
    let quiet = CancellationToken::new();
    let proofs = proofs(config, store, &background, &quiet).await?;
    background.spawn(listen(
        store.database.pools.writer.clone(),
        store.ledger.committed.clone(),
        quiet.clone(),
    ));
    let feed = Arc::new(PgFeed::new(store.database.pools.writer.clone(), store.ledger.committed.subscribe()));
    let runner = ProjectionRunner::new(store.database.pools.projector.clone(), feed.clone());
    let runner_progress = runner.progress();
    let read = Arc::new(ReadModels::new(store.database.pools.reader.clone(), runner_progress.clone()));
    background.spawn(runner.run(quiet.clone()));
    if config.self_check_hours > 0 {
        let schedule = self_check::Schedule::every(Duration::from_hours(config.self_check_hours));
        let projector = store.database.pools.projector.clone();
        background.spawn(self_check::run(projector, feed.clone(), schedule, quiet.clone()));
    }
    let (outlets, maker) = outlets(config, store, &feed, &background, &quiet)?;
    let exports = Arc::new(Exports::new(store.dispatcher.clone(), &store.ports, maker.clone()));
    let settings = flows::FleetSettings {
        interval: Duration::from_secs(config.observe_seconds),
        concurrency: config.observe_at_once as usize,
        ..flows::FleetSettings::default()
    };
    let fleet = flows::Fleet::new(&store.ports, store.dispatcher.clone(), feed, settings);
    background.spawn(fleet.run(quiet.clone()));

    let metrics = telemetry.metrics.clone();
    let (pool, progress) = (store.database.pools.reader.clone(), runner_progress);
    let copy = store.ledger.copy.clone();
    let app = App::new(Parts {
        accounts,
        clusters,
        exports,
        outlets,
        maker,
        read,
        proofs,
        log: store.ports.log.clone(),
        vault: store.ports.vault.clone(),
        clock: store.ports.clock.clone(),
        ids: store.ports.ids.clone(),
        settings: hub_http::Settings {
            rate_limit_per_minute: config.rate_limit_per_minute,
            tls: config.tls_cert.is_some(),
            metrics_token: config.metrics_token.clone(),
            trusted_proxies: config.proxies.clone().into(),
            path_prefix: config.path_prefix.clone(),
            ..hub_http::Settings::default()
        },
        metrics: Box::new(move || metrics.render()),
        ready: Box::new(move || {
            let (pool, progress) = (pool.clone(), progress.clone());
            let copy = copy.as_ref().map(|copy| copy.borrow().stopped.is_none());
            Box::pin(async move {
                let database = sqlx::query("select 1").execute(&pool).await.is_ok();
                let copy = copy.map(|ready| Check { name: "ledger copy", ready });
                let checks = vec![
                    Check { name: "database", ready: database },
                    Check {
                        name: "projections",
                        ready: progress
                            .statuses()
                            .iter()
                            .all(|status| !matches!(status.standing, Standing::Stopped { .. })),
                    },
                ];
                checks.into_iter().chain(copy).collect()
            })
        }),
    });
    let served = listen_and_serve(config, &app, first.as_ref(), stop).await;
    app.finish().await;
    store.dispatcher.settle().await;
    quiet.cancel();
    background.close();
    background.wait().await;
    served
}

async fn listen_and_serve(
    config: &ServeConfig,
    app: &App,
    first: Option<&FirstAdministrator>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = std::net::TcpListener::bind(config.listen)
        .with_context(|| format!("{} cannot be listened on; choose another with --listen", config.listen))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let site = Site::new(&config.path_prefix, config.tls_cert.is_some());
    let built = site.is_built();
    let router = front::router(app, site, &config.path_prefix);
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let handle = axum_server::Handle::new();
    tokio::spawn({
        let (handle, app) = (handle.clone(), app.clone());
        async move {
            stop.cancelled().await;
            app.stop();
            handle.graceful_shutdown(Some(GRACE));
        }
    });
    let scheme = if config.tls_cert.is_some() { "https" } else { "http" };
    println!("listening on {scheme}://{address}");
    println!("open {}", front::place(scheme, address, &config.path_prefix));
    print_way_in(first, built, &config.store.data_dir);
    match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => {
            let tls = axum_server::tls_rustls::RustlsConfig::from_pem_file(certificate, key)
                .await
                .context("the TLS certificate or its key cannot be read")?;
            axum_server::from_tcp_rustls(listener, tls)?.handle(handle).serve(router).await?;
        }
        _ => axum_server::from_tcp(listener)?.handle(handle).serve(router).await?,
    }
    Ok(())
}
