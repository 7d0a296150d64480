//! Why a cluster could not be looked at: stable codes, and words of our own. A cluster's own words are left out, because
//! a failure goes into the ledger and nobody has read them.

use std::error::Error;
use std::io;

use http::StatusCode;
use hub_commands::ports::Stage;
use hub_domain::cluster::Failure;
use rustls::{AlertDescription, CertificateError};

use crate::address::ResolveError;

pub(crate) fn failure(code: &str, message: &str) -> Failure {
    Failure { code: code.into(), message: message.into() }
}

/// How far an attempt came that ended so. What answers with an error of its own, or with something else, has not told whether it
/// would let the hub in: it has not told its version.
pub(crate) fn stage(code: &str) -> Stage {
    match code {
        "credentials-unusable" => Stage::Kubeconfig,
        "name-not-resolved" | "address-refused" => Stage::Address,
        "no-certificate-authority" | "certificate-expired" | "certificate-invalid" | "tls-failed" => {
            Stage::Tls
        }
        "unauthorized" => Stage::SignIn,
        "not-kubernetes" | "server-error" | "server-busy" => Stage::Version,
        "permission-missing" | "forbidden" => Stage::Permissions,
        _ => Stage::Reach,
    }
}

/// What answers is something else.
pub(crate) fn not_kubernetes() -> Failure {
    failure("not-kubernetes", "what answers at the address does not speak the Kubernetes API")
}

/// Nothing came in time.
pub(crate) fn too_late() -> Failure {
    failure("deadline-exceeded", "the API server did not answer in time")
}

/// The credentials are not let in.
fn unauthorized() -> Failure {
    failure("unauthorized", "the API server does not accept the credentials")
}

/// What an answer other than success means.
pub(crate) fn of_status(status: StatusCode) -> Failure {
    match status {
        StatusCode::UNAUTHORIZED => unauthorized(),
        StatusCode::FORBIDDEN => {
            failure("forbidden", "the credentials are accepted, but may not do what the hub needs")
        }
        StatusCode::TOO_MANY_REQUESTS => failure("server-busy", "the API server asks for fewer requests"),
        status if status.is_server_error() => {
            failure("server-error", "the API server answers with an error of its own")
        }
        _ => not_kubernetes(),
    }
}

/// What an error on the way means: the first of its causes that says what happened.
pub(crate) fn of_error(error: &(dyn Error + 'static)) -> Failure {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = of_cause(error) {
            return found;
        }
        // An I/O error that wraps another leaves it out of its sources.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    failure("connection-lost", "the connection to the API server was lost")
}

fn of_cause(error: &(dyn Error + 'static)) -> Option<Failure> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(of_tls(tls));
    }
    if let Some(resolved) = error.downcast_ref::<ResolveError>() {
        return Some(match resolved {
            ResolveError::Unknown(_) => {
                failure("name-not-resolved", "the API server's name cannot be resolved")
            }
            ResolveError::Refused => failure(
                "address-refused",
                "the API server's name leads to an address that the hub does not speak to",
            ),
        });
    }
    if let Some(http) = error.downcast_ref::<hyper::Error>() {
        return http.is_parse().then(not_kubernetes);
    }
    error.downcast_ref::<io::Error>().and_then(|error| of_io(error.kind()))
}

fn of_io(kind: io::ErrorKind) -> Option<Failure> {
    match kind {
        io::ErrorKind::ConnectionRefused => {
            Some(failure("connection-refused", "nothing listens at the API server's address"))
        }
        io::ErrorKind::TimedOut => Some(too_late()),
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::PermissionDenied => {
            Some(failure("network-unreachable", "there is no way to the API server's address"))
        }
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> Failure {
    match error {
        rustls::Error::InvalidCertificate(found) => of_certificate(found),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) => unauthorized(),
        _ => failure("tls-failed", "no TLS connection could be agreed on with what listens at the address"),
    }
}

fn of_certificate(error: &CertificateError) -> Failure {
    let message = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            return failure("certificate-expired", "the API server's certificate has expired");
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the API server's certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the API server's certificate is for another name"
        }
        CertificateError::UnknownIssuer => {
            "the API server's certificate is not signed by the given authority"
        }
        _ => "the API server's certificate cannot be relied on",
    };
    failure("certificate-invalid", message)
}

#[cfg(test)]
mod tests;
