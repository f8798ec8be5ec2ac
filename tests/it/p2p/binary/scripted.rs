//! Peers that listen, claim a chain, and serve it rightly, wrongly or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use jenny_chain::chain::{Hash, Height, Work};
use jenny_chain::sync::message::{Body, Hello, MAX_HEADERS, Message};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::process::Branch;
use crate::support::binary::{BinarySocket, hello};

/// What a peer does when it is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    /// It sends no response.
    Stalls,
    /// It serves every header, and bodies with one record changed.
    Lies,
}

/// A peer with this chain, on a port of its own.
pub(super) struct Scripted {
    pub(super) url: String,
    /// The codes with which its links were closed.
    pub(super) closed: UnboundedReceiver<u16>,
    /// Bodies that it was asked for.
    asked: Arc<AtomicU64>,
}

impl Scripted {
    pub(super) async fn start(chain: &Arc<Branch>, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let (tell, closed) = unbounded_channel();
        let (chain, asked) = (Arc::clone(chain), Arc::new(AtomicU64::new(0)));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let peer = BinarySocket::accept(&listener).await;
                let code = serve(peer, &chain, manner, &counter).await;
                // The test may be over.
                let _ = tell.send(code);
            }
        });
        Self { url, closed, asked }
    }

    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Relaxed)
    }
}

/// Until the link ends. Returns the code.
async fn serve(mut peer: BinarySocket, chain: &Branch, manner: Manner, asked: &AtomicU64) -> u16 {
    let nonce = match manner {
        Manner::Stalls => 4,
        Manner::Lies => 5,
    };
    let (height, work) = (Height::new(chain.height() as u64), chain.work());
    peer.say(&Message::Hello(Hello { nonce, height, work, ..hello() })).await;
    loop {
        let message = match peer.heard().await {
            Ok(message) => message,
            Err(code) => return code,
        };
        if let Message::GetBlocks { count, .. } = &message {
            asked.fetch_add(u64::from(*count), Relaxed);
        }
        if manner == Manner::Stalls {
            continue;
        }
        match message {
            Message::GetHeaders { locator, .. } => {
                let above = above(chain, &locator);
                let end = chain.height().min(above + MAX_HEADERS);
                let headers = (above + 1..=end).map(|height| chain.block(height).header);
                peer.say(&Message::Headers(headers.collect())).await;
            }
            Message::GetBlocks { request, first, count, .. } => {
                let first = usize::try_from(first.get()).unwrap();
                let heights = first..first + usize::try_from(count).unwrap();
                let mut records: Vec<_> =
                    heights.map(|height| chain.block(height).records.clone()).collect();
                records.last_mut().unwrap()[0].replace_range(..1, "#");
                let bodies = records.iter().map(|records| Body::of(records).unwrap()).collect();
                peer.say(&Message::Blocks { request, bodies }).await;
            }
            _ => {}
        }
    }
}

/// The highest block of a locator that is on the chain.
fn above(chain: &Branch, locator: &[(Height, Hash)]) -> usize {
    let held = locator.iter().find_map(|(height, hash)| {
        let height = usize::try_from(height.get()).unwrap();
        let is_held = height <= chain.height() && chain.block(height).header.hash() == *hash;
        is_held.then_some(height)
    });
    held.unwrap_or_default()
}

/// A work that no chain of the tests has.
pub(super) fn giant() -> Work {
    let mut bytes = [0; 32];
    bytes[8] = 1;
    Work::from_bytes(bytes)
}
