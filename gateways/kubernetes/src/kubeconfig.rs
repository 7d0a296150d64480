//! Reading a kubeconfig: one context comes out, with its data inline, or the member and the rule that it broke.
//!
//! Nothing of the file is ever run, followed or read from this machine: what asks for that is refused.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hub_commands::ports::Examined;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::{Map, Value, json};

use crate::Settings;

/// The largest kubeconfig, in bytes.
const LIMIT: usize = 1 << 20;

/// A member (JSON Pointer) and the rule that it broke. Never holds a value of the file, but for names.
type Broken = (String, String);

fn broken<T>(pointer: impl Into<String>, rule: impl Into<String>) -> Result<T, Broken> {
    Err((pointer.into(), rule.into()))
}

/// Members of a user that would make the hub run or read something, and what to do instead.
const USER_RULES: &[(&str, &str)] = &[
    ("exec", "exec plugins are not run by the hub; create a service account and use its token"),
    ("auth-provider", "auth providers are not run by the hub; create a service account and use its token"),
    ("tokenFile", "files are not read by the hub; put the token itself into `token`"),
    ("client-certificate", "files are not read by the hub; use `client-certificate-data` (kubectl config view --flatten)"),
    ("client-key", "files are not read by the hub; use `client-key-data` (kubectl config view --flatten)"),
    ("username", "basic authentication is gone from Kubernetes; use a token or a client certificate"),
    ("password", "basic authentication is gone from Kubernetes; use a token or a client certificate"),
    ("as", "impersonation is not supported; give the credentials of the account that is meant"),
    ("as-uid", "impersonation is not supported; give the credentials of the account that is meant"),
    ("as-groups", "impersonation is not supported; give the credentials of the account that is meant"),
    ("as-user-extra", "impersonation is not supported; give the credentials of the account that is meant"),
];

/// Members of a cluster that are refused, and what to do instead.
const CLUSTER_RULES: &[(&str, &str)] = &[
    ("certificate-authority", "files are not read by the hub; use `certificate-authority-data` (kubectl config view --flatten)"),
    ("proxy-url", "proxies are not supported; the hub must reach the API server itself"),
];

/// See [`hub_commands::ports::ClusterGateway::examine`].
pub fn examine(text: &SecretString, context: Option<&str>, settings: Settings) -> Result<Examined, Broken> {
    let text = text.expose_secret();
    if text.len() > LIMIT {
        return broken("", format!("must have at most {LIMIT} bytes"));
    }
    // The parser's own words could quote the file.
    let Ok(config) = yaml_serde::from_str::<Value>(text) else {
        return broken("", "must be a kubeconfig in YAML or JSON");
    };
    if !config.is_object() {
        return broken("", "must be a kubeconfig: an object with `clusters`, `users` and `contexts`");
    }
    let name = choose(&config, context)?;
    let (at, chosen) = named(&config, "contexts", "context", &name)?;
    let reference = |member: &str| match chosen.get(member).and_then(Value::as_str) {
        Some(name) => Ok(name.to_owned()),
        None => broken(format!("{at}/{member}"), format!("the context must name its {member}")),
    };
    let (cluster_at, cluster) = named(&config, "clusters", "cluster", &reference("cluster")?)?;
    let (user_at, user) = named(&config, "users", "user", &reference("user")?)?;
    refuse(&user_at, user, USER_RULES)?;
    refuse(&cluster_at, cluster, CLUSTER_RULES)?;
    if cluster.get("insecure-skip-tls-verify").and_then(Value::as_bool) == Some(true) {
        let rule = "the API server's certificate is always verified; use `certificate-authority-data`";
        return broken(format!("{cluster_at}/insecure-skip-tls-verify"), rule);
    }
    let endpoint = endpoint(&format!("{cluster_at}/server"), cluster, settings)?;
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "hub",
        "clusters": [{ "name": "hub", "cluster": cluster_data(&cluster_at, cluster)? }],
        "users": [{ "name": "hub", "user": user_data(&user_at, user)? }],
        "contexts": [{ "name": "hub", "context": { "cluster": "hub", "user": "hub" } }],
    });
    Ok(Examined { context: name, endpoint, kubeconfig: SecretSlice::from(kubeconfig.to_string().into_bytes()) })
}

