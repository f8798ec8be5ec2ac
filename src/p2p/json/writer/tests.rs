//! What a peer that takes little, or nothing, costs the others and itself.

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, duplex};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::chain::Hash;
use crate::node::test_util::until;
use crate::p2p::binary;
use crate::p2p::socket::frame_guard::FrameGuard;
use crate::p2p::socket::stats::Stats;
use crate::p2p::socket::transport::{Tcp, Transport};
use crate::p2p::test_util::dev;
use crate::sync::{BinaryOutgoing, Input, Outgoing};

/// Sends on a link through this socket: why it ended, if it did.
async fn send(
    context: &Arc<Context>,
    socket: impl AsyncRead + AsyncWrite + Unpin,
    out: Outgoing,
) -> Result<(), Gone> {
    send_of(context, &Arc::default(), socket, out, 1_000).await
}

/// As [`send`]; a question has this many bytes.
async fn send_of(
    context: &Arc<Context>,
    stats: &Arc<Stats>,
    socket: impl AsyncRead + AsyncWrite + Unpin,
    out: Outgoing,
    bytes: usize,
) -> Result<(), Gone> {
    send_for(&context.debts.dialled(), context, stats, socket, out, bytes).await
}

/// As [`send_of`], on a link with this account.
async fn send_for(
    debtor: &Arc<Debtor>,
    context: &Arc<Context>,
    stats: &Arc<Stats>,
    socket: impl AsyncRead + AsyncWrite + Unpin,
    out: Outgoing,
    bytes: usize,
) -> Result<(), Gone> {
    let silence = Duration::from_secs(1 << 20);
    let (counted, owing) = (Arc::clone(stats), Arc::clone(debtor));
    let frame_guard = FrameGuard::new(socket, b"", counted, owing, None, 1 << 20, silence);
    let socket = WebSocketStream::from_raw_socket(frame_guard, Role::Server, None).await;
    let (sink, _stream) = &mut socket.split();
    let (link, ip) = (LinkId(0), [192, 0, 2, 1].into());
    let stop_range = &AtomicBool::new(false);
    let next_ping = Instant::now() + silence;
    let frames = &mut FrameWriter { config: &context.config, stats, sink, next_ping };
    match out {
        Outgoing::Json(JsonOutgoing::Ask) => {
            frames.data(Data::Text, vec![b' '; bytes].into()).await?;
        }
        Outgoing::Json(next) => {
            let ahead = &mut None;
            Writer { context, link, debtor, frames, stop_range, ahead }.send(next).await?;
        }
        Outgoing::Binary(next) => {
            binary::writer::Writer { context, link, ip, debtor, frames }.send(next).await?;
        }
    }
    frames.flush().await
}

