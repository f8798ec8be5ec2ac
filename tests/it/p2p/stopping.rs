//! A node that stops while others still want something of it. In simulated time.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use jenny_chain::node::Links;
use jenny_chain::p2p::{Network, P2pConfig};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use super::partition::Simulated;
use crate::support::open_node;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7545);

/// What happened so far.
#[derive(Clone, Default)]
struct Flag(Arc<AtomicBool>);

impl Flag {
    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Steps until it is set. Returns the time.
    fn wait(&self, sim: &mut Sim<'_>) -> Duration {
        while !self.is_set() {
            sim.step().unwrap();
            assert!(sim.elapsed() < Duration::from_secs(60), "never");
        }
        sim.elapsed()
    }
}

/// A peer that is linked, and hangs up for nothing.
async fn clings(linked: Flag) -> turmoil::Result {
    let listener = TcpListener::bind(LISTEN).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let mut socket = tokio_tungstenite::accept_async(stream).await?;
        // Without a token in the answer the node dials anew.
        if matches!(socket.next().await, Some(Ok(Message::Text(_)))) {
            linked.set();
            return std::future::pending().await;
        }
    }
}

#[test]
fn late_connections_and_dials_do_not_change_how_long_a_stop_takes() {
    let directory = tempfile::tempdir().unwrap();
    let mut sim = Builder::new().simulation_duration(Duration::from_secs(60)).build();
    let [linked, dialled, stopping, answered, ended] = std::array::from_fn(|_| Flag::default());
    let flag = linked.clone();
    sim.host("peer", move || clings(flag.clone()));
    let flag = dialled.clone();
    sim.host("mute", move || {
        let flag = flag.clone();
        async move {
            let listener = TcpListener::bind(LISTEN).await?;
            let _held = listener.accept().await?;
            flag.set();
            std::future::pending().await
        }
    });
    let (links, server) = Links::channel();
    let (node, handle) = open_node(directory.path(), links);
    let stop = CancellationToken::new();
    let (own, server) = (stop.clone(), Mutex::new(Some((server, handle.clone()))));
    let flag = ended.clone();
    sim.host("node", move || {
        let (stop, flag) = (own.clone(), flag.clone());
        let (server, handle) = server.lock().unwrap().take().unwrap();
        async move {
            let peers = vec!["ws://peer:7545".parse()?];
            let config = P2pConfig { listen: LISTEN, peers, ..P2pConfig::default() };
            Network::over(Simulated, config, handle, server).await?.run(stop).await;
            flag.set();
            std::future::pending().await
        }
    });
    linked.wait(&mut sim);
    let flag = answered.clone();
    sim.client("asker", async move {
        assert!(handle.links().dial(&"ws://mute:7545".parse()?).await.is_err());
        flag.set();
        Ok(())
    });
    let flag = stopping.clone();
    sim.host("late", move || {
        let flag = flag.clone();
        async move {
            while !flag.is_set() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // Taken or not.
            let _held = TcpStream::connect(("node", 7545)).await;
            std::future::pending().await
        }
    });
    dialled.wait(&mut sim);
    stop.cancel();
    stopping.set();
    let stopped = sim.elapsed();
    assert!(answered.wait(&mut sim) < stopped + Duration::from_millis(500));
    // The peer has its second to hang up.
    let took = ended.wait(&mut sim).saturating_sub(stopped);
    assert!(took > Duration::from_millis(900) && took < Duration::from_secs(2), "{took:?}");
    drop(sim);
    node.stop().unwrap();
}
