//! Who is not even connected to, and what holds from the first byte behind an upgrade.

use std::future::ready;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::server::Request;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::p2p::P2pConfig;
use crate::p2p::socket::frame_guard::ReadError;
use crate::p2p::socket::http_head;
use crate::p2p::socket::upgrade_slots::UpgradeSlots;
use crate::p2p::test_util::{Connects, Defective, dev};
use crate::tls::test_util::{Counts, TestAuthority};

/// Where the node that dials listens.
const LISTENING: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 250)), 7_545);

/// How often dialling a peer asks to connect, which never comes about.
async fn connects(
    context: &Arc<Context>,
    told: &mut mpsc::Receiver<Event>,
    peer: &str,
    named: Named,
) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let nowhere = Connects(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        ready(io::Result::<DuplexStream>::Err(io::ErrorKind::ConnectionRefused.into()))
    });
    dial(Arc::clone(context), nowhere, peer.parse().unwrap(), named, LISTENING).await;
    let event = told.recv().await;
    assert!(matches!(event, Some(Event::Unreached { error: DialError::Unreached(_), .. })));
    count.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_name_that_the_operator_did_not_give_leads_to_no_address_of_this_machine() {
    let (_node, context, mut told) = dev();
    for (peer, is_wanted, count) in [
        ("ws://local.example:7545", false, 0),
        ("ws://metadata.example:80", false, 0),
        ("ws://169.254.169.254:80", false, 0),
        ("ws://inside.example:7545", false, 1),
        ("ws://127.0.0.1:7545", false, 1),
        ("ws://local.example:7545", true, 1),
    ] {
        let named = Named { is_wanted, is_configured: is_wanted };
        let connected = connects(&context, &mut told, peer, named).await;
        assert_eq!(connected, count, "{peer} {is_wanted}");
    }
}

#[tokio::test]
async fn a_dial_that_panics_is_told_as_one_that_failed() {
    let (_node, context, mut told) = dev();
    for connects in [false, true] {
        let broken = Connects(move |_| {
            assert!(connects, "a defect in connecting");
            ready(Ok(Defective { inner: duplex(64).0, bytes: 0, writes: 0 }))
        });
        let url = "ws://192.0.2.1:7545".parse().unwrap();
        let named = Named { is_wanted: true, is_configured: true };
        dial(Arc::clone(&context), broken, url, named, LISTENING).await;
        let Some(Event::Unreached { error, .. }) = told.recv().await else {
            panic!("its place is held for ever")
        };
        assert!(error.to_string().contains("the dialling task panicked"), "{error}");
    }
}

#[tokio::test]
async fn a_banned_address_is_not_connected_to_unless_the_operator_named_it() {
    let (node, context, mut told) = dev();
    let until = node.handle.now().plus_millis(60_000);
    node.handle.ban("192.0.2.1".parse().unwrap(), until, "for a test").await.unwrap();
    for (peer, is_wanted, count) in [
        ("ws://192.0.2.1:7545", false, 0),
        ("ws://[::ffff:192.0.2.1]:7545", false, 0),
        ("ws://192.0.2.1:7545", true, 1),
        ("ws://192.0.2.2:7545", false, 1),
    ] {
        let named = Named { is_wanted, is_configured: is_wanted };
        let connected = connects(&context, &mut told, peer, named).await;
        assert_eq!(connected, count, "{peer} {is_wanted}");
    }
}

