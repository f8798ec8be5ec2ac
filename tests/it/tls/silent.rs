//! Clients that begin a handshake and say no more.

use std::time::Duration;

use jenny_chain::tls::test_util::{Counts, TestAuthority};
use jenny_chain::tls::{Credentials, TlsFiles};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::nameless;
use crate::support::{ApiNode, PATIENCE, PeerNode};

/// More than are upgraded at a time.
const CROWD: usize = 300;

/// The beginning of a handshake that promises 512 bytes.
const BEGUN: [u8; 6] = [22, 3, 1, 2, 0, 1];

async fn begin(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&BEGUN).await.unwrap();
    stream
}

async fn is_closed(mut stream: TcpStream) {
    let mut bytes = Vec::new();
    // A reset closes it as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_them_keeps_no_peer_out() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let node = PeerNode::with(|config| config.tls = Some(authority.node("node"))).await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(begin(node.address).await);
    }
    let peer = PeerNode::with(|config| config.tls = Some(authority.node("peer"))).await;
    peer.dial(&node.url()).await;
    // The oldest gave its slot up.
    is_closed(crowd.swap_remove(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_them_is_hung_up_on_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let node = PeerNode::with(|config| {
        config.tls = Some(authority.node("node"));
        config.handshake_timeout = Duration::from_millis(100);
    })
    .await;
    is_closed(begin(node.address).await).await;
    is_closed(TcpStream::connect(node.address).await.unwrap()).await;
    let files = authority.issue("api", &["127.0.0.1"], Counts::Now);
    let credentials = Credentials::load(TlsFiles { ca: None, ..files }).unwrap();
    let api = async |time| {
        ApiNode::with(|setup| {
            setup.api.tls = Some(credentials.clone());
            setup.api.limits.header_timeout = time;
        })
        .await
    };
    let hasty = api(Duration::from_millis(100)).await;
    is_closed(begin(hasty.address).await).await;
    is_closed(TcpStream::connect(hasty.address).await.unwrap()).await;
    // A handshake is no request: it has its own time, which it needs on a busy machine, and the
    // request again.
    let api = api(Duration::from_secs(3)).await;
    let tcp = TcpStream::connect(api.address).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let mut stream = nameless(&authority).connect(name, tcp).await.unwrap();
    let end = timeout(PATIENCE, stream.read_u8()).await.expect("it is closed");
    end.unwrap_err();
}
