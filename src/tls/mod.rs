//! TLS for the API and for links: certificates and keys from PEM files, handshakes, and a small
//! certificate authority.
//!
//! [`Credentials`] are what one port shows and trusts; they are reread while the node runs.
//! [`MaybeTls`] is a connection with or without TLS. Handshake failures are put into words by
//! [`reason()`]. Nothing here knows of HTTP or of peers. The contract is written down in
//! `docs/tls.md`.

mod authority;
mod certificate;
mod credentials;
mod error;
mod handshake;
mod peeked;
mod pem;
mod reason;
mod stream;
#[cfg(any(test, feature = "test-util"))]
pub mod test_util;
mod verifier;

pub use authority::{Authority, Issued, NameError, Names};
pub use certificate::Certificate;
pub use credentials::{Credentials, TlsFiles};
pub use error::TlsError;
pub use handshake::NoTls;
pub use pem::{certificates, key};
pub use reason::{Kind, kind, reason};
pub use stream::MaybeTls;
pub use verifier::provider;

/// The first byte of a TLS connection: a record of the handshake.
pub const FIRST_TLS_BYTE: u8 = 22;
