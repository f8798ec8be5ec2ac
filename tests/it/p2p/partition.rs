//! Ten nodes and twenty links over a simulated network: real code and real databases, no real
//! sockets. What is lost under way is lost for good, so only pings and redials heal it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use jenny_chain::node::{Links, Node, NodeHandle};
use jenny_chain::p2p::{Connected, Network, P2pConfig, Transport};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use crate::support::open_node;

/// The simulator's TCP.
#[derive(Clone)]
pub(super) struct Simulated;

impl Transport for Simulated {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn listen(&self, address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::new(turmoil::lookup(host), port)])
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Connected<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(Connected { stream, local, remote })
    }
}

/// Nodes of the ring.
const NODES: usize = 10;
/// Links of one node, seen from both sides: it dials two and is dialled by two.
const LINKS: usize = 4;

fn name(number: usize) -> String {
    format!("node-{number}")
}

/// Each node dials the next one and the one after the next but one: a ring with chords.
fn config(number: usize) -> P2pConfig {
    let peers =
        [1, 3].map(|step| format!("ws://{}:7545", name((number + step) % NODES)).parse().unwrap());
    P2pConfig {
        listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7545),
        peers: peers.to_vec(),
        ping_every: Duration::from_secs(1),
        silence: Duration::from_secs(4),
        max_per_prefix: NODES,
        // No others than these, though the nodes hear of all.
        max_dialled: 2,
        random: || 7,
        nonce: number as u64,
        ..P2pConfig::default()
    }
}

/// The nodes, and the network between them.
struct Ring {
    sim: Sim<'static>,
    nodes: Vec<NodeHandle>,
    threads: Vec<Node>,
    outside: Runtime,
    stop: CancellationToken,
    _directory: TempDir,
}

impl Ring {
    /// All nodes linked, with one block that all hold.
    fn start(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut builder = Builder::new();
        builder.rng_seed(seed).tick_duration(Duration::from_millis(10));
        builder.min_message_latency(Duration::from_millis(1));
        builder.max_message_latency(Duration::from_millis(80));
        builder.simulation_duration(Duration::from_secs(3_600)).enable_random_order();
        let mut sim = builder.build();
        let stop = CancellationToken::new();
        let (mut threads, mut nodes): (Vec<Node>, Vec<NodeHandle>) = (Vec::new(), Vec::new());
        for number in 0..NODES {
            let (links, server) = Links::channel();
            let home = directory.path().join(name(number));
            let (node, handle) = open_node(&home, links);
            threads.push(node);
            nodes.push(handle.clone());
            let server = std::sync::Mutex::new(Some(server));
            let stop = stop.clone();
            sim.host(name(number), move || {
                let (handle, stop) = (handle.clone(), stop.clone());
                let server = server.lock().unwrap().take().unwrap();
                async move {
                    let config = config(number);
                    let network = Network::over(Simulated, config, handle, server).await?;
                    network.run(stop).await;
                    Ok(())
                }
            });
        }
        let outside = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut ring = Self { sim, nodes, threads, outside, stop, _directory: directory };
        ring.run_until("all are linked", |ring| ring.links() == LINKS * NODES);
        ring.mine(0, "before");
        ring.run_until("all hold the first block", |ring| agree(&ring.nodes, 1));
        ring
    }

    /// Steps until `holds`, for at most so long in the simulation and outside.
    fn run_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let (started, end) = (Instant::now(), self.sim.elapsed() + Duration::from_secs(300));
        while !holds(self) {
            self.sim.step().unwrap();
            assert!(self.sim.elapsed() < end, "never within 300 simulated seconds: {what}");
            assert!(
                started.elapsed() < Duration::from_secs(600),
                "never within 600 seconds: {what}"
            );
        }
    }

    /// Steps for so long in the simulation.
    fn run_for(&mut self, time: Duration) {
        let end = self.sim.elapsed() + time;
        while self.sim.elapsed() < end {
            self.sim.step().unwrap();
        }
    }

    fn mine(&self, node: usize, record: &str) {
        self.outside.block_on(self.nodes[node].mine(vec![record.to_owned()])).unwrap();
    }

    /// Ends of links, over all nodes.
    fn links(&self) -> usize {
        self.nodes.iter().map(|node| node.links().table().len()).sum()
    }

    fn stop(self) {
        self.stop.cancel();
        drop(self.sim);
        for node in self.threads {
            node.stop().unwrap();
        }
    }
}

