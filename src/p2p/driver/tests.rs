//! What the driver makes of what it is told, without a socket.

use tokio::sync::oneshot;

use super::*;
use crate::chain::{Hash, Height, Timestamp, Work};
use crate::node::test_util::{TestNode, until};
use crate::node::{DialError, Dialect, KnownPeer, LinkCommand, Links, PeerUrl};
use crate::p2p::event::Arrival;
use crate::p2p::socket::subprotocol::Agreed;
use crate::p2p::socket::transport::Tcp;
use crate::p2p::test_util::context;
use crate::p2p::ticket::Ticket;
use crate::sync::LinkId;
pub(super) use crate::sync::message::{Hello, Message};

mod banning;
mod defects;
mod own_stall;
mod remembering;
mod searching;
mod stopping;
mod twins;

/// A driver that is told things, and does what the machine says to them.
struct Bench {
    driver: Driver<Tcp>,
    node: TestNode,
}

impl Bench {
    async fn new() -> Self {
        let node = TestNode::dev();
        let (context, events) = context(node.handle.clone());
        let (_, server) = Links::channel();
        let listening = SocketAddr::from(([192, 0, 2, 250], 7_545));
        let driver = Driver::new(context, Tcp, listening, events, server, TaskTracker::new()).await;
        Self { driver, node }
    }

    fn happens(&mut self, event: Event) {
        self.driver.event(event);
        self.driver.perform();
    }

    /// A peer opens a link of the binary dialect, if it is let in.
    fn accept(&mut self, address: &str) -> Option<Ticket> {
        let (arrival, mut ticket) = arrival(address);
        self.happens(Event::Accepted(arrival));
        ticket.try_recv().ok()
    }

    /// A peer says who it is.
    fn says_hello(&mut self, link: LinkId, nonce: u64, listen: Option<&str>) {
        let hello = self.hello(nonce, listen);
        self.says(link, hello);
    }

    /// A peer of the chain with this genesis says who it is.
    fn says_hello_of(&mut self, link: LinkId, genesis: Hash) {
        let hello = Hello { genesis, ..self.hello(1, None) };
        self.says(link, hello);
    }

    fn says(&mut self, link: LinkId, hello: Hello) {
        let message = Message::Hello(hello);
        self.happens(Event::Input(BinaryInput::Message { link, message }.into()));
    }

    fn hello(&self, nonce: u64, listen: Option<&str>) -> Hello {
        Hello {
            lowest: 1,
            highest: 1,
            capabilities: 0,
            genesis: self.node.handle.spec().genesis().hash(),
            nonce,
            agent: "bench/1".to_owned(),
            listen: listen.map(str::to_owned),
            height: Height::GENESIS,
            work: Work::default(),
            time: Timestamp::default(),
        }
    }

    /// The address book, once all that was to be written is.
    async fn book(&self) -> Vec<KnownPeer> {
        until("all is written", || self.driver.tasks.is_empty()).await;
        self.node.handle.known_peers().await.unwrap()
    }

    async fn stop(self) {
        drop(self.driver);
        self.node.stop().await;
    }
}

fn arrival(address: &str) -> (Arrival, oneshot::Receiver<Ticket>) {
    let (reply, ticket) = oneshot::channel();
    let agreed = Agreed { dialect: Dialect::Binary, agent: None };
    let (address, stats) = (address.parse().unwrap(), Arc::default());
    (Arrival { address, agreed, tls: false, stats, reply }, ticket)
}

fn url(text: &str) -> PeerUrl {
    text.parse().unwrap()
}

/// The code with which the driver closed a link.
fn closed(ticket: &mut Ticket) -> Option<u16> {
    ticket.close.try_recv().ok().map(|close| close.code)
}
