//! Who is not even connected to, and what holds from the first byte behind an upgrade.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::server::Request;

use super::*;
use crate::node::test_util::TestNode;
use crate::p2p::P2pConfig;
use crate::p2p::socket::frame_guard::ReadError;
use crate::p2p::socket::http_head;
use crate::p2p::socket::upgrade_slots::UpgradeSlots;
use crate::p2p::test_util::{Defective, context};

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

/// Leads to a connection that panics when it is used, or panics itself.
#[derive(Clone)]
struct Broken {
    connects: bool,
}

impl Transport for Broken {
    type Stream = Defective;
    type Listener = ();

    async fn listen(&self, _: SocketAddr) -> io::Result<((), SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept((): &()) -> io::Result<(Defective, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::new(host.parse().unwrap(), port)])
    }

    async fn connect(&self, remote: SocketAddr) -> io::Result<Connected<Defective>> {
        assert!(self.connects, "a defect in connecting");
        let stream = Defective { inner: duplex(64).0, bytes: 0, writes: 0 };
        Ok(Connected { stream, local: SocketAddr::from(([192, 0, 2, 2], 1)), remote })
    }
}

#[tokio::test]
async fn a_dial_that_panics_is_told_as_one_that_failed() {
    let node = TestNode::dev();
    let (context, mut told) = context(node.handle.clone());
    let listening = SocketAddr::from(([192, 0, 2, 250], 7_545));
    for connects in [false, true] {
        let url = "ws://192.0.2.1:7545".parse().unwrap();
        let named = Named { is_wanted: true, is_configured: true };
        dial(Arc::clone(&context), Broken { connects }, url, named, listening).await;
        let Some(Event::Unreached { error, is_self: false, .. }) = told.recv().await else {
            panic!("its place is held for ever")
        };
        assert!(error.to_string().contains("the dialling task panicked"), "{error}");
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

/// The forms of lines: each set of line ends that is told apart.
fn forms(head: &str) -> [String; 4] {
    let (lf, first) = (head.replace("\r\n", "\n"), head.replacen("\r\n", "\n", 1));
    let last = format!("{}\n", head.strip_suffix("\r\n").unwrap());
    [head.to_owned(), lf, first, last]
}

/// The header of a frame that is longer than a link of this dialect takes.
fn too_long(dialect: Dialect) -> Vec<u8> {
    let (opcode, length) = if dialect == Dialect::Binary {
        (0x82, MAX_FRAME as u64 + 1)
    } else {
        (0x81, P2pConfig::default().max_message as u64 + 1)
    };
    [&[opcode, 0x7f][..], &length.to_be_bytes()].concat()
}

/// Why a link ends on which nothing but a header came.
async fn read_error<S: AsyncRead + AsyncWrite + Unpin>(upgraded: &mut Upgraded<S>) -> ReadError {
    match upgraded.socket.next().await {
        Some(Err(Error::Io(error))) => *error.get_ref().unwrap().downcast_ref().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_limits_of_an_accepted_link_hold_whatever_ends_the_lines_of_its_upgrade() {
    let node = TestNode::dev();
    let (context, _told) = context(node.handle.clone());
    let address = SocketAddr::from(([192, 0, 2, 1], 1));
    for (token, dialect) in
        [("jenny.postcard.1", Dialect::Binary), ("jenny.json.1", Dialect::JennyJson)]
    {
        let head = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {token}\r\n\r\n"
        );
        for head in forms(&head) {
            let (mut theirs, ours) = duplex(64 << 10);
            theirs.write_all(head.as_bytes()).await.unwrap();
            let (stream, agreed) = upgrade(&context, ours, address).await.unwrap();
            assert_eq!(agreed.dialect, dialect, "{head:?}");
            let role = Role::Server;
            let mut upgraded = Upgraded::new(&context, role, stream, &[], agreed, address).await;
            let mut frame = too_long(dialect);
            frame[1] |= 0x80;
            theirs.write_all(&[&frame[..], &[0; 4]].concat()).await.unwrap();
            assert_eq!(read_error(&mut upgraded).await, ReadError::TooBig, "{head:?}");
        }
    }
    node.stop().await;
}

/// Leads to a server that agrees on a dialect in a head of some form, and says something right
/// behind it.
#[derive(Clone)]
struct Answers {
    dialect: Dialect,
    form: usize,
}

impl Answers {
    async fn serve(self, mut stream: DuplexStream) {
        let asked = http_head::read::<Request, _>(&mut stream).await.unwrap();
        let key = asked.message.headers()["sec-websocket-key"].as_bytes();
        let (accept, token) = (derive_accept_key(key), subprotocol::token(self.dialect).unwrap());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {token}\r\n\r\n"
        );
        let answer = [forms(&head)[self.form].as_bytes(), &too_long(self.dialect)].concat();
        stream.write_all(&answer).await.unwrap();
        // Until it is hung up on.
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
}

impl Transport for Answers {
    type Stream = DuplexStream;
    type Listener = ();

    async fn listen(&self, _: SocketAddr) -> io::Result<((), SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept((): &()) -> io::Result<(DuplexStream, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::new(host.parse().unwrap(), port)])
    }

    async fn connect(&self, remote: SocketAddr) -> io::Result<Connected<DuplexStream>> {
        let (ours, theirs) = duplex(64 << 10);
        tokio::spawn(self.clone().serve(theirs));
        Ok(Connected { stream: ours, local: SocketAddr::from(([192, 0, 2, 2], 1)), remote })
    }
}

#[tokio::test]
async fn what_a_dialled_server_sends_with_its_answer_counts_whatever_ends_its_lines() {
    let node = TestNode::dev();
    let (context, _told) = context(node.handle.clone());
    let listening = SocketAddr::from(([192, 0, 2, 250], 7_545));
    let peer = "ws://192.0.2.1:7545".parse().unwrap();
    for dialect in [Dialect::Binary, Dialect::JennyJson] {
        for form in 0..4 {
            let transport = Answers { dialect, form };
            let named = Named { is_wanted: true, is_configured: false };
            let reached = reach(&context, &transport, &peer, named, listening).await;
            let Ok(mut upgraded) = reached else { panic!("form {form} was not understood") };
            assert_eq!(upgraded.agreed.dialect, dialect);
            assert_eq!(read_error(&mut upgraded).await, ReadError::TooBig, "form {form}");
        }
    }
    node.stop().await;
}

/// Links as often as told and hangs up at once. Returns how long each upgrade took.
async fn reconnect(context: &Arc<Context>, from: SocketAddr, times: usize) -> Vec<Duration> {
    let slots = Arc::new(UpgradeSlots::default());
    let mut took = Vec::new();
    for _ in 0..times {
        let (mut theirs, ours) = duplex(64 << 10);
        let slot = slots.take(from.ip());
        let accepting = tokio::spawn(accept(Arc::clone(context), ours, from, slot));
        let started = Instant::now();
        let head = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        theirs.write_all(head.as_bytes()).await.unwrap();
        let answer = theirs.read(&mut [0; 12]).await.unwrap();
        took.push(if answer == 0 { Duration::MAX } else { started.elapsed() });
        drop(theirs);
        accepting.await.unwrap();
    }
    took
}

#[tokio::test(start_paused = true)]
async fn connections_that_come_to_nothing_make_the_next_ones_of_their_prefix_wait() {
    let node = TestNode::dev();
    let (context, mut told) = context(node.handle.clone());
    // There is no room for any of them.
    tokio::spawn(async move { while told.recv().await.is_some() {} });
    let (from, other) = ("192.0.2.1:1".parse().unwrap(), "198.51.100.1:1".parse().unwrap());
    let took = reconnect(&context, from, 600).await;
    assert_eq!(took[..300], [Duration::ZERO; 300]);
    let step = Duration::from_millis(31);
    let late = took.iter().rev().take(100);
    let (least, max) = (late.clone().min().unwrap(), late.max().unwrap());
    assert!(*least + Duration::from_millis(2) >= step && *max <= 2 * step, "{least:?} {max:?}");
    // Those of another prefix do not notice, nor does a link that this node dials.
    assert_eq!(reconnect(&context, other, 1).await, [Duration::ZERO]);
    assert!(context.debts.dialled().rests_until().is_none());
    // Who left a lot unpaid is not let in at all for a while.
    context.debts.accepted(from.ip()).spend(Duration::from_secs(1));
    assert_eq!(reconnect(&context, from, 2).await, [Duration::MAX; 2]);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(reconnect(&context, from, 2).await, [Duration::ZERO; 2]);
    node.stop().await;
}
