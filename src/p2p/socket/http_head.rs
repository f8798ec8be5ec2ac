//! The head of an HTTP message: read with a bound, and parsed by the library that also decides
//! where it ends. Nothing else looks for its end: line ends may be CRLF, LF or both in turn.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;

use crate::tls::{FIRST_TLS_BYTE, reason};

/// Longest head with what comes right after it, in bytes.
pub(in crate::p2p) const MAX_HEAD: usize = 16 << 10;

/// A message's head.
#[derive(Debug)]
pub(in crate::p2p) struct Head<T> {
    pub(in crate::p2p) message: T,
    /// As it came.
    pub(in crate::p2p) bytes: Vec<u8>,
    /// What came after it.
    pub(in crate::p2p) after: Vec<u8>,
}

/// Why there is no head.
#[derive(Debug, thiserror::Error)]
pub(in crate::p2p) enum NoHead {
    #[error("{}", reason(.0))]
    Gone(#[from] io::Error),
    #[error("it speaks TLS")]
    Tls,
    #[error("its head is longer than 16 KiB")]
    TooLong,
    #[error("{0}")]
    Malformed(Error),
}

/// Reads a head, and what comes with its end.
pub(in crate::p2p) async fn read<T: TryParse, S: AsyncRead + Unpin>(
    stream: &mut S,
) -> Result<Head<T>, NoHead> {
    let mut bytes = Vec::with_capacity(1 << 10);
    loop {
        let seen = bytes.len();
        if seen >= MAX_HEAD {
            return Err(NoHead::TooLong);
        }
        if (&mut *stream).take((MAX_HEAD - seen) as u64).read_buf(&mut bytes).await? == 0 {
            return Err(NoHead::Gone(io::ErrorKind::UnexpectedEof.into()));
        }
        if bytes.first() == Some(&FIRST_TLS_BYTE) {
            return Err(NoHead::Tls);
        }
        // A head ends with a line, in whatever form: no other byte is worth a look.
        if !bytes.get(seen..).unwrap_or_default().contains(&b'\n') {
            continue;
        }
        if let Some((length, message)) = T::try_parse(&bytes).map_err(NoHead::Malformed)? {
            let after = bytes.split_off(length.min(bytes.len()));
            return Ok(Head { message, bytes, after });
        }
    }
}

#[cfg(test)]
mod tests;
