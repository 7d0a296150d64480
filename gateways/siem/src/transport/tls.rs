//! How the other side shows who it is, and how the hub does.

use std::sync::{Arc, OnceLock};

use hub_domain::export::Tls;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use secrecy::{ExposeSecret as _, SecretString};

use super::{OpenError, Secrets};

/// The longest list of authorities, in bytes of PEM.
const LONGEST: usize = 256 * 1024;

/// The names of the secrets that [`client`] uses.
pub(crate) const CERTIFICATE: [&str; 2] = ["client_certificate", "client_key"];

/// The machine's own certificate authorities. Read once: they are large.
fn of_system() -> Result<Arc<Verifier>, OpenError> {
    static FOUND: OnceLock<Arc<Verifier>> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(Arc::clone(found));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new(provider).map_err(|_| {
        OpenError::transport("/tls/ca", "must be there: the hub's machine has no certificate authorities")
    })?;
    Ok(Arc::clone(FOUND.get_or_init(|| Arc::new(verifier))))
}

/// What `tls` says, checked.
pub(crate) fn checked(tls: &Tls) -> Result<(), OpenError> {
    if let Some(ca) = &tls.ca {
        roots(ca)?;
    }
    if let Some(name) = &tls.server_name {
        let is_name = DnsName::try_from(name.as_str()).is_ok() && name.parse::<std::net::IpAddr>().is_err();
        if !is_name {
            return Err(OpenError::transport("/tls/server_name", "must be a DNS name"));
        }
    }
    Ok(())
}

fn roots(ca: &str) -> Result<RootCertStore, OpenError> {
    let refused = || OpenError::transport("/tls/ca", "must be certificates in PEM, at most 256 KiB");
    let mut roots = RootCertStore::empty();
    if ca.len() <= LONGEST {
        for found in CertificateDer::pem_slice_iter(ca.as_bytes()) {
            roots.add(found.map_err(|_| refused())?).map_err(|_| refused())?;
        }
    }
    if roots.is_empty() { Err(refused()) } else { Ok(roots) }
}

/// Certificate and key of the hub, which come together or not at all.
pub(crate) fn identity(secrets: &Secrets) -> Result<Option<(&SecretString, &SecretString)>, OpenError> {
    match (&secrets.client_certificate, &secrets.client_key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(OpenError::secret("/client_key", "must be there where there is a certificate"))
        }
        (None, Some(_)) => {
            Err(OpenError::secret("/client_certificate", "must be there where there is a client_key"))
        }
    }
}

/// The client's side of TLS 1.2 and 1.3.
pub(crate) fn client(tls: &Tls, secrets: &Secrets) -> Result<ClientConfig, OpenError> {
    checked(tls)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| OpenError::transport("/tls", "cannot be used here"))?;
    let builder = match &tls.ca {
        Some(ca) => builder.with_root_certificates(roots(ca)?),
        None => builder.dangerous().with_custom_certificate_verifier(of_system()?),
    };
    let Some((certificate, key)) = identity(secrets)? else { return Ok(builder.with_no_client_auth()) };
    let refused = || OpenError::secret("/client_certificate", "must be certificates in PEM");
    let chain = CertificateDer::pem_slice_iter(certificate.expose_secret().as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| refused())?;
    if chain.is_empty() {
        return Err(refused());
    }
    let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
        .map_err(|_| OpenError::secret("/client_key", "must be a private key in PEM"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|_| OpenError::secret("/client_key", "must be the key of the certificate"))
}

#[cfg(test)]
mod tests;
