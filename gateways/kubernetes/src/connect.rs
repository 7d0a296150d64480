//! The client of one cluster. kube's own stack is not taken whole: it obeys the environment's proxy, retries by itself,
//! closes resting connections by its read timeout, and quotes answers that it cannot read in the log.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use hub_commands::ports::{Listener, Step};
use hub_domain::cluster::Failure;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::ConfigExt as _;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use kube::{Client, Config};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use secrecy::{ExposeSecret as _, SecretSlice};
use tower::{BoxError, ServiceBuilder, ServiceExt as _};

use crate::address::{self, Resolver};
use crate::failure::failure;
use crate::{Settings, kubeconfig};

/// How long a TCP connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a connection rests between two looks before it is closed.
const REST: Duration = Duration::from_mins(3);

/// The machine's own certificate authorities, for clusters that bring none. Read once: they are large.
#[derive(Clone, Debug, Default)]
pub(crate) struct SystemRoots(Arc<OnceLock<Arc<Verifier>>>);

impl SystemRoots {
    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
        if let Some(found) = self.0.get() {
            return Ok(Arc::clone(found) as _);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = Verifier::new(provider).map_err(|_| {
            failure(
                "no-certificate-authority",
                "the kubeconfig brings no certificate authority, and the hub's machine has none",
            )
        })?;
        Ok(Arc::clone(self.0.get_or_init(|| Arc::new(verifier))) as _)
    }
}

/// Everything that a client is made of. Holds no kubeconfig: a token, or a key as TLS holds it.
pub(crate) struct Access {
    config: Config,
    tls: ClientConfig,
    server_name: Option<ServerName<'static>>,
    settings: Settings,
}

fn unusable(what: &'static str) -> Failure {
    failure("credentials-unusable", what)
}

impl Access {
    /// Reads what [`kubeconfig::examine`] wrote; the settings may have become stricter since.
    pub(crate) fn read(
        kubeconfig: &SecretSlice<u8>,
        settings: Settings,
        roots: &SystemRoots,
    ) -> Result<Self, Failure> {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let (cluster, user) =
            parts(kubeconfig).ok_or(unusable("the stored credentials are not a kubeconfig"))?;
        let server: Option<Uri> = cluster.server.as_deref().and_then(|server| server.parse().ok());
        let server = server.filter(|server| address::endpoint(server, settings).is_ok());
        let server = server.ok_or(unusable("the hub's settings do not allow the API server's address"))?;
        let skip = cluster.insecure_skip_tls_verify == Some(true);
        if skip && !settings.allow_insecure_tls {
            return Err(unusable(
                "the hub's settings do not allow an API server without a verified certificate",
            ));
        }
        let unreadable = || unusable("the stored certificates cannot be read");
        let authority = match &cluster.certificate_authority_data {
            Some(data) => Some(authority(data).ok_or_else(unreadable)?),
            None => None,
        };
        let mut config = Config::new(server);
        let of_system = authority.is_none() && !skip;
        config.root_cert = Some(authority.unwrap_or_default());
        config.accept_invalid_certs = skip;
        config.auth_info = user;
        let mut tls = config.rustls_client_config().map_err(|_| unreadable())?;
        if of_system && config.cluster_url.scheme_str() == Some("https") {
            tls.dangerous().set_certificate_verifier(roots.verifier()?);
        }
        // One server a client: a few tickets are enough.
        tls.resumption = Resumption::in_memory_sessions(4);
        let server_name = match cluster.tls_server_name {
            Some(name) => Some(ServerName::try_from(name).map_err(|_| unreadable())?),
            None => None,
        };
        config.root_cert = None;
        config.auth_info.client_certificate_data = None;
        config.auth_info.client_key_data = None;
        Ok(Self { config, tls, server_name, settings })
    }

    /// Whether the API server is named by its address: there is nothing to resolve.
    pub(crate) fn is_literal(&self) -> bool {
        let host = self.config.cluster_url.host().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
    }

    /// A client. Needs a runtime; touches the network with its first request. Speaks HTTP/2 where the API server does,
    /// so that one connection serves a whole look. The listener hears how each connection comes about.
    pub(crate) fn client(&self, listener: &Listener) -> Result<Client, Failure> {
        let resolver = Resolver::new(self.settings).map_response(telling(listener, Step::Resolved));
        let mut http = HttpConnector::new_with_resolver(resolver);
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT));
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_mins(1)));
        let mut https = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http();
        if let Some(name) = &self.server_name {
            https = https.with_server_name_resolver(FixedServerNameResolver::new(name.clone()));
        }
        let http = http.map_response(telling(listener, Step::Connected));
        let https = https.enable_all_versions().wrap_connector(http);
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(REST)
            .pool_max_idle_per_host(1)
            .build(https.map_response(telling(listener, Step::Secured)));
        let credentials =
            self.config.auth_layer().map_err(|_| unusable("the stored credentials cannot be used"))?;
        let service = ServiceBuilder::new()
            .layer(self.config.base_uri_layer())
            .option_layer(credentials)
            .map_err(BoxError::from)
            .service(client);
        Ok(Client::new(service, "default"))
    }
}

/// Hands on what a service answers, and tells the step that was made with it.
fn telling<T>(listener: &Listener, step: Step) -> impl Fn(T) -> T + Clone + Send + Sync + 'static + use<T> {
    let listener = Arc::clone(listener);
    move |answer| {
        listener(step.clone());
        answer
    }
}

/// The only cluster and the only user.
fn parts(kubeconfig: &SecretSlice<u8>) -> Option<(Cluster, AuthInfo)> {
    let mut config: Kubeconfig = serde_json::from_slice(kubeconfig.expose_secret()).ok()?;
    let cluster = config.clusters.pop()?.cluster?;
    let user = config.auth_infos.pop()?.auth_info?;
    Some((cluster, kubeconfig::data_only(user)))
}

fn authority(data: &str) -> Option<Vec<Vec<u8>>> {
    let pem = STANDARD.decode(data).ok()?;
    CertificateDer::pem_slice_iter(&pem).map(|found| Some(found.ok()?.to_vec())).collect()
}
