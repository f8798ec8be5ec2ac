//! What a port shows and trusts: a certificate with its key, and the CA of its peers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, Error, RootCertStore, ServerConfig, SupportedProtocolVersion,
};

use super::certificate::Certificate;
use super::error::TlsError;
use super::handshake::{self, NoTls};
use super::pem;
use super::reason::certificate_reason;
use super::stream::MaybeTls;
use super::verifier::{ChainVerifier, provider};

/// The one protocol over TLS (ALPN).
const HTTP_1_1: &[u8] = b"http/1.1";

/// What to do about a certificate at the end of its time.
const RENEW: &str =
    "renew it (`jenny cert issue` for a CA of your own), or correct this machine's clock";

/// The files of a port. With `ca`, both sides present certificates of that CA.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The certificate, with those between it and its CA.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The CAs whose certificates peers must have, `None` if clients need none.
    pub ca: Option<PathBuf>,
}

/// What a port shows and trusts; cheap to clone. It can be reread while it is used.
#[derive(Clone, Debug)]
pub struct Credentials(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    files: TlsFiles,
    loaded: RwLock<Loaded>,
}

#[derive(Clone, Debug)]
struct Loaded {
    server: Arc<ServerConfig>,
    client: Option<Client>,
    shown: Certificate,
}

#[derive(Clone, Debug)]
struct Client {
    /// For addresses that the operator named.
    by_name: Arc<ClientConfig>,
    /// For those that peers told of.
    by_chain: Arc<ClientConfig>,
}

