//! Servers that never hang up: the link ends all the same. In simulated time.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jenny_chain::node::Links;
use jenny_chain::p2p::{Network, P2pConfig};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL as PROTOCOL;
use tokio_util::sync::CancellationToken;
use turmoil::Builder;
use turmoil::net::TcpListener;

use super::partition::Simulated;
use crate::support::open_node;

/// Longest until the node hangs up itself, from the close on: below the 15 s until it has
/// something to send again.
const SOON: Duration = Duration::from_secs(3);

/// A node dials a server that agrees to this token, sends `message` and never closes its socket.
fn hangs_up_after(token: Option<&'static str>, message: Message) {
    let directory = tempfile::tempdir().unwrap();
    let mut sim = Builder::new().simulation_duration(Duration::from_secs(600)).build();
    let (said, hung_up) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let flags = (Arc::clone(&said), Arc::clone(&hung_up));
    let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7545);
    sim.host("server", move || {
        let (message, (said, hung_up)) = (message.clone(), flags.clone());
        async move {
            let listener = TcpListener::bind(listen).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                #[expect(clippy::result_large_err, reason = "the library's callback")]
                let choose = |_: &Request, mut response: Response| {
                    let token = token.map(|token| (PROTOCOL, HeaderValue::from_static(token)));
                    response.headers_mut().extend(token);
                    Ok(response)
                };
                let mut socket = tokio_tungstenite::accept_hdr_async(stream, choose).await?;
                // Without a token in the answer the node dials anew.
                if !matches!(socket.next().await, Some(Ok(Message::Text(_) | Message::Binary(_)))) {
                    continue;
                }
                socket.send(message).await?;
                said.store(true, Ordering::Relaxed);
                // Responds to a close of the node's.
                while let Some(Ok(_)) = socket.next().await {}
                let mut rest = [0; 1_024];
                while matches!(socket.get_mut().read(&mut rest).await, Ok(1..)) {}
                hung_up.store(true, Ordering::Relaxed);
                return std::future::pending().await;
            }
        }
    });
    let (links, server) = Links::channel();
    let (node, handle) = open_node(directory.path(), links);
    let stop = CancellationToken::new();
    let (own, server) = (stop.clone(), std::sync::Mutex::new(Some(server)));
    sim.host("node", move || {
        let (handle, stop) = (handle.clone(), own.clone());
        let server = server.lock().unwrap().take().unwrap();
        async move {
            let peers = vec!["ws://server:7545".parse()?];
            let config = P2pConfig { listen, peers, random: || 7, ..P2pConfig::default() };
            Network::over(Simulated, config, handle, server).await?.run(stop).await;
            Ok(())
        }
    });
    while !said.load(Ordering::Relaxed) {
        sim.step().unwrap();
    }
    let closed = sim.elapsed();
    while !hung_up.load(Ordering::Relaxed) {
        sim.step().unwrap();
        assert!(sim.elapsed() < closed + SOON, "the node does not hang up");
    }
    stop.cancel();
    drop(sim);
    node.stop().unwrap();
}

#[test]
fn a_server_that_closes_and_never_hangs_up_is_hung_up_on() {
    hangs_up_after(None, Message::Close(None));
}

#[test]
fn a_binary_server_that_closes_and_never_hangs_up_is_hung_up_on() {
    hangs_up_after(Some("jenny.postcard.1"), Message::Close(None));
}

#[test]
fn a_server_that_answers_our_close_and_never_hangs_up_is_hung_up_on() {
    // Which we close for.
    hangs_up_after(None, Message::binary(vec![0]));
}
