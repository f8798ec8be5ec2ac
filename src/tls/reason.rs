//! Why a handshake failed, in an operator's words.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// Most names of a certificate that an error lists.
const MAX_SHOWN_NAMES: usize = 4;

/// Returns why a connection with TLS failed. Errors that are not TLS's keep their text.
pub fn reason(error: &io::Error) -> String {
    match of(error) {
        Some(error) => words(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the other side closed the connection".to_owned()
        }
        None => error.to_string(),
    }
}

/// What kind of failure ended a handshake, which decides what to do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The other side answered with something that is not TLS.
    NoTls,
    /// No known CA signed its certificate.
    UnknownCa,
    /// Its certificate is for other names.
    OtherName,
    /// Any other failure of TLS.
    Other,
}

/// Returns what kind of failure of TLS an error is, `None` if it is of another origin.
pub fn kind(error: &io::Error) -> Option<Kind> {
    Some(match of(error)? {
        Error::InvalidMessage(message) if is_no_tls(message) => Kind::NoTls,
        Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => Kind::UnknownCa,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Kind::OtherName,
        _ => Kind::Other,
    })
}

fn of(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate_reason(error),
        Error::NoCertificatesPresented => {
            "it presented no certificate; this port admits only certificates of its CA".to_owned()
        }
        Error::InvalidMessage(message) if is_no_tls(message) => {
            "it does not speak TLS on this port".to_owned()
        }
        Error::AlertReceived(alert) => alert_reason(*alert),
        Error::PeerIncompatible(_) => "both sides have no version of TLS in common".to_owned(),
        Error::NoApplicationProtocol => "it does not speak HTTP/1.1".to_owned(),
        error => format!("the TLS handshake failed: {error}"),
    }
}

const fn is_no_tls(message: &InvalidMessage) -> bool {
    matches!(
        message,
        InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
    )
}

/// Returns why a certificate that the other side presented is not trusted.
pub(super) fn certificate_reason(error: &CertificateError) -> String {
    match error {
        // The latter is a CA of the same name with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "no known CA signed its certificate".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names = presented.iter().take(MAX_SHOWN_NAMES).map(|name| shown(name));
            let names: Vec<_> = names.collect();
            let more = if presented.len() > MAX_SHOWN_NAMES { ", .." } else { "" };
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("its certificate is not for {}: it is for {names}{more}", expected.to_str())
        }
        CertificateError::NotValidForName => {
            "its certificate is not for the name that was dialled".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its certificate is for another purpose".to_owned()
        }
        error => format!("its certificate is not trusted: {error}"),
    }
}

/// A name as the library shows it, `DnsName("a")` or `IpAddress(127.0.0.1)`, without its kind.
fn shown(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').escape_debug().take(80).collect()
}

fn alert_reason(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA | AlertDescription::DecryptError => {
            "it does not trust this side's certificate: its CA is another one".to_owned()
        }
        AlertDescription::CertificateRequired => {
            "it requires a certificate, and this side presented none".to_owned()
        }
        AlertDescription::CertificateExpired => {
            "it finds this side's certificate expired: renew it, or correct the clocks".to_owned()
        }
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => {
            "it does not accept this side's certificate, or its name".to_owned()
        }
        AlertDescription::NoApplicationProtocol => "it does not speak HTTP/1.1".to_owned(),
        AlertDescription::ProtocolVersion => {
            "both sides have no version of TLS in common".to_owned()
        }
        alert => format!("it ended the TLS handshake: {alert:?}"),
    }
}

#[cfg(test)]
mod tests;
