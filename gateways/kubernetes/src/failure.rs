//! Why a cluster could not be looked at: stable codes, and words of our own.

use std::error::Error as StdError;
use std::io;

use hub_domain::cluster::Failure;

pub(crate) fn failure(code: &str, message: &str) -> Failure {
    Failure { code: code.into(), message: message.into() }
}

/// What an error means. The cluster's own words are left out: they go into the ledger, and nobody has read them.
pub(crate) fn of(error: &kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => of_status(status.code),
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => not_kubernetes(),
        other => of_chain(other),
    }
}

fn of_status(code: u16) -> Failure {
    match code {
        401 => failure("unauthorized", "the API server does not accept the credentials"),
        403 => failure("forbidden", "the credentials are accepted, but may not do what the hub needs"),
        404 => not_kubernetes(),
        429 => failure("server-busy", "the API server asks for fewer requests"),
        _ => failure("server-error", "the API server answers with an error of its own"),
    }
}

fn not_kubernetes() -> Failure {
    failure("not-kubernetes", "what answers at the address does not speak the Kubernetes API")
}

/// Looks through the causes for one that says what happened.
fn of_chain(error: &(dyn StdError + 'static)) -> Failure {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return of_tls(tls);
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if let Some(found) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                return of_tls(found);
            }
            if let Some(found) = of_io(io.kind()) {
                return found;
            }
        }
        // hyper-util keeps the resolver's error behind a type of its own; only its words tell.
        if error.to_string().contains("dns error") {
            return failure("name-not-resolved", "the API server's name cannot be resolved");
        }
        next = error.source();
    }
    failure("connection-lost", "the connection to the API server was lost")
}

fn of_io(kind: io::ErrorKind) -> Option<Failure> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(failure("connection-refused", "nothing listens at the API server's address")),
        io::ErrorKind::TimedOut => Some(failure("deadline-exceeded", "the API server does not answer in time")),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some(failure("network-unreachable", "there is no way to the API server's address"))
        }
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> Failure {
    use rustls::CertificateError as Certificate;
    match error {
        rustls::Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            failure("certificate-expired", "the API server's certificate has expired")
        }
        rustls::Error::InvalidCertificate(Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }) => {
            failure("certificate-invalid", "the API server's certificate is for another name")
        }
        rustls::Error::InvalidCertificate(_) => {
            failure("certificate-invalid", "the API server's certificate is not signed by the given authority")
        }
        _ => failure("tls-failed", "no TLS connection could be agreed on with what listens at the address"),
    }
}
