//! Checks certificates, and explains what is wrong with one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, RootCertStore,
    SignatureScheme,
};

use crate::config::ConfigError;

/// How certificates are checked: by the authorities in a PEM file, or by the system's.
///
/// # Errors
/// The file cannot be used, or the system's authorities are not available.
pub fn config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match ca_file {
        Some(path) => Arc::new(OwnAuthorities::read(path, &provider)?),
        None => Arc::new(
            rustls_platform_verifier::Verifier::new(Arc::clone(&provider))
                .map_err(|error| ConfigError::Tls(error.to_string()))?,
        ),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Tls(error.to_string()))?
        // rustls calls every custom verifier "dangerous"; ours only delegates to its own.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The certificates of a file, as authorities; or as the collector's own certificate, if it shows one of them.
///
/// A certificate made with one command is self-signed and may sign others (`CA:TRUE`). curl accepts it when it is named
/// as the file of authorities. webpki does not accept such a certificate from a server, because an authority's key does
/// not belong there; but here its owner has allowed it explicitly.
#[derive(Debug)]
struct OwnAuthorities {
    chains: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl OwnAuthorities {
    fn read(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Self, ConfigError> {
        let unusable = |cause: String| ConfigError::CaFile {
            path: path.to_owned(),
            cause,
        };
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let certificates = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unusable(error.to_string()))?;
        if certificates.is_empty() {
            return Err(unusable("it holds no certificate".into()));
        }
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(certificates.iter().cloned());
        if taken == 0 {
            return Err(unusable("none of its certificates can be read".into()));
        }
        let chains =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()
                .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            chains,
            certificates,
        })
    }
}

impl ServerCertVerifier for OwnAuthorities {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.chains
                .verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        match verified {
            // webpki has checked its validity period before its usage, but not its name.
            Err(Error::InvalidCertificate(CertificateError::Other(cause)))
                if format!("{cause:?}").contains("CaUsedAsEndEntity")
                    && self.certificates.iter().any(|known| known == end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Explains a failed handshake with `who`, and what to do. Errors other than TLS are returned unchanged.
#[must_use]
pub fn explain(error: io::Error, who: &str) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::other(format!(
            "{who} closed the connection before TLS was agreed on: it may speak http there, not https"
        ));
    }
    match in_words_of(&error, who) {
        Some(text) => io::Error::other(text),
        None => error,
    }
}

/// The explanation as text. None: it is not a TLS error.
#[must_use]
pub fn in_words_of(error: &io::Error, who: &str) -> Option<String> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    Some(in_words(inner, who))
}

fn in_words(error: &Error, who: &str) -> String {
    let certificate = match error {
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => return format!("{who} does not speak https there, but http, it seems"),
        Error::InvalidCertificate(certificate) => certificate,
        other => return format!("TLS with {who} failed: {other}"),
    };
    match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {who} has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!(
                "the certificate of {who} is not valid yet: is the clock of this machine right?"
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "the certificate of {who} is for another host name: the URL must name a host that is in the \
                 certificate's subjectAltName"
            )
        }
        // Signed by another authority of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the certificate of {who} is signed by an authority that this machine does not trust: name the PEM file of its \
             authority in PLAYBACK_CA_FILE (option ca_file)"
        ),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => format!(
            "the certificate of {who} is an authority's own (CA:TRUE): name it in PLAYBACK_CA_FILE (option ca_file), \
             or give the collector one that the authority has signed"
        ),
        other => format!("the certificate of {who} cannot be used: {other}"),
    }
}
