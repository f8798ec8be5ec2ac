//! What carries the links: TCP, or a simulated network in tests.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, lookup_host};

/// Bytes that the system takes of a connection before it sends them. More would only hide how
/// much the other side takes, and cost memory.
const MAX_UNSENT: u32 = 128 << 10;

/// A network to listen on and to connect through.
pub trait Transport: Clone + Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// What takes connections.
    type Listener: Send + Sync + 'static;

    /// Listens on an address; port 0 picks a free one.
    fn listen(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;

    /// Takes the next connection.
    fn accept(
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// The addresses of a host, an IP address or a name, in the order to try them.
    fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    /// Connects to one address.
    fn connect(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Connected<Self::Stream>>> + Send;
}

/// A connection that was made.
#[derive(Debug)]
pub struct Connected<S> {
    /// The connection.
    pub stream: S,
    /// This end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
}

/// Sends without delay, and takes no more than is being sent.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(MAX_UNSENT)?;
    Ok(())
}

/// TCP, without delay.
#[derive(Clone, Copy, Debug)]
pub struct Tcp;

impl Transport for Tcp {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn listen(&self, address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = listener.accept().await?;
        prepare(&stream)?;
        Ok((stream, address))
    }

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Connected<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        prepare(&stream)?;
        let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(Connected { stream, local, remote })
    }
}