fn agree(nodes: &[NodeHandle], height: u64) -> bool {
    let tip = nodes[0].tip();
    tip.header.height.get() == height && nodes.iter().all(|node| node.tip().hash == tip.hash)
}

#[test]
fn ten_nodes_agree_again_after_a_partition() {
    let mut ring = Ring::start(11);
    for a in 0..NODES / 2 {
        for b in NODES / 2..NODES {
            ring.sim.partition(name(a), name(b));
        }
    }
    for number in 0..3 {
        ring.mine(1, &format!("left {number}"));
    }
    for number in 0..5 {
        ring.mine(8, &format!("right {number}"));
    }
    ring.run_until("each half agrees", |ring| {
        let (left, right) = ring.nodes.split_at(NODES / 2);
        agree(left, 4) && agree(right, 6)
    });
    ring.run_until("links across are given up", |ring| ring.links() < LINKS * NODES);
    for a in 0..NODES / 2 {
        for b in NODES / 2..NODES {
            ring.sim.repair(name(a), name(b));
        }
    }
    ring.run_until("all follow the half with more work", |ring| agree(&ring.nodes, 6));
    for node in &ring.nodes[..NODES / 2] {
        assert_eq!(node.status().reorgs, 1, "in one reorg");
    }
    ring.stop();
}

/// Links break at random with what is under way on them, and come back; blocks are mined
/// meanwhile. Then some carry one direction only.
#[test]
fn ten_nodes_agree_again_after_loss_and_half_open_links() {
    let mut ring = Ring::start(12);
    ring.sim.set_fail_rate(0.01);
    let mut fewest = usize::MAX;
    for number in 0..30 {
        ring.mine(number * 7 % NODES, &format!("in the storm {number}"));
        ring.run_for(Duration::from_secs(1));
        fewest = fewest.min(ring.links());
    }
    assert!(fewest < LINKS * NODES, "no link broke: nothing was tested");
    ring.sim.set_fail_rate(0.0);
    ring.run_until("all agree after the storm", |ring| {
        let tips: Vec<_> = ring.nodes.iter().map(NodeHandle::tip).collect();
        let is_one = tips.iter().all(|tip| tip.hash == tips[0].hash);
        if !is_one && tips.iter().all(|tip| tip.total_work == tips[0].total_work) {
            // Between branches of equal work the next block decides.
            ring.mine(0, "after the storm");
        }
        is_one
    });
    ring.run_until("all are linked again", |ring| ring.links() == LINKS * NODES);

    // Node 4 is not heard by half of the others, and does not hear the other half.
    let mut others = ring.nodes.clone();
    others.remove(4);
    let directions = (0..NODES).filter(|&other| other != 4);
    let directions = directions.map(|other| if other % 2 == 0 { (other, 4) } else { (4, other) });
    for (from, to) in directions.clone() {
        ring.sim.partition_oneway(name(from), name(to));
    }
    let before = ring.nodes[4].tip().header.height.get();
    for number in 0..3 {
        ring.mine(8, &format!("half-open {number}"));
    }
    ring.run_until("the half-open links are given up", |ring| {
        ring.nodes[4].links().table().is_empty()
    });
    ring.run_until("the others agree", |_| agree(&others, before + 3));
    assert_eq!(ring.nodes[4].tip().header.height.get(), before, "node 4 hears of it");
    for (from, to) in directions {
        ring.sim.repair_oneway(name(from), name(to));
    }
    ring.run_until("it follows the others", |ring| agree(&ring.nodes, before + 3));
    ring.run_until("it is linked again", |ring| ring.links() == LINKS * NODES);
    ring.stop();
}
