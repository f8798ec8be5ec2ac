//! Who is not even connected to.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::DuplexStream;

use super::*;
use crate::node::testing::TestNode;
use crate::p2p::testing::context;

/// Counts how often it was asked to connect, and never does.
#[derive(Clone, Default)]
struct Nowhere(Arc<AtomicUsize>);

impl Transport for Nowhere {
    type Stream = DuplexStream;
    type Listener = ();

    async fn listen(&self, _: SocketAddr) -> io::Result<((), SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept((): &()) -> io::Result<(DuplexStream, SocketAddr)> {
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

    async fn connect(&self, _: SocketAddr) -> io::Result<Connected<DuplexStream>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

#[tokio::test]
async fn a_name_that_the_operator_did_not_give_leads_to_no_address_of_this_machine() {
    let node = TestNode::dev();
    let (context, mut told) = context(node.handle.clone());
    let listening = SocketAddr::from(([192, 0, 2, 250], 7_545));
    for (peer, is_wanted, connects) in [
        ("ws://local.example:7545", false, 0),
        ("ws://metadata.example:80", false, 0),
        ("ws://169.254.169.254:80", false, 0),
        ("ws://inside.example:7545", false, 1),
        ("ws://127.0.0.1:7545", false, 1),
        ("ws://local.example:7545", true, 1),
    ] {
        let nowhere = Nowhere::default();
        let named = Named { is_wanted, is_configured: is_wanted };
        let url = peer.parse().unwrap();
        dial(Arc::clone(&context), nowhere.clone(), url, named, listening).await;
        assert_eq!(nowhere.0.load(Ordering::Relaxed), connects, "{peer} {is_wanted}");
        assert!(matches!(told.recv().await, Some(Event::Unreached { is_self: false, .. })));
    }
    node.stop().await;
}

#[tokio::test]
async fn a_banned_address_is_not_connected_to_unless_the_operator_named_it() {
    let node = TestNode::dev();
    let (context, mut told) = context(node.handle.clone());
    let until = node.handle.now().plus_millis(60_000);
    node.handle.ban("192.0.2.1".parse().unwrap(), until, "for a test").await.unwrap();
    let listening = SocketAddr::from(([192, 0, 2, 250], 7_545));
    for (peer, is_wanted, connects) in [
        ("ws://192.0.2.1:7545", false, 0),
        ("ws://[::ffff:192.0.2.1]:7545", false, 0),
        ("ws://192.0.2.1:7545", true, 1),
        ("ws://192.0.2.2:7545", false, 1),
    ] {
        let nowhere = Nowhere::default();
        let named = Named { is_wanted, is_configured: is_wanted };
        let url = peer.parse().unwrap();
        dial(Arc::clone(&context), nowhere.clone(), url, named, listening).await;
        assert_eq!(nowhere.0.load(Ordering::Relaxed), connects, "{peer} {is_wanted}");
        assert!(matches!(told.recv().await, Some(Event::Unreached { is_self: false, .. })));
    }
    node.stop().await;
}

#[tokio::test]
async fn a_link_local_or_metadata_address_is_connected_to_only_if_it_is_configured() {
    let node = TestNode::dev();
    let (context, mut told) = context(node.handle.clone());
    let listening = SocketAddr::from(([192, 0, 2, 250], 7_545));
    for (host, connects) in [
        ("169.254.169.254", 0),
        ("metadata.example", 0),
        ("[::ffff:169.254.0.1]", 0),
        ("[fe80::1]", 0),
        ("[fd00:ec2::254]", 0),
        ("100.100.100.200", 0),
        ("127.0.0.1", 1),
        ("inside.example", 1),
    ] {
        for (is_configured, connects) in [(false, connects), (true, 1)] {
            let nowhere = Nowhere::default();
            let url = format!("ws://{host}:7545").parse().unwrap();
            let named = Named { is_wanted: true, is_configured };
            dial(Arc::clone(&context), nowhere.clone(), url, named, listening).await;
            assert_eq!(nowhere.0.load(Ordering::Relaxed), connects, "{host} {is_configured}");
            assert!(matches!(told.recv().await, Some(Event::Unreached { is_self: false, .. })));
        }
    }
    node.stop().await;
}
