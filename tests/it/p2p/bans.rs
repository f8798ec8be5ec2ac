//! Who breaks the binary dialect is kept out, over a simulated network: loopback, which real
//! sockets of a test have, is never banned.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jenny_chain::node::{Links, NodeHandle};
use jenny_chain::p2p::{Network, P2pConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};
use tokio_util::sync::CancellationToken;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use super::partition::Simulated;
use crate::support::open_node;

/// The time in the simulation that a test may take.
const SIMULATED: Duration = Duration::from_secs(60);

fn sim() -> Sim<'static> {
    let mut builder = Builder::new();
    builder.rng_seed(3).tick_duration(Duration::from_millis(10)).simulation_duration(SIMULATED);
    builder.build()
}

/// A node at the host `node` that dials these peers. Its parts live as long as what it answers.
fn serve(sim: &mut Sim<'_>, peers: &[&str]) -> (NodeHandle, impl Sized + use<>) {
    let directory = tempfile::tempdir().unwrap();
    let (links, server) = Links::channel();
    let (node, handle) = open_node(directory.path(), links);
    let config = P2pConfig {
        listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7545),
        peers: peers.iter().map(|peer| peer.parse().unwrap()).collect(),
        ..P2pConfig::default()
    };
    let start = std::sync::Mutex::new(Some((server, config)));
    let own = handle.clone();
    sim.host("node", move || {
        let (server, config) = start.lock().unwrap().take().unwrap();
        let handle = own.clone();
        async move {
            let network = Network::over(Simulated, config, handle, server).await?;
            network.run(CancellationToken::new()).await;
            Ok(())
        }
    });
    (handle, (directory, node))
}

async fn dial() -> Result<WebSocketStream<TcpStream>, Error> {
    let stream = TcpStream::connect(("node", 7545)).await?;
    let mut request = "ws://node:7545".into_client_request()?;
    let token = HeaderValue::from_static("jenny.postcard.1");
    request.headers_mut().insert("sec-websocket-protocol", token);
    Ok(tokio_tungstenite::client_async(request, stream).await?.0)
}

/// Sends what is no message. Returns the code of the close.
async fn spoil<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> u16 {
    socket.send(Frame::binary(vec![0xff; 9])).await.unwrap();
    while let Some(frame) = socket.next().await {
        if let Frame::Close(Some(frame)) = frame.unwrap() {
            return frame.code.into();
        }
    }
    panic!("not closed")
}

#[test]
fn a_peer_that_breaks_the_protocol_is_kept_out_for_a_day_and_others_are_not() {
    let mut sim = sim();
    let (handle, _running) = serve(&mut sim, &[]);
    let node = handle.clone();
    sim.client("liar", async move {
        let mut socket = dial().await?;
        assert_eq!(spoil(&mut socket).await, 1002);
        let bans = node.bans();
        assert_eq!(bans.len(), 1);
        let day = Duration::from_secs(24 * 60 * 60).as_millis();
        let left = u128::from(bans[0].until.millis_since(node.now()));
        assert!(left <= day && left > day - 60_000, "{bans:?}");
        assert_eq!(bans[0].address, turmoil::lookup("liar"));
        assert!(dial().await.is_err(), "it is let in again");
        Ok(())
    });
    sim.run().unwrap();
    let counts = &handle.metrics().peers;
    assert_eq!((counts.faults.get(), counts.bans.get()), (1, 1));
    assert_eq!(counts.refused_banned.get(), 1);
    sim.client("honest", async move {
        dial().await?;
        Ok(())
    });
    sim.run().unwrap();
    assert_eq!(handle.bans().len(), 1);
}

#[test]
fn a_peer_that_the_operator_named_is_not_banned() {
    let mut sim = sim();
    let (handle, _running) = serve(&mut sim, &["ws://liar:7545"]);
    sim.client("liar", async move {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 7545)).await?;
        let (stream, _) = listener.accept().await?;
        #[expect(clippy::result_large_err, reason = "the library's callback")]
        let choose = |_: &Request, mut response: Response| {
            let token = HeaderValue::from_static("jenny.postcard.1");
            response.headers_mut().insert("sec-websocket-protocol", token);
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, choose).await?;
        assert_eq!(spoil(&mut socket).await, 1002);
        Ok(())
    });
    sim.run().unwrap();
    assert!(handle.bans().is_empty(), "{:?}", handle.bans());
    let counts = &handle.metrics().peers;
    assert_eq!((counts.faults.get(), counts.bans.get()), (1, 0));
}
