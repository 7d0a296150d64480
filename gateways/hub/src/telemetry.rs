//! What the hub says of itself: log lines, traces, metrics.

use std::io::IsTerminal as _;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::cli::{LogFormat, ServeConfig};

/// Keeps the exporters alive; flushes traces when it goes.
pub struct Telemetry {
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

/// Starts log lines (`RUST_LOG` filters them), traces when there is an endpoint, and the metrics' recorder.
pub fn start(config: &ServeConfig) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn,kube=warn,rustls=warn,h2=warn"));
    // Log lines go to stderr: stdout carries what a script may want to read.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.log_format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Pretty => lines.with_target(true).boxed(),
    };
    let traces = config.otlp_endpoint.as_deref().map(exporter).transpose()?;
    let spans = traces
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("clustermaster")));
    tracing_subscriber::registry().with(filter).with(lines).with(spans).try_init().context("log lines")?;
    Ok(Telemetry { metrics: recorder()?, traces })
}

fn exporter(endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .context("the OTLP endpoint")?;
    let resource = opentelemetry_sdk::Resource::builder().with_service_name("clustermaster").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

fn recorder() -> anyhow::Result<PrometheusHandle> {
    const SECONDS: &[f64] =
        &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_events".into()), COUNTS)?
        .install_recorder()?;
    hub_postgres::telemetry::describe();
    hub_commands::telemetry::describe();
    hub_projections::telemetry::describe();
    hub_http::telemetry::describe();
    hub_kubernetes::telemetry::describe();
    hub_kafka::telemetry::describe();
    hub_kurrentdb::telemetry::describe();
    Ok(handle)
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take()
            && let Err(cause) = traces.shutdown()
        {
            eprintln!("the last traces could not be delivered: {cause}");
        }
    }
}