impl Credentials {
    /// Reads the files and checks that they fit each other and count now.
    ///
    /// # Errors
    /// The first file that cannot be used, with what to do about it.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let loaded = load(&files, seconds_now())?;
        Ok(Self(Arc::new(Inner { files, loaded: RwLock::new(loaded) })))
    }

    /// As [`Credentials::load`] at an earlier time, in seconds since 1970.
    #[cfg(test)]
    pub(super) fn load_at(files: TlsFiles, now: u64) -> Result<Self, TlsError> {
        let loaded = load(&files, now)?;
        Ok(Self(Arc::new(Inner { files, loaded: RwLock::new(loaded) })))
    }

    /// Reads the files again. Connections that are open keep what they began with.
    ///
    /// # Errors
    /// As [`Credentials::load`]; what was loaded before stays in use then.
    pub fn reload(&self) -> Result<(), TlsError> {
        let loaded = load(&self.0.files, seconds_now())?;
        *self.0.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(())
    }

    /// Returns the file of the certificate.
    pub fn file(&self) -> &Path {
        &self.0.files.cert
    }

    /// Returns the certificate that is shown at present.
    pub fn certificate(&self) -> Certificate {
        self.current().shown
    }

    /// Takes a handshake from a client, who may be told to use `scheme`. The caller bounds the
    /// time.
    ///
    /// # Errors
    /// When the connection ends, the client does not speak TLS, or is not trusted.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        scheme: &'static str,
    ) -> Result<MaybeTls<S>, NoTls> {
        self.accept_noting(stream, scheme, || {}).await
    }

    /// As [`Credentials::accept`], and calls `begun` when the first byte has come: from then on the
    /// handshake costs this side time, however it ends.
    ///
    /// # Errors
    /// As [`Credentials::accept`].
    pub async fn accept_noting<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        scheme: &'static str,
        begun: impl FnOnce(),
    ) -> Result<MaybeTls<S>, NoTls> {
        let server = self.current().server;
        handshake::accept(server, stream, scheme, begun).await
    }

    /// Begins a handshake with a server at this host. Its certificate must be of the CA and, if
    /// `checks_name`, for this host. The caller bounds the time.
    ///
    /// # Errors
    /// When the connection ends, the server does not speak TLS, or is not trusted.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        host: &str,
        checks_name: bool,
    ) -> Result<MaybeTls<S>, NoTls> {
        let no_ca = || NoTls::Failed("no CA is set that its certificate could be of".to_owned());
        let client = self.current().client.ok_or_else(no_ca)?;
        let config = if checks_name { client.by_name } else { client.by_chain };
        handshake::connect(config, stream, host).await
    }

    fn current(&self) -> Loaded {
        self.0.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn load(files: &TlsFiles, now: u64) -> Result<Loaded, TlsError> {
    let chain = pem::certificates(&files.cert)?;
    let key = pem::key(&files.key)?;
    let shown = shown(&files.cert, &chain, now)?;
    let roots = files.ca.as_deref().map(|ca| Ok((ca, Arc::new(roots(ca)?)))).transpose()?;
    let server = server(files, chain.clone(), key.clone_key(), roots.clone(), now)?;
    let client = roots.map(|(_, roots)| client(files, &chain, &key, &roots)).transpose()?;
    Ok(Loaded { server: Arc::new(server), client, shown })
}

/// What the first certificate says, which must count now.
fn shown(
    file: &Path,
    chain: &[CertificateDer<'static>],
    now: u64,
) -> Result<Certificate, TlsError> {
    let parsed = chain.first().and_then(|first| Certificate::parse(first));
    let Some(certificate) = parsed else {
        let advice = "copy the file again; it may be cut or damaged";
        return Err(TlsError::new(file, "its certificate cannot be read", advice));
    };
    match certificate.is_early_or_late(now) {
        None => Ok(certificate),
        Some(true) => Err(TlsError::new(file, "the certificate is not valid yet", CLOCK)),
        Some(false) => Err(TlsError::new(file, "the certificate has expired", RENEW)),
    }
}

/// What to do about a certificate of the future.
const CLOCK: &str =
    "correct this machine's clock, or wait; `jenny cert show FILE` prints the dates";

fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}

fn roots(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for der in pem::certificates(file)? {
        let is_authority = Certificate::parse(&der).is_some_and(|its| its.is_authority);
        if !is_authority || roots.add(der).is_err() {
            return Err(TlsError::new(
                file,
                "it holds a certificate that is no CA's",
                "name the file that `jenny cert new-ca` wrote as ca.pem; the node's own certificate \
                 belongs into `cert`",
            ));
        }
    }
    Ok(roots)
}

fn server(
    files: &TlsFiles,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    roots: Option<(&Path, Arc<RootCertStore>)>,
    now: u64,
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(roots.is_some()))
        .map_err(|error| unusable(files, &error))?;
    let builder = match roots {
        None => builder.with_no_client_auth(),
        Some((ca, roots)) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
            let verifier = verifier.map_err(|error| {
                TlsError::new(ca, format!("it cannot be used as a CA: {error}"), NEW_CA)
            })?;
            // A node whose own certificate its peers refuse would link to nobody.
            let (first, between) = chain.split_first().unzip();
            let first = first.ok_or_else(|| unusable(files, &Error::NoCertificatesPresented))?;
            let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
            let checked = verifier.verify_client_cert(first, between.unwrap_or_default(), now);
            checked.map_err(|error| refused(files, ca, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config =
        builder.with_single_cert(chain, key).map_err(|error| unusable(files, &error))?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    // A resumed session would outlive the certificate and the CA that it began with.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn client(
    files: &TlsFiles,
    chain: &[CertificateDer<'static>],
    key: &PrivateKeyDer<'static>,
    roots: &Arc<RootCertStore>,
) -> Result<Client, TlsError> {
    let build = |by_name: bool| {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions(true))
            .map_err(|error| unusable(files, &error))?;
        let builder = if by_name {
            builder.with_root_certificates(Arc::clone(roots))
        } else {
            let verifier = ChainVerifier::new(Arc::clone(roots));
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        };
        let mut config = builder
            .with_client_auth_cert(chain.to_vec(), key.clone_key())
            .map_err(|error| unusable(files, &error))?;
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    };
    Ok(Client { by_name: build(true)?, by_chain: build(false)? })
}

/// What to do about a CA that cannot be used.
const NEW_CA: &str = "make one with `jenny cert new-ca`";

/// Peers are nodes, which speak 1.3 alone: their certificates are encrypted with it. Clients of
/// the API may be older.
const fn versions(of_peers: bool) -> &'static [&'static SupportedProtocolVersion] {
    if of_peers { PEER_VERSIONS } else { API_VERSIONS }
}

const PEER_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13];

const API_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// Why peers would refuse this node.
fn refused(files: &TlsFiles, ca: &Path, error: &Error) -> TlsError {
    let ca = ca.display();
    let (reason, advice) = match error {
        Error::InvalidCertificate(error) => match certificate_reason(error) {
            reason if reason.contains("no known CA") => (
                format!("the CA in {ca} did not sign this certificate"),
                format!(
                    "issue it with that CA's key: `jenny cert issue`, or set the CA that signed it instead of {ca}"
                ),
            ),
            reason => (reason, RENEW.to_owned()),
        },
        error => (error.to_string(), RENEW.to_owned()),
    };
    TlsError::new(&files.cert, reason, advice)
}

fn unusable(files: &TlsFiles, error: &Error) -> TlsError {
    match error {
        Error::InconsistentKeys(_) => TlsError::new(
            &files.key,
            format!(
                "this private key is not the one of the certificate in {}",
                files.cert.display()
            ),
            "name the key that was made together with the certificate",
        ),
        error => TlsError::new(
            &files.key,
            format!("this private key cannot be used: {error}"),
            "use an ECDSA (P-256 or P-384), Ed25519 or RSA (2048 bits or more) key",
        ),
    }
}

#[cfg(test)]
mod tests;
