//! What a certificate says: for whom it is, of whom, and how long it counts.

use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::X509Certificate;

/// How long before the end of a certificate its renewal is asked for: three weeks.
const RENEW_SECONDS: u64 = 21 * 86_400;

/// What a certificate says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// Its subject, as a distinguished name.
    pub subject: String,
    /// Who signed it, as a distinguished name.
    pub issuer: String,
    /// The names and IP addresses that it is for.
    pub names: Vec<String>,
    /// From when it counts, in seconds since 1970.
    pub not_before: u64,
    /// Until when it counts, in seconds since 1970.
    pub not_after: u64,
    /// Its public key, as a `SubjectPublicKeyInfo` in DER.
    pub public_key: Vec<u8>,
    /// Whether it may sign others.
    pub is_authority: bool,
}

impl Certificate {
    /// Reads a certificate in DER. `None` if it is none.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(der).ok()?;
        let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
        let validity = certificate.validity();
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: names(&certificate),
            not_before: seconds(validity.not_before.timestamp()),
            not_after: seconds(validity.not_after.timestamp()),
            public_key: certificate.public_key().raw.to_vec(),
            is_authority: certificate.is_ca(),
        })
    }

    /// Returns when it should be renewed, in seconds since 1970: three weeks before its end, or
    /// when a quarter of its time is left if that is later.
    pub fn renew_from(&self) -> u64 {
        let quarter = self.not_after.saturating_sub(self.not_before) / 4;
        self.not_after.saturating_sub(quarter.min(RENEW_SECONDS))
    }

    /// Returns whether it does not count yet, or no more, at `now` in seconds since 1970; `None`
    /// if it counts.
    pub const fn is_early_or_late(&self, now: u64) -> Option<bool> {
        if now < self.not_before {
            Some(true)
        } else if now > self.not_after {
            Some(false)
        } else {
            None
        }
    }
}

/// The subject alternative names that a server can have.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = || <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            Some(v4.or_else(|_| v6()).ok()?.to_string())
        }
        _ => None,
    };
    names.value.general_names.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests;
