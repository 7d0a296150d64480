//! Reading a kubeconfig: one context comes out, with its data inline, or the member and the rule that it broke.
//!
//! Nothing of the file is ever run, followed or read from this machine: what asks for that is refused. What is not known
//! is left behind. What was read is wiped.

mod pem;

use hub_commands::ports::Examined;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{Settings, address};

/// The largest kubeconfig, in bytes.
const LIMIT: usize = 1 << 20;
/// What all names are called in the kubeconfig that comes out.
const NAME: &str = "hub";
/// How many names of contexts an error lists.
const LISTED: usize = 20;

/// A member (JSON Pointer) and the rule that it broke. Never holds a value of the file, but for names of contexts.
type Broken = (String, String);

fn broken<T>(pointer: impl Into<String>, rule: impl Into<String>) -> Result<T, Broken> {
    Err((pointer.into(), rule.into()))
}

const EXEC: &str = "exec plugins are not run by the hub; create a service account and use its token";
const PROVIDER: &str = "auth providers are not run by the hub; create a service account and use its token";
const BASIC: &str = "basic authentication is gone from Kubernetes; use a token or a client certificate";
const IMPERSONATION: &str =
    "impersonation is not supported; give the credentials of the account that is meant";

/// Members of a user that would make the hub run, read or be something, and what to do instead.
const USER_RULES: &[(&str, &str)] = &[
    ("exec", EXEC),
    ("auth-provider", PROVIDER),
    ("tokenFile", "files are not read by the hub; put the token itself into `token`"),
    (
        "client-certificate",
        "files are not read by the hub; use `client-certificate-data` (kubectl config view --flatten --raw)",
    ),
    (
        "client-key",
        "files are not read by the hub; use `client-key-data` (kubectl config view --flatten --raw)",
    ),
    ("username", BASIC),
    ("password", BASIC),
    ("as", IMPERSONATION),
    ("as-uid", IMPERSONATION),
    ("as-groups", IMPERSONATION),
    ("as-user-extra", IMPERSONATION),
];

/// Members of a cluster that are refused, and what to do instead.
const CLUSTER_RULES: &[(&str, &str)] = &[
    (
        "certificate-authority",
        "files are not read by the hub; use `certificate-authority-data` (kubectl config view --flatten --raw)",
    ),
    ("proxy-url", "proxies are not supported; the hub must reach the API server itself"),
];

const SKIPPED_VERIFICATION: &str =
    "the API server's certificate is always verified; use `certificate-authority-data`";

/// What a kubeconfig may cost to read. Real ones nest six deep and have a dozen nodes a cluster.
fn limits() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32, flow_nesting_limit: 32, max_nodes: 50_000, max_documents: 1, max_aliases: 100, max_anchors: 100,
            max_recorded_anchor_events: 10_000, max_recorded_anchor_bytes: LIMIT, max_total_scalar_bytes: LIMIT,
        },
    }
}

/// A parsed file, wiped when it goes.
struct Parsed(Value);

impl Drop for Parsed {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// See [`hub_commands::ports::ClusterGateway::examine`].
pub(crate) fn examine(
    text: &SecretString,
    context: Option<&str>,
    settings: Settings,
) -> Result<Examined, Broken> {
    let text = text.expose_secret();
    if text.len() > LIMIT {
        return broken("", format!("must have at most {LIMIT} bytes"));
    }
    // The parser's own words could quote the file.
    let Ok(config) = serde_saphyr::from_str_with_options(text, limits()).map(Parsed) else {
        return broken("", "must be a kubeconfig in YAML or JSON");
    };
    let config = &config.0;
    if !config.is_object() {
        return broken("", "must be a kubeconfig: an object with `clusters`, `users` and `contexts`");
    }
    let name = choose(config, context)?;
    let (at, chosen) = named(config, "contexts", "context", &name)?;
    let reference = |member: &str| match chosen.get(member).and_then(Value::as_str) {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => broken(format!("{at}/{member}"), format!("the context must name its {member}")),
    };
    let (cluster_at, cluster) = named(config, "clusters", "cluster", &reference("cluster")?)?;
    let (user_at, user) = named(config, "users", "user", &reference("user")?)?;
    refuse(&user_at, user, USER_RULES)?;
    refuse(&cluster_at, cluster, CLUSTER_RULES)?;
    let user = kept_user(&user_at, user)?;
    let (endpoint, cluster) = kept_cluster(&cluster_at, cluster, settings)?;
    Ok(Examined { context: name, endpoint, kubeconfig: written(cluster, user, text.len()) })
}

/// The context that is meant: the one asked for, the current one, or the only one.
fn choose(config: &Value, asked: Option<&str>) -> Result<String, Broken> {
    let names: Vec<&str> =
        entries(config, "contexts").filter_map(|entry| entry.get("name")?.as_str()).collect();
    let listed = || {
        let more = if names.len() > LISTED { ", ..." } else { "" };
        format!("{}{more}", names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", "))
    };
    let current = config.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty());
    let (pointer, wanted) = match (asked, current, names.as_slice()) {
        (_, _, []) => return broken("/contexts", "must hold at least one context"),
        (Some(asked), _, _) => ("/contexts", asked),
        (None, Some(current), _) => ("/current-context", current),
        (None, None, [only]) => ("/contexts", *only),
        (None, None, _) => {
            return broken("/current-context", format!("name a context; there are: {}", listed()));
        }
    };
    if names.contains(&wanted) {
        return Ok(wanted.to_owned());
    }
    broken(pointer, format!("there is no such context; there are: {}", listed()))
}

fn entries<'a>(config: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    config.get(list).and_then(Value::as_array).into_iter().flatten()
}

