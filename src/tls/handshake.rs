//! Handshakes, on both sides. The caller bounds their time and their number.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::FIRST_TLS_BYTE;
use super::peeked::Peeked;
use super::reason::reason;
use super::stream::MaybeTls;

/// Bytes read of a request in clear text that was refused: closing at once could lose the answer.
const MAX_PLAIN_BYTES: u64 = 64 << 10;

/// Time for that.
const PLAIN_LINGER: Duration = Duration::from_secs(1);

/// Why there is no encrypted connection.
#[derive(Debug, thiserror::Error)]
pub enum NoTls {
    /// The connection ended before the handshake.
    #[error("{}", reason(.0))]
    Gone(io::Error),
    /// The connection ended during the handshake.
    #[error("{}; it may not trust the certificate that it was shown", reason(.0))]
    Left(io::Error),
    /// The other side speaks in clear text, and was told what to do.
    #[error("the other side does not speak TLS, and this port does; it must use {0}://")]
    Plain(&'static str),
    /// The handshake failed.
    #[error("{0}")]
    Failed(String),
    /// The name that was dialled is none.
    #[error("`{0}` is no host name that a certificate can have")]
    Name(String),
}

/// Takes a handshake from a client, and calls `begun` when its first byte has come. One that speaks
/// in clear text is told to use `scheme`.
pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ServerConfig>,
    stream: S,
    scheme: &'static str,
    begun: impl FnOnce(),
) -> Result<MaybeTls<S>, NoTls> {
    let (mut stream, first) = Peeked::of(stream).await.map_err(NoTls::Gone)?;
    begun();
    if first != FIRST_TLS_BYTE {
        refuse_plain(&mut stream, scheme).await;
        return Err(NoTls::Plain(scheme));
    }
    match TlsAcceptor::from(config).accept(stream).await {
        Ok(stream) => Ok(MaybeTls::Tls(Box::new(TlsStream::Server(stream)))),
        Err(error) => Err(no_tls(error)),
    }
}

/// Begins a handshake with a server of this host name or IP address.
pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    stream: S,
    host: &str,
) -> Result<MaybeTls<S>, NoTls> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| NoTls::Name(host.to_owned()))?;
    match TlsConnector::from(config).connect(name, Peeked::unread(stream)).await {
        Ok(stream) => Ok(MaybeTls::Tls(Box::new(TlsStream::Client(stream)))),
        Err(error) => Err(no_tls(error)),
    }
}

fn no_tls(error: io::Error) -> NoTls {
    match error.kind() {
        io::ErrorKind::InvalidData => NoTls::Failed(reason(&error)),
        _ => NoTls::Left(error),
    }
}

/// Refuses a request in clear text (RFC 9110 section 15.5.22).
async fn refuse_plain<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, scheme: &str) {
    let text = format!("This port speaks TLS: use {scheme}:// instead.\n");
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.3\r\nConnection: Upgrade, \
         close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{text}"
    );
    let answering = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_PLAIN_BYTES), &mut tokio::io::sink()).await
    };
    // A client that goes on sending is cut off.
    let _ = timeout(PLAIN_LINGER, answering).await;
}

#[cfg(test)]
mod tests;
