//! What TLS needs: a certificate and its key, from files.

use super::StartError;
use crate::settings::TlsSettings;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Reads the certificate and its key, if there is to be TLS.
pub(super) fn read(settings: Option<&TlsSettings>) -> Result<Option<TlsAcceptor>, StartError> {
    settings.map(|tls| acceptor(&tls.certificate, &tls.key).map_err(StartError::Tls)).transpose()
}

fn acceptor(certificate: &Path, key: &Path) -> io::Result<TlsAcceptor> {
    let certificate = std::fs::read(certificate)?;
    let key = std::fs::read(key)?;
    // The library's own words might quote what it read, which may be a key in the wrong file.
    let chain = CertificateDer::pem_slice_iter(&certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| io::Error::other("the certificate is not in PEM format"))?;
    if chain.is_empty() {
        return Err(io::Error::other("there is no certificate in the file"));
    }
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| io::Error::other("there is no private key in PEM format in the file"))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.map_err(io::Error::other)?;
    config.alpn_protocols = [b"h2".as_slice(), b"http/1.1"].map(<[u8]>::to_vec).into();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