/// The context that is meant: the one asked for, the current one, or the only one.
fn choose(config: &Value, asked: Option<&str>) -> Result<String, Broken> {
    let names: Vec<&str> = config
        .get("contexts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("name")?.as_str())
        .collect();
    let current = config.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty());
    let (pointer, wanted) = match (asked, current, names.as_slice()) {
        (_, _, []) => return broken("/contexts", "must hold at least one context"),
        (Some(asked), _, _) => ("", asked),
        (None, Some(current), _) => ("/current-context", current),
        (None, None, [only]) => ("/contexts", *only),
        (None, None, _) => return broken("/current-context", format!("choose a context: {}", names.join(", "))),
    };
    if names.contains(&wanted) {
        return Ok(wanted.to_owned());
    }
    broken(pointer, format!("there is no such context; there are: {}", names.join(", ")))
}

/// The entry of this name, and the pointer of its inner object.
fn named<'a>(config: &'a Value, list: &str, inner: &str, name: &str) -> Result<(String, &'a Map<String, Value>), Broken> {
    let entries = config.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let found = entries.iter().position(|entry| entry.get("name").and_then(Value::as_str) == Some(name));
    let Some(nth) = found else {
        return broken(format!("/{list}"), format!("must hold the {inner} that the context names"));
    };
    let at = format!("/{list}/{nth}/{inner}");
    match entries[nth].get(inner) {
        Some(Value::Object(object)) => Ok((at, object)),
        _ => broken(at, "must be an object"),
    }
}

fn refuse(at: &str, object: &Map<String, Value>, rules: &[(&str, &str)]) -> Result<(), Broken> {
    for (member, rule) in rules {
        if object.get(*member).is_some_and(|value| !value.is_null() && value.as_str() != Some("")) {
            return broken(format!("{at}/{member}"), *rule);
        }
    }
    Ok(())
}

fn cluster_data(at: &str, cluster: &Map<String, Value>) -> Result<Value, Broken> {
    let mut kept = Map::new();
    kept.insert("server".into(), cluster["server"].clone());
    if let Some(authority) = pem(at, cluster, "certificate-authority-data")? {
        kept.insert("certificate-authority-data".into(), authority);
    }
    if let Some(name) = cluster.get("tls-server-name").and_then(Value::as_str) {
        kept.insert("tls-server-name".into(), name.into());
    }
    Ok(Value::Object(kept))
}

fn user_data(at: &str, user: &Map<String, Value>) -> Result<Value, Broken> {
    let mut kept = Map::new();
    if let Some(token) = user.get("token").and_then(Value::as_str).filter(|token| !token.is_empty()) {
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return broken(format!("{at}/token"), "must hold visible ASCII characters only");
        }
        kept.insert("token".into(), token.into());
    }
    for member in ["client-certificate-data", "client-key-data"] {
        if let Some(data) = pem(at, user, member)? {
            kept.insert(member.into(), data);
        }
    }
    match (kept.contains_key("client-certificate-data"), kept.contains_key("client-key-data")) {
        (true, false) => return broken(format!("{at}/client-key-data"), "must come with the client certificate"),
        (false, true) => return broken(format!("{at}/client-certificate-data"), "must come with the client key"),
        _ => {}
    }
    if kept.is_empty() {
        return broken(at, "must hold a token, or a client certificate with its key");
    }
    Ok(Value::Object(kept))
}

/// A member that holds PEM in base64.
fn pem(at: &str, object: &Map<String, Value>, member: &str) -> Result<Option<Value>, Broken> {
    let Some(data) = object.get(member).and_then(Value::as_str).filter(|data| !data.is_empty()) else {
        return Ok(None);
    };
    match STANDARD.decode(data) {
        Ok(text) if text.starts_with(b"-----BEGIN ") => Ok(Some(data.into())),
        _ => broken(format!("{at}/{member}"), "must be PEM in base64"),
    }
}

/// The API server's address, when it is one that the hub may speak to.
fn endpoint(at: &str, cluster: &Map<String, Value>, settings: Settings) -> Result<String, Broken> {
    let Some(server) = cluster.get("server").and_then(Value::as_str) else {
        return broken(at, "must be the API server's address: https://HOST:PORT");
    };
    let Ok(uri) = server.parse::<http::Uri>() else {
        return broken(at, "must be an address such as https://HOST:PORT");
    };
    if uri.scheme_str() != Some("https") {
        return broken(at, "must begin with https://");
    }
    let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else {
        return broken(at, "must name a host, and no user");
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        let link_local = match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        if link_local || address.is_unspecified() || address.is_multicast() {
            return broken(at, "must not be a link-local, unspecified or multicast address");
        }
        if address.is_loopback() && !settings.allow_loopback {
            return broken(at, "must not be on the hub's own machine");
        }
    }
    Ok(format!("https://{}:{}", authority.host(), authority.port_u16().unwrap_or(443)))
}

#[cfg(test)]
mod tests;
