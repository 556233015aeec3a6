//! Whom to trust: the system's certificate authorities, and one more file if the company has its
//! own. REST and the socket share one configuration.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::folder::OpenError;

/// Reads certificates; blocks.
pub(crate) fn client_config(extra_ca: Option<&Path>) -> Result<ClientConfig, OpenError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "Some of the system's certificate authorities cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    if let Some(path) = extra_ca {
        let failed = |reason: String| OpenError::ExtraCa {
            path: path.to_owned(),
            reason,
        };
        let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| failed(error.to_string()))?;
        if certificates.is_empty() {
            return Err(failed("there is no certificate in it".to_owned()));
        }
        for certificate in certificates {
            roots
                .add(certificate)
                .map_err(|error| failed(error.to_string()))?;
        }
    }
    // The process has one provider; the shell may have installed it before.
    drop(rustls::crypto::ring::default_provider().install_default());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::ExtraCa {
            path: extra_ca.map(Path::to_owned).unwrap_or_default(),
            reason: error.to_string(),
        })
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
}