#[tokio::test]
async fn a_link_local_or_metadata_address_is_connected_to_only_if_it_is_configured() {
    let (_node, context, mut told) = dev();
    for (host, count) in [
        ("169.254.169.254", 0),
        ("metadata.example", 0),
        ("[::ffff:169.254.0.1]", 0),
        ("[fe80::1]", 0),
        ("[fd00:ec2::254]", 0),
        ("100.100.100.200", 0),
        ("127.0.0.1", 1),
        ("inside.example", 1),
    ] {
        for (is_configured, count) in [(false, count), (true, 1)] {
            let (peer, named) =
                (format!("ws://{host}:7545"), Named { is_wanted: true, is_configured });
            let connected = connects(&context, &mut told, &peer, named).await;
            assert_eq!(connected, count, "{host} {is_configured}");
        }
    }
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
    let (_node, context, _told) = dev();
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
            let (stream, agreed) = upgrade(&context, ours, None, address).await.unwrap();
            assert_eq!(agreed.dialect, dialect, "{head:?}");
            let role = Role::Server;
            let mut upgraded = Upgraded::new(&context, role, stream, &[], agreed, address).await;
            let mut frame = too_long(dialect);
            frame[1] |= 0x80;
            theirs.write_all(&[&frame[..], &[0; 4]].concat()).await.unwrap();
            assert_eq!(read_error(&mut upgraded).await, ReadError::TooBig, "{head:?}");
        }
    }
}

/// Is a server that agrees on a dialect in a head of some form, and says something right behind it.
async fn serve(dialect: Dialect, form: usize, mut stream: DuplexStream) {
    let asked = http_head::read::<Request, _>(&mut stream).await.unwrap();
    let key = asked.message.headers()["sec-websocket-key"].as_bytes();
    let (accept, token) = (derive_accept_key(key), subprotocol::token(dialect).unwrap());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {token}\r\n\r\n"
    );
    let answer = [forms(&head)[form].as_bytes(), &too_long(dialect)].concat();
    stream.write_all(&answer).await.unwrap();
    // Until it is hung up on.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

#[tokio::test]
async fn what_a_dialled_server_sends_with_its_answer_counts_whatever_ends_its_lines() {
    let (_node, context, _told) = dev();
    let peer = "ws://192.0.2.1:7545".parse().unwrap();
    for dialect in [Dialect::Binary, Dialect::JennyJson] {
        for form in 0..4 {
            let transport = Connects(move |_| {
                let (ours, theirs) = duplex(64 << 10);
                tokio::spawn(serve(dialect, form, theirs));
                ready(Ok(ours))
            });
            let named = Named { is_wanted: true, is_configured: false };
            let reached = reach(&context, &transport, &peer, named, LISTENING).await;
            let Ok(mut upgraded) = reached else { panic!("form {form} was not understood") };
            assert_eq!(upgraded.agreed.dialect, dialect);
            assert_eq!(read_error(&mut upgraded).await, ReadError::TooBig, "form {form}");
        }
    }
}

/// A request for an upgrade.
const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Links as often as told and hangs up at once. Returns how long each upgrade took.
async fn reconnect(context: &Arc<Context>, from: SocketAddr, times: usize) -> Vec<Duration> {
    let slots = Arc::new(UpgradeSlots::default());
    let mut took = Vec::new();
    for _ in 0..times {
        let (mut theirs, ours) = duplex(64 << 10);
        let slot = slots.take(from.ip());
        let accepting = tokio::spawn(accept(Arc::clone(context), ours, None, from, slot));
        let started = Instant::now();
        theirs.write_all(UPGRADE.as_bytes()).await.unwrap();
        let answer = theirs.read(&mut [0; 12]).await.unwrap();
        took.push(if answer == 0 { Duration::MAX } else { started.elapsed() });
        drop(theirs);
        accepting.await.unwrap();
    }
    took
}

#[tokio::test(start_paused = true)]
async fn connections_that_come_to_nothing_make_the_next_ones_of_their_prefix_wait() {
    let (_node, context, mut told) = dev();
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
}

/// Returns what the prefix of `from` owes beyond its allowance after 322 upgrades, which are 18 ms
/// below it, and a connection on which `say` speaks.
async fn owed(
    context: &Arc<Context>,
    tls: &Credentials,
    from: SocketAddr,
    say: impl AsyncFnOnce(DuplexStream) -> Option<MaybeTls<DuplexStream>>,
) -> Duration {
    for _ in 0..322 {
        context.debts.set_up(from.ip());
    }
    assert_eq!(context.debts.wait(from.ip()), Duration::ZERO);
    let (theirs, ours) = duplex(64 << 10);
    let slot = Arc::new(UpgradeSlots::default()).take(from.ip());
    let accepting = accept(Arc::clone(context), ours, Some(tls.clone()), from, slot);
    let _accepting = AbortOnDropHandle::new(tokio::spawn(accepting));
    let _held = say(theirs).await;
    // The clock rests as long as there is something to do.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    context.debts.wait(from.ip())
}

