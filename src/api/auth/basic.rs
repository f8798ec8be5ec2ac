//! Reads the `Authorization` header: HTTP Basic, RFC 7617.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};

/// Longest `Authorization` value that is read, in bytes.
const MAX_HEADER_BYTES: usize = 4_096;

/// A name and a password, not verified. Never shown or logged.
pub(super) struct Credentials {
    text: Vec<u8>,
    colon: usize,
}

/// Why a request has no credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoCredentials {
    /// No `Authorization` header.
    Missing,
    /// A header that is not one Basic credential.
    Malformed,
}

/// Returns the name that a request's headers bring; empty when they bring none.
pub(in crate::api) fn name(headers: &HeaderMap) -> String {
    Credentials::read(headers).map(|found| found.name().to_owned()).unwrap_or_default()
}

/// Whether a script of a web page sent a request with credentials: its browser says so, or the
/// script itself does where browsers do not, which is on plain HTTP to another machine.
///
/// A browser sends the credentials that it has by itself only to paths below the one that asked for
/// them. Elsewhere it waits for a challenge, and then sends them without a dialog.
pub(in crate::api) fn is_from_script(headers: &HeaderMap) -> bool {
    let is = |name: &str, test: fn(&[u8]) -> bool| {
        headers.get(name).is_some_and(|value| test(value.as_bytes()))
    };
    let is_script = is("sec-fetch-mode", |mode| mode != b"navigate")
        || is("x-requested-with", |by| by.eq_ignore_ascii_case(b"XMLHttpRequest"));
    is_script && headers.contains_key(AUTHORIZATION)
}

impl Credentials {
    /// Reads them from a request's headers.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, NoCredentials> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(NoCredentials::Missing)?.as_bytes();
        if values.next().is_some() || value.len() > MAX_HEADER_BYTES {
            return Err(NoCredentials::Malformed);
        }
        Self::parse(value).ok_or(NoCredentials::Malformed)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (scheme, rest) = value.split_at_checked(5)?;
        let (b' ', token) = rest.split_first()? else { return None };
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return None;
        }
        // One or more spaces (RFC 9110 section 11.4).
        let text = STANDARD.decode(token.trim_ascii()).ok()?;
        let colon = text.iter().position(|&byte| byte == b':')?;
        Some(Self { text, colon })
    }

    /// Name, colon and password. A name holds no colon, so two pairs never share a text.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The name; empty when it is not UTF-8, which no user's name is.
    pub(super) fn name(&self) -> &str {
        let name = self.text.get(..self.colon).unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default()
    }

    /// The password: everything behind the first colon.
    pub(super) fn password(&self) -> &[u8] {
        self.text.get(self.colon.saturating_add(1)..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
