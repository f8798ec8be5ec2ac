//! Ten nodes over a simulated network: real code and real databases, no real sockets. A
//! partition loses what was under way for good, so only pings and redials heal it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use jenny_chain::node::{Links, Node, NodeHandle};
use jenny_chain::p2p::{Connected, Network, P2pConfig, Transport};
use tokio_util::sync::CancellationToken;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use crate::harness::open_node;

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

    async fn connect(&self, host: &str, port: u16) -> io::Result<Connected<TcpStream>> {
        let stream = TcpStream::connect((host, port)).await?;
        let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(Connected { stream, local, remote })
    }
}

const NODES: usize = 10;

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

/// Steps until `holds`, for at most so long in the simulation and a minute outside.
fn run_until(sim: &mut Sim<'_>, what: &str, holds: impl Fn() -> bool) {
    let (started, end) = (Instant::now(), sim.elapsed() + Duration::from_secs(300));
    while !holds() {
        sim.step().unwrap();
        assert!(sim.elapsed() < end, "never within 300 simulated seconds: {what}");
        assert!(started.elapsed() < Duration::from_secs(90), "never within 90 seconds: {what}");
    }
}

fn agree(nodes: &[NodeHandle], height: u64) -> bool {
    let tip = nodes[0].tip();
    tip.header.height.get() == height && nodes.iter().all(|node| node.tip().hash == tip.hash)
}

#[test]
fn ten_nodes_agree_again_after_a_partition() {
    let directory = tempfile::tempdir().unwrap();
    let mut builder = Builder::new();
    builder.rng_seed(11).tick_duration(Duration::from_millis(10));
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
    let mine = |node: usize, record: &str| {
        outside.block_on(nodes[node].mine(vec![record.to_owned()])).unwrap();
    };
    let links = || nodes.iter().map(|node| node.links().table().len()).sum::<usize>();
    run_until(&mut sim, "all are linked", || links() == 4 * NODES);
    mine(0, "before");
    run_until(&mut sim, "all hold the first block", || agree(&nodes, 1));

    let (left, right) = nodes.split_at(NODES / 2);
    for a in 0..NODES / 2 {
        for b in NODES / 2..NODES {
            sim.partition(name(a), name(b));
        }
    }
    for number in 0..3 {
        mine(1, &format!("left {number}"));
    }
    for number in 0..5 {
        mine(8, &format!("right {number}"));
    }
    run_until(&mut sim, "each half agrees", || agree(left, 4) && agree(right, 6));
    run_until(&mut sim, "links across are given up", || links() < 4 * NODES);
    for a in 0..NODES / 2 {
        for b in NODES / 2..NODES {
            sim.repair(name(a), name(b));
        }
    }
    run_until(&mut sim, "all follow the half with more work", || agree(&nodes, 6));
    for node in left {
        assert_eq!(node.status().swaps, 1, "in one swap");
    }
    stop.cancel();
    drop(sim);
    for node in threads {
        node.stop().unwrap();
    }
}
