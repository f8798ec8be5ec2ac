//! Which CAs are trusted for https, and what to do when a node is not trusted.

use std::path::Path;

use anyhow::Result;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

use crate::cli::certificates;
use crate::cli::exit::Failure;
use crate::tls::{self, Kind};

/// The CAs for a node at this address: those of a file, else this system's.
pub(super) fn config(node: &Url, ca: Option<&Path>) -> Result<TlsConfig> {
    let ders = match ca {
        _ if node.scheme() != "https" => Vec::new(),
        Some(file) => tls::certificates(file).map_err(|error| certificates::failure(&error))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    if ders.is_empty() && node.scheme() == "https" {
        return Err(Failure::usage("this system has no list of CAs to trust for https")
            .hint("name the file with the CA of the node's certificate by --ca FILE")
            .into());
    }
    let roots: Vec<_> = ders.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(tls::provider())
        .root_certs(RootCerts::new_with_certs(&roots))
        .build())
}

/// Why there is no connection to trust, `None` if that is not what went wrong.
pub(super) fn failure(node: &str, flag: &str, error: &ureq::Error) -> Option<Failure> {
    let ureq::Error::Io(error) = error else { return None };
    let kind = tls::kind(error)?;
    let failure = Failure::no(format!("no trusted connection to {node}: {}", tls::reason(error)));
    Some(match kind {
        Kind::NoTls => failure.hint("write http:// instead of https://"),
        Kind::UnknownCa => failure.hint(
            "name the file with the CA of its certificate by --ca FILE; the network's ca.pem if \
             `jenny cert` made it",
        ),
        Kind::OtherName => failure.hint(format!(
            "give its address by one of these names with {flag}, or issue a certificate for this one"
        )),
        Kind::Other => failure.hint("`jenny cert show FILE` prints what a certificate says"),
    })
}

/// Whether an answer in clear text asks for TLS.
pub(super) fn wants_tls(body: &[u8]) -> bool {
    body.starts_with(b"This port speaks TLS")
}
