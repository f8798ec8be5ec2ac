//! Tasks that a defect of this node ends: each gives back what it held.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::{JoinError, JoinHandle};

use super::*;
use crate::p2p::connect;
use crate::p2p::context::MAX_CHAINS;
use crate::p2p::socket::budget::Budget;
use crate::p2p::socket::upgrade_slots::UpgradeSlots;
use crate::p2p::test_util::Defective;
use crate::sync::BinaryOutgoing;

/// Where the peer is. Links of its network take all places but one.
const PEER: &str = "192.0.2.1:40000";

const JSON: &str = "jenny.json.1";
const BINARY: &str = "jenny.postcard.1";

/// Bytes, or writes, without a defect.
const ALL: usize = usize::MAX;

fn upgrade(token: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: {token}\r\n\r\n"
    )
}

/// Asks for an upgrade, and says `more` once it is answered, until it is hung up on. Returns the most
/// that large messages held meanwhile.
async fn say(socket: DuplexStream, head: String, more: Vec<u8>, budget: Arc<Budget>) -> u64 {
    let (mut reading, mut writing) = tokio::io::split(socket);
    let mut max = 0;
    writing.write_all(head.as_bytes()).await.unwrap();
    let hangs_up = reading.read_u8().await.is_err();
    for part in more.chunks(16 << 10).take_while(|_| !hangs_up) {
        if writing.write_all(part).await.is_err() {
            break;
        }
        max = max.max(budget.held());
    }
    // Nothing that comes is of interest.
    let _ = reading.read_to_end(&mut Vec::new()).await;
    max
}

/// A peer's connection that is taken while its network has one place left.
struct Crash {
    bench: Bench,
    slots: Arc<UpgradeSlots>,
    task: JoinHandle<()>,
    /// What [`say`] does.
    peer: JoinHandle<u64>,
}

impl Crash {
    /// A peer asks for an upgrade and says `more`. Reading panics after this many bytes, writing
    /// after this many writes.
    async fn new(token: &str, more: &[u8], bytes: usize, writes: usize) -> Self {
        let mut bench = Bench::new().await;
        for _ in 1..bench.driver.context.config.max_per_prefix {
            assert!(bench.accept(PEER).is_some());
        }
        let (theirs, inner) = duplex(64 << 10);
        let (slots, address) =
            (Arc::<UpgradeSlots>::default(), PEER.parse::<SocketAddr>().unwrap());
        let (context, slot) = (Arc::clone(&bench.driver.context), slots.take(address.ip()));
        let budget = Arc::clone(&context.budget);
        let stream = Defective { inner, bytes, writes };
        let task = tokio::spawn(connect::accept(context, stream, None, address, slot));
        let peer = tokio::spawn(say(theirs, upgrade(token), more.to_vec(), budget));
        Self { bench, slots, task, peer }
    }

    /// As [`Self::new`]: reading panics behind all that the peer says.
    async fn reading(token: &str, more: &[u8]) -> Self {
        Self::new(token, more, upgrade(token).len() + more.len(), ALL).await
    }

    /// Waits until the task is over, and has the driver told what it is to hear of it.
    async fn over(&mut self) -> Result<(), JoinError> {
        loop {
            tokio::select! {
                biased;
                Some(event) = self.bench.driver.events.recv() => self.bench.happens(event),
                ended = &mut self.task => {
                    while let Ok(event) = self.bench.driver.events.try_recv() {
                        self.bench.happens(event);
                    }
                    return ended;
                }
            }
        }
    }

    /// All that it held is free again, and the next peer gets its place. Returns the most that
    /// large messages held.
    async fn gives_all_back(mut self) -> u64 {
        let context = Arc::clone(&self.bench.driver.context);
        let max = self.peer.await.unwrap();
        assert_eq!((self.slots.count(), context.budget.held()), (0, 0));
        assert_eq!(context.chains.available_permits(), MAX_CHAINS);
        let mut next = self.bench.accept(PEER).expect("its place is free");
        assert!(self.bench.accept(PEER).is_none(), "it was the last one");
        self.bench.says_hello(next.link, 5, None);
        assert_eq!(closed(&mut next), None, "the driver serves the next peer");
        self.bench.stop().await;
        max
    }
}

#[tokio::test]
async fn an_upgrade_that_panics_gives_its_slot_back() {
    // In the head, and in the answer.
    for (bytes, writes) in [(20, ALL), (ALL, 0)] {
        let mut crash = Crash::new(BINARY, b"", bytes, writes).await;
        assert_eq!(crash.slots.count(), 1);
        assert!(crash.over().await.unwrap_err().is_panic());
        crash.gives_all_back().await;
    }
}

#[tokio::test]
async fn a_reader_that_panics_gives_its_link_back() {
    // Within a frame.
    for (token, frame) in [(JSON, b"\x81\x8a\0\0\0\0{\"ty"), (BINARY, b"\x82\x8a\0\0\0\0\0\0\0\0")]
    {
        let mut crash = Crash::reading(token, frame).await;
        crash.over().await.unwrap();
        crash.gives_all_back().await;
    }
}

#[tokio::test]
async fn a_reader_that_panics_within_a_large_message_gives_its_share_of_the_budget_back() {
    let length = 3_u64 << 20;
    let head = [&[0x81, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
    let half = [head, vec![b' '; 2 << 20]].concat();
    let mut crash = Crash::reading(JSON, &half).await;
    crash.over().await.unwrap();
    assert!(crash.gives_all_back().await > 0, "it held some");
}

#[tokio::test]
async fn a_writer_that_panics_gives_its_link_back() {
    // The first write is the answer to the upgrade, the second one the first message.
    for token in [JSON, BINARY] {
        let mut crash = Crash::new(token, b"", ALL, 1).await;
        crash.over().await.unwrap();
        crash.gives_all_back().await;
    }
}

#[tokio::test]
async fn a_link_that_panics_while_blocks_are_served_on_it_is_given_back() {
    // Behind the answer to the upgrade and the Hello.
    let mut crash = Crash::new(BINARY, b"", ALL, 2).await;
    let event = crash.bench.driver.events.recv().await.unwrap();
    crash.bench.happens(event);
    let link = *crash.bench.driver.table.links.last_key_value().unwrap().0;
    let genesis = crash.bench.driver.tip;
    let blocks = BinaryOutgoing::Blocks { request: 1, first: genesis.height, last: genesis };
    crash.bench.driver.send(link, blocks.into());
    crash.over().await.unwrap();
    crash.gives_all_back().await;
}
