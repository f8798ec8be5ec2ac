//! Datagrams to the service manager.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// How long a manager that does not read is waited for.
const NOTIFY_WAIT: Duration = Duration::from_secs(1);

/// The manager's socket.
#[derive(Debug)]
pub(super) struct Notifier(SocketAddr);

impl Notifier {
    /// The socket with this name: an absolute path, or `@` and the name of an abstract socket.
    ///
    /// # Errors
    /// When the name is of another form, or too long.
    pub(super) fn to(name: &str) -> io::Result<Self> {
        if name.starts_with('/') {
            return SocketAddr::from_pathname(name).map(Self);
        }
        match name.strip_prefix('@') {
            Some(name) => of_abstract(name).map(Self),
            None => Err(unsupported("neither a path nor an abstract socket")),
        }
    }

    /// Sends a message. Each has a socket of its own: a manager that was started again listens on a
    /// new one under the same name.
    ///
    /// # Errors
    /// When nothing listens there, or nothing is read for a second: the message is lost.
    pub(super) async fn send(&self, message: &str) -> io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&self.0)?;
        socket.set_nonblocking(true)?;
        let socket = tokio::net::UnixDatagram::from_std(socket)?;
        let sent = tokio::time::timeout(NOTIFY_WAIT, socket.send(message.as_bytes())).await;
        sent.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map(drop)
    }
}

#[cfg(target_os = "linux")]
fn of_abstract(name: &str) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn of_abstract(_: &str) -> io::Result<SocketAddr> {
    Err(unsupported("this system has no abstract sockets"))
}

fn unsupported(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}

#[cfg(test)]
mod tests;
