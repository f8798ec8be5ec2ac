//! What the tasks of a network share, without a network.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::P2pConfig;
use super::context::{Context, MAX_CHAINS, MAX_EVENTS, Sources};
use super::event::Event;
use super::refused::Refused;
use super::socket::budget::Budget;
use super::socket::transport::{Connected, Transport};
use crate::node::NodeHandle;
use crate::node::test_util::TestNode;

/// A node on a fresh `dev` chain, with what [`context`] returns for it.
pub(super) fn dev() -> (TestNode, Arc<Context>, mpsc::Receiver<Event>) {
    let node = TestNode::dev();
    let (context, told) = context(node.handle.clone());
    (node, context, told)
}

/// The context of a node's network, and what its driver would be told.
pub(super) fn context(node: NodeHandle) -> (Arc<Context>, mpsc::Receiver<Event>) {
    let (events, told) = mpsc::channel(MAX_EVENTS);
    let config = P2pConfig::default();
    let context = Context {
        node,
        events,
        budget: Budget::new(config.max_message),
        config,
        debts: Arc::default(),
        checks: Arc::new(Semaphore::new(2)),
        chains: Arc::new(Semaphore::new(MAX_CHAINS)),
        sources: Sources::default(),
        refused: Refused::default(),
        last_block: Mutex::default(),
        stop: CancellationToken::new(),
    };
    (Arc::new(context), told)
}

/// A network on which nothing but connecting works, as a function does it.
#[derive(Clone)]
pub(super) struct Connects<F>(pub(super) F);

impl<F, C, S> Transport for Connects<F>
where
    F: Fn(SocketAddr) -> C + Clone + Send + Sync + 'static,
    C: Future<Output = io::Result<S>> + Send,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = S;
    type Listener = ();

    async fn listen(&self, _: SocketAddr) -> io::Result<((), SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept((): &()) -> io::Result<(S, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let ip = match host {
            "local.example" => "127.0.0.1",
            "metadata.example" => "169.254.169.254",
            "inside.example" => "10.0.0.1",
            literal => literal,
        };
        Ok(vec![SocketAddr::new(ip.parse().unwrap(), port)])
    }

    async fn connect(&self, remote: SocketAddr) -> io::Result<Connected<S>> {
        let local = SocketAddr::from(([192, 0, 2, 2], 1));
        Ok(Connected { stream: (self.0)(remote).await?, local, remote })
    }
}

/// A stream with a defect: it panics when it is read behind its first bytes, or written to once too
/// often.
pub(super) struct Defective {
    pub(super) inner: DuplexStream,
    /// Bytes that can be read.
    pub(super) bytes: usize,
    /// How often it can be written to.
    pub(super) writes: usize,
}

impl AsyncRead for Defective {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        assert!(this.bytes > 0, "a defect in reading");
        let mut bytes = [0; 4 << 10];
        let max = bytes.len().min(this.bytes).min(out.remaining());
        let mut part = ReadBuf::new(&mut bytes[..max]);
        ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
        this.bytes -= part.filled().len();
        out.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Defective {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        assert!(this.writes > 0, "a defect in writing");
        let count = ready!(Pin::new(&mut this.inner).poll_write(cx, bytes))?;
        this.writes -= 1;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

thread_local! {
    static NEXT: Cell<u64> = const { Cell::new(FIRST) };
}

const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;

/// A generator of the xorshift kind: each thread draws the same numbers in every run.
pub(super) fn random() -> u64 {
    let mut next = NEXT.get();
    next ^= next << 13;
    next ^= next >> 7;
    next ^= next << 17;
    NEXT.set(next);
    next
}

/// Has this thread draw other numbers for each seed.
pub(super) fn seed(seed: u64) {
    NEXT.set(seed.wrapping_mul(2).wrapping_add(1).wrapping_mul(FIRST));
    for _ in 0..16 {
        random();
    }
}
