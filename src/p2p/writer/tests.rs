//! What a peer that takes little, or nothing, costs the others and itself.

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::node::testing::TestNode;
use crate::p2p::intake::Intake;
use crate::p2p::testing::context;

/// Sends on a link through a socket that holds 64 bytes: why it ended, if it did.
async fn send(context: &Arc<Context>, socket: DuplexStream, out: Out) -> Result<(), Gone> {
    let stats = &Arc::new(Stats::new());
    let silence = Duration::from_secs(1 << 20);
    let intake = Intake::new(socket, b"", Arc::clone(stats), None, 1 << 20, silence);
    let socket = WebSocketStream::from_raw_socket(intake, Role::Server, None).await;
    let (sink, _stream) = &mut socket.split();
    let (link, stop_range) = (LinkId(0), &AtomicBool::new(false));
    let next_ping = Instant::now() + silence;
    let mut writer = Writer { context, link, stats, sink, stop_range, next_ping, ahead: None };
    match out {
        Out::Ask => writer.data(Data::Text, vec![b' '; 1_000].into()).await?,
        out => writer.send(out).await?,
    }
    writer.flush().await
}

#[tokio::test]
async fn a_peer_that_takes_a_chain_slowly_gives_up_the_turn_and_gets_the_rest() {
    let node = TestNode::dev();
    let (context, mut told) = context(node.handle.clone());
    let (mut theirs, ours) = duplex(64);
    let sending = tokio::spawn(async move { send(&context, ours, Out::Chain).await });
    // Nothing was read yet.
    let Some(Event::Input(Input::ChainSent { .. })) = told.recv().await else {
        panic!("it holds the turn")
    };
    assert!(!sending.is_finished());
    let mut chain = Vec::new();
    theirs.read_to_end(&mut chain).await.unwrap();
    sending.await.unwrap().unwrap();
    assert!(chain.ends_with(END), "all of it came");
    assert!(told.recv().await.is_none(), "its turn is given up once");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_dropped_when_it_takes_nothing_and_not_while_it_takes_little() {
    let node = TestNode::dev();
    let (context, _told) = context(node.handle.clone());
    let limit = context.config.send_timeout;
    let (theirs, ours) = duplex(64);
    let sent = send(&context, ours, Out::Ask).await;
    assert!(sent.unwrap_err().contains("took nothing"));
    drop(theirs);

    let (mut theirs, ours) = duplex(64);
    let reading = tokio::spawn(async move {
        let mut bytes = [0; 64];
        while theirs.read(&mut bytes).await.unwrap() > 0 {
            tokio::time::sleep(limit * 9 / 10).await;
        }
    });
    let began = Instant::now();
    send(&context, ours, Out::Ask).await.unwrap();
    assert!(began.elapsed() > limit * 10, "it is slow indeed");
    reading.await.unwrap();
    node.stop().await;
}