#[tokio::test]
async fn a_peer_that_takes_a_chain_slowly_gives_up_the_turn_and_gets_the_rest() {
    let (_node, context, mut told) = dev();
    let (mut theirs, ours) = duplex(64);
    let sending =
        tokio::spawn(
            async move { send(&context, ours, Outgoing::Json(JsonOutgoing::Chain)).await },
        );
    // Nothing was read yet.
    let Some(Event::Input(Input::Json(_, JsonInput::ChainSent))) = told.recv().await else {
        panic!("it holds the turn")
    };
    assert!(!sending.is_finished());
    let mut chain = Vec::new();
    theirs.read_to_end(&mut chain).await.unwrap();
    sending.await.unwrap().unwrap();
    assert!(chain.ends_with(END), "all of it came");
    assert!(told.recv().await.is_none(), "its turn is given up once");
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_dropped_when_it_takes_nothing_and_not_while_it_takes_little() {
    let (_node, context, _told) = dev();
    let limit = context.config.send_timeout;
    // A socket that holds 64 bytes.
    let (theirs, ours) = duplex(64);
    let sent = send(&context, ours, Outgoing::Json(JsonOutgoing::Ask)).await;
    assert!(sent.unwrap_err().contains("took nothing"));
    drop(theirs);

    let (mut theirs, ours) = duplex(64);
    let import = tokio::spawn(async move {
        let mut bytes = [0; 64];
        while theirs.read(&mut bytes).await.unwrap() > 0 {
            tokio::time::sleep(limit * 9 / 10).await;
        }
    });
    let began = Instant::now();
    send(&context, ours, Outgoing::Json(JsonOutgoing::Ask)).await.unwrap();
    assert!(began.elapsed() > limit * 10, "it is slow indeed");
    import.await.unwrap();
}

/// Both ends of a connection: a peer whose system holds little for it, and the node's.
async fn connected() -> (TcpStream, TcpStream) {
    let (listener, address) = Tcp.listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let theirs = TcpSocket::new_v4().unwrap();
    theirs.set_recv_buffer_size(32 << 10).unwrap();
    let (theirs, ours) = tokio::join!(theirs.connect(address), Tcp::accept(&listener));
    (theirs.unwrap(), ours.unwrap().0)
}

/// Bytes that the socket took, once it takes no more for the moment.
async fn settled(stats: &Stats) -> u64 {
    let mut before = None;
    loop {
        let (_, sent) = stats.bytes();
        if before == Some(sent) && sent > 0 {
            return sent;
        }
        before = Some(sent);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Without a bound the system takes all of the message at once, and then nothing for long.
#[cfg(any(target_os = "android", target_os = "linux"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_real_socket_takes_more_for_each_bit_that_a_steady_peer_takes() {
    const LENGTH: usize = 4 << 20;
    // 6.6 s of a peer that takes 40 kB/s: it is dropped after 30 s without a byte.
    const STEP: usize = 256 << 10;
    let (_node, context, _told) = dev();
    let (mut theirs, ours) = connected().await;
    let stats = Arc::default();
    let sending = tokio::spawn({
        let stats = Arc::clone(&stats);
        async move { send_of(&context, &stats, ours, Outgoing::Json(JsonOutgoing::Ask), LENGTH).await }
    });
    let mut step = vec![0; STEP];
    let mut taken = settled(&stats).await;
    // The last of it is in the system's hands at some time.
    while taken < LENGTH as u64 {
        theirs.read_exact(&mut step).await.unwrap();
        until("more is taken of the node", || stats.bytes().1 > taken).await;
        taken = settled(&stats).await;
    }
    theirs.read_to_end(&mut Vec::new()).await.unwrap();
    sending.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_of_a_real_socket_is_dropped() {
    let (_node, mut context, _told) = dev();
    Arc::get_mut(&mut context).unwrap().config.send_timeout = Duration::from_millis(300);
    let (theirs, ours) = connected().await;
    // More than all buffers of a system hold.
    let sent =
        send_of(&context, &Arc::default(), ours, Outgoing::Json(JsonOutgoing::Ask), 64 << 20).await;
    assert!(sent.unwrap_err().contains("took nothing for 300ms"));
    drop(theirs);
}

#[tokio::test(start_paused = true)]
async fn questions_that_our_chain_does_not_answer_are_rested_for() {
    let (node, context, _told) = dev();
    let known = vec![(Height::GENESIS, node.handle.tip().hash)];
    let unknown = vec![(Height::GENESIS, Hash::new([7; 32])); 64];
    let last = BlockId { height: Height::GENESIS, hash: Hash::new([7; 32]) };
    let held = BlockId { height: Height::GENESIS, hash: node.handle.tip().hash };
    for (say, is_of_use) in [
        (BinaryOutgoing::Headers { locator: unknown, stop: None }, false),
        // There is nothing above our tip.
        (BinaryOutgoing::Headers { locator: known, stop: None }, false),
        (BinaryOutgoing::Blocks { request: 0, first: Height::GENESIS, last }, false),
        (BinaryOutgoing::Blocks { request: 0, first: Height::GENESIS, last: held }, true),
    ] {
        let (theirs, ours) = duplex(64 << 10);
        let debtor = &context.debts.accepted([192, 0, 2, 1].into());
        // Not rested for yet, and any more is.
        debtor.spend(Duration::from_micros(640));
        assert!(debtor.rests_until().is_none());
        let shown = format!("{say:?}");
        let (stats, out) = (&Arc::default(), Outgoing::Binary(say));
        send_for(debtor, &context, stats, ours, out, 0).await.unwrap();
        assert_eq!(debtor.rests_until().is_none(), is_of_use, "{shown}");
        drop(theirs);
    }
}