/// The entry of this name, and the pointer of its inner object.
fn named<'a>(
    config: &'a Value,
    list: &str,
    inner: &str,
    name: &str,
) -> Result<(String, &'a Map<String, Value>), Broken> {
    let is_it = |entry: &&Value| entry.get("name").and_then(Value::as_str) == Some(name);
    let Some((nth, entry)) = entries(config, list).enumerate().find(|(_, entry)| is_it(entry)) else {
        return broken(format!("/{list}"), format!("must hold the {inner} that the context names"));
    };
    let at = format!("/{list}/{nth}/{inner}");
    match entry.get(inner) {
        Some(Value::Object(object)) => Ok((at, object)),
        _ => broken(at, "must be an object"),
    }
}

/// Whether a member says anything: kubectl writes some of them empty.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        _ => true,
    }
}

fn refuse(at: &str, object: &Map<String, Value>, rules: &[(&str, &str)]) -> Result<(), Broken> {
    match rules.iter().find(|(member, _)| object.get(*member).is_some_and(says_something)) {
        Some((member, rule)) => broken(format!("{at}/{member}"), *rule),
        None => Ok(()),
    }
}

/// A member's text; an error when it is something else.
fn text<'a>(at: &str, object: &'a Map<String, Value>, member: &str) -> Result<Option<&'a str>, Broken> {
    match object.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => broken(format!("{at}/{member}"), "must be a text; put it in quotes"),
    }
}

fn kept_cluster(
    at: &str,
    cluster: &Map<String, Value>,
    settings: Settings,
) -> Result<(String, Cluster), Broken> {
    let skip = match cluster.get("insecure-skip-tls-verify") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(Value::Bool(true)) if settings.allow_insecure_tls => Some(true),
        Some(_) => return broken(format!("{at}/insecure-skip-tls-verify"), SKIPPED_VERIFICATION),
    };
    let server_name = text(at, cluster, "tls-server-name")?;
    if let Some(name) = server_name
        && rustls::pki_types::ServerName::try_from(name).is_err()
    {
        return broken(format!("{at}/tls-server-name"), "must be a host name or an address");
    }
    let authority_at = format!("{at}/certificate-authority-data");
    let authority = match text(at, cluster, "certificate-authority-data")? {
        Some(data) => Some(pem::authority(data).or_else(|rule| broken(authority_at, rule))?),
        None => None,
    };
    // Last: whoever is told of the address has a kubeconfig that is otherwise in order.
    let server_at = format!("{at}/server");
    let server = text(at, cluster, "server")?.unwrap_or_default();
    let Ok(uri) = server.parse() else {
        return broken(server_at, "must be an address such as https://HOST:PORT");
    };
    let endpoint = address::endpoint(&uri, settings).or_else(|rule| broken(server_at, rule))?;
    let kept = Cluster {
        server: Some(server.to_owned()),
        insecure_skip_tls_verify: skip,
        // Nothing is verified against it then.
        certificate_authority_data: authority.filter(|_| skip.is_none()),
        tls_server_name: server_name.map(str::to_owned),
        ..Cluster::default()
    };
    Ok((endpoint, kept))
}

fn kept_user(at: &str, user: &Map<String, Value>) -> Result<AuthInfo, Broken> {
    let token = text(at, user, "token")?;
    if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return broken(format!("{at}/token"), "must hold visible ASCII characters only");
    }
    let (certificate_at, key_at) = (format!("{at}/client-certificate-data"), format!("{at}/client-key-data"));
    let certificate = text(at, user, "client-certificate-data")?;
    let identity = match (certificate, text(at, user, "client-key-data")?) {
        (None, None) if token.is_none() => {
            return broken(at, "must hold a token, or a client certificate with its key");
        }
        (None, None) => None,
        (Some(_), None) => return broken(key_at, "must come with the client certificate"),
        (None, Some(_)) => return broken(certificate_at, "must come with the client key"),
        (Some(certificate), Some(key)) => match pem::identity(certificate, key) {
            Ok(identity) => Some(identity),
            Err(pem::Wrong::Certificate(rule)) => return broken(certificate_at, rule),
            Err(pem::Wrong::Key(rule)) => return broken(key_at, rule),
        },
    };
    let (certificate, key) = identity.unzip();
    Ok(AuthInfo {
        token: token.map(SecretString::from),
        client_certificate_data: certificate,
        client_key_data: key,
        ..AuthInfo::default()
    })
}

/// A user with nothing but what [`examine`] lets through, whoever wrote it.
pub(crate) fn data_only(user: AuthInfo) -> AuthInfo {
    AuthInfo {
        token: user.token,
        client_certificate_data: user.client_certificate_data,
        client_key_data: user.client_key_data,
        ..AuthInfo::default()
    }
}

/// The kubeconfig of one context. Equal credentials are equal bytes: the vault's fingerprint tells them apart by these.
fn written(cluster: Cluster, user: AuthInfo, size: usize) -> SecretBox<[u8]> {
    let name = || NAME.to_owned();
    let context = Context { cluster: name(), user: Some(name()), ..Context::default() };
    let config = Kubeconfig {
        api_version: Some("v1".into()),
        kind: Some("Config".into()),
        current_context: Some(name()),
        clusters: vec![NamedCluster { name: name(), cluster: Some(cluster), ..NamedCluster::default() }],
        auth_infos: vec![NamedAuthInfo { name: name(), auth_info: Some(user), ..NamedAuthInfo::default() }],
        contexts: vec![NamedContext { name: name(), context: Some(context), ..NamedContext::default() }],
        ..Kubeconfig::default()
    };
    // It is never longer than what it was made from but for its frame, so the buffer never moves and leaves nothing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1024));
    serde_json::to_writer(&mut *bytes, &config).expect("a kubeconfig is representable as JSON");
    SecretBox::new(bytes.as_slice().into())
}

#[cfg(test)]
mod tests;
