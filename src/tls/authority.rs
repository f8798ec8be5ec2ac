//! A small certificate authority: certificates and keys as PEM texts.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, SanType,
};
use tokio_rustls::rustls::pki_types::DnsName;

use super::certificate::Certificate;
use super::error::TlsError;
use super::pem;

/// How long before it was made a certificate counts: the clocks of a network differ.
const EARLY: Duration = Duration::from_secs(86_400);

/// Most names of a certificate.
const MAX_CERTIFICATE_NAMES: usize = 100;

/// A certificate and its private key, in PEM.
#[derive(Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

/// The host names and IP addresses of a certificate, at least one.
#[derive(Clone, Debug)]
pub struct Names(Vec<SanType>);

/// Why a text is no name of a certificate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameError {
    /// Neither a host name nor an IP address.
    #[error("`{0}` is neither a host name nor an IP address; leave out scheme, port and wildcards")]
    Malformed(String),
    /// None, or too many.
    #[error("a certificate has 1 to {MAX_CERTIFICATE_NAMES} names")]
    Count,
}

impl Names {
    /// Reads host names and IP addresses.
    ///
    /// # Errors
    /// The first text that is neither; none, or more than 100.
    pub fn parse<T: AsRef<str>>(names: &[T]) -> Result<Self, NameError> {
        if names.is_empty() || names.len() > MAX_CERTIFICATE_NAMES {
            return Err(NameError::Count);
        }
        names.iter().map(|name| parse(name.as_ref())).collect::<Result<_, _>>().map(Self)
    }
}

fn parse(name: &str) -> Result<SanType, NameError> {
    let malformed = || NameError::Malformed(name.escape_debug().take(80).collect());
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    // A name of digits and dots alone is an address that was mistyped.
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_number || DnsName::try_from(name).is_err() {
        return Err(malformed());
    }
    name.to_ascii_lowercase().try_into().map(SanType::DnsName).map_err(|_| malformed())
}

/// A certificate authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    not_after: u64,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes a new authority of this name, which counts for so long from now on.
    ///
    /// # Errors
    /// When the system gives no random numbers, or no certificate can be made of the name.
    pub fn create(name: &str, lasts: Duration) -> Result<Issued, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, lasts);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Issued { certificate, key: key.serialize_pem() })
    }

    /// Takes up an authority from the files of its certificate and its key.
    ///
    /// # Errors
    /// When either cannot be used, or they do not belong together.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let wrong = |reason: &str| {
            TlsError::new(cert, reason, "name the directory that `jenny cert new-ca` wrote into")
        };
        let der = pem::certificates(cert)?.swap_remove(0);
        let certificate = Certificate::parse(&der).filter(|its| its.is_authority);
        let Some(certificate) = certificate else {
            return Err(wrong("it holds a certificate that is no CA's"));
        };
        let unusable = |error: rcgen::Error| {
            TlsError::new(
                key,
                format!("this private key cannot be used: {error}"),
                "convert it: `openssl pkcs8 -topk8 -nocrypt -in FILE -out NEW`",
            )
        };
        let pair = KeyPair::try_from(pem::key(key)?.secret_der()).map_err(unusable)?;
        if certificate.public_key != pair.subject_public_key_info() {
            return Err(wrong("the key beside it is not the one of this CA"));
        }
        let issuer = Issuer::from_ca_cert_der(&der, pair).map_err(unusable)?;
        Ok(Self { issuer, not_after: certificate.not_after })
    }

    /// Returns until when the authority counts, in seconds since 1970; what it issues counts no
    /// longer.
    pub const fn not_after(&self) -> u64 {
        self.not_after
    }

    /// Makes a key and a certificate for it, which counts for so long from now on, but no longer
    /// than the authority, on both sides of a connection.
    ///
    /// # Errors
    /// When the system gives no random numbers, or the names cannot be written.
    pub fn issue(&self, names: &Names, lasts: Duration) -> Result<Issued, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(first) = names.0.first() {
            params.distinguished_name.push(DnType::CommonName, text(first));
        }
        params.subject_alt_names.clone_from(&names.0);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, lasts);
        let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.not_after));
        if let Some(end) = end {
            params.not_after = params.not_after.min(end.into());
        }
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Issued { certificate, key: key.serialize_pem() })
    }
}

/// The first name, as the common name, which has 64 characters at most (RFC 5280).
fn text(name: &SanType) -> String {
    let text = match name {
        SanType::DnsName(name) => name.as_str().to_owned(),
        SanType::IpAddress(address) => address.to_string(),
        _ => String::new(),
    };
    text.chars().take(64).collect()
}

fn set_validity(params: &mut CertificateParams, lasts: Duration) {
    let now = SystemTime::now();
    params.not_before = now.checked_sub(EARLY).unwrap_or(now).into();
    params.not_after = now.checked_add(lasts).unwrap_or(now).into();
}

#[cfg(test)]
mod tests;
