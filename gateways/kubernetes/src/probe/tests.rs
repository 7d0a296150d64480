//! Probes against what listens there instead of an API server. The real one stands in `tests/e2e`.

use std::net::{Ipv4Addr, SocketAddr};

use hub_commands::ports::ClusterProbe as _;
use secrecy::SecretSlice;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::KubeProbe;

fn probe(address: SocketAddr) -> KubeProbe {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let config = json!({
        "current-context": "hub",
        "clusters": [{ "name": "hub", "cluster": { "server": format!("https://{address}") } }],
        "users": [{ "name": "hub", "user": { "token": "t" } }],
        "contexts": [{ "name": "hub", "context": { "cluster": "hub", "user": "hub" } }],
    });
    KubeProbe::new(&SecretSlice::from(config.to_string().into_bytes())).expect("a probe")
}

#[tokio::test]
async fn a_closed_port_is_named() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    assert_eq!(probe(address).look().await.expect_err("nobody is there").code, "connection-refused");
}

#[tokio::test]
async fn something_that_does_not_speak_tls_is_named() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let babble = tokio::spawn(async move {
        // Kept open: a reset could overtake what was written.
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok();
            open.push(stream);
        }
    });
    assert_eq!(probe(address).look().await.expect_err("no TLS").code, "tls-failed");
    babble.abort();
}

#[tokio::test]
async fn a_thousand_resting_probes_are_made() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let probes: Vec<KubeProbe> = (0..1000).map(|_| probe(address)).collect();
    assert!(probes.iter().all(|probe| !probe.client.initialized()));
}

#[test]
fn credentials_that_are_no_kubeconfig_are_named() {
    let refused = KubeProbe::new(&SecretSlice::from(b"no".to_vec())).err().expect("it is refused");
    assert_eq!(refused.code, "credentials-unreadable");
}
