//! TLS over real sockets: links of a private network, the API, and the command line.

mod cert;
mod https;
mod links;
mod refusals;
mod renewal;
mod silent;

use std::sync::Arc;

use jenny_chain::tls::test_util::TestAuthority;
use jenny_chain::tls::{certificates, provider};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A client that trusts this authority, and presents no certificate.
fn nameless(authority: &TestAuthority) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificates(&authority.ca()).unwrap().remove(0)).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