#[tokio::test(start_paused = true)]
async fn a_tls_handshake_is_charged_once_when_it_is_begun() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let (tls, peer) = (authority.node("here"), authority.node("there"));
    let (_node, context, mut told) = dev();
    tokio::spawn(async move { while told.recv().await.is_some() {} });
    let once = Duration::from_millis(322 * 31 + 31 - 10_000);
    let from = |prefix: u8| SocketAddr::from(([192, 0, prefix, 1], 1));
    // Neither a connection without a byte is charged, nor one that ends before it.
    let silent = async |stream| Some(MaybeTls::Plain(stream));
    assert_eq!(owed(&context, &tls, from(1), silent).await, Duration::ZERO);
    assert_eq!(owed(&context, &tls, from(2), async |_| None).await, Duration::ZERO);
    let held = async |mut stream: DuplexStream| {
        stream.write_u8(22).await.unwrap();
        Some(MaybeTls::Plain(stream))
    };
    assert_eq!(owed(&context, &tls, from(3), held).await, once);
    let broken = async |mut stream: DuplexStream| {
        stream.write_all(&[22; 64]).await.unwrap();
        None
    };
    assert_eq!(owed(&context, &tls, from(4), broken).await, once);
    let whole = async |stream| Some(peer.connect(stream, "localhost", true).await.unwrap());
    assert_eq!(owed(&context, &tls, from(5), whole).await, once);
    let upgraded = async |stream| {
        let mut stream = peer.connect(stream, "localhost", true).await.unwrap();
        stream.write_all(UPGRADE.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'H');
        Some(stream)
    };
    assert_eq!(owed(&context, &tls, from(6), upgraded).await, once);
}

#[tokio::test]
async fn a_node_with_tls_dials_in_clear_text_only_what_the_operator_named() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let (_node, mut context, mut told) = dev();
    Arc::get_mut(&mut context).unwrap().config.tls = Some(authority.node("here"));
    for (peer, is_wanted, count) in [
        ("ws://192.0.2.1:7545", false, 0),
        ("ws://inside.example:7545", false, 0),
        ("ws://192.0.2.1:7545", true, 1),
        ("wss://192.0.2.1:7545", false, 1),
    ] {
        let named = Named { is_wanted, is_configured: is_wanted };
        let connected = connects(&context, &mut told, peer, named).await;
        assert_eq!(connected, count, "{peer} {is_wanted}");
    }
}

#[tokio::test]
async fn the_name_of_a_certificate_counts_only_for_an_address_that_the_operator_named() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let elsewhere = authority.issue("elsewhere", &["node.example"], Counts::Now);
    let elsewhere = Credentials::load(elsewhere).unwrap();
    let (_node, mut context, _told) = dev();
    Arc::get_mut(&mut context).unwrap().config.tls = Some(authority.node("here"));
    let peer = "wss://192.0.2.1:7545".parse().unwrap();
    for is_wanted in [true, false] {
        let elsewhere = elsewhere.clone();
        // It hangs up once the handshake is done.
        let transport = Connects(move |_| {
            let (ours, theirs) = duplex(64 << 10);
            let elsewhere = elsewhere.clone();
            tokio::spawn(async move { drop(elsewhere.accept(theirs, "wss").await) });
            ready(Ok(ours))
        });
        let named = Named { is_wanted, is_configured: false };
        let reached = reach(&context, &transport, &peer, named, LISTENING).await;
        let Err(DialError::Unreached(reason)) = reached else { panic!("it hung up") };
        assert_eq!(reason.contains("not for 192.0.2.1"), is_wanted, "{reason}");
        assert_eq!(reason.contains("no answer to the upgrade"), !is_wanted, "{reason}");
    }
}
