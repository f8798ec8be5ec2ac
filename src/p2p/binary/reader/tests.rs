//! Frames that break the dialect, and one message at a time.

use std::io;

use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};

use super::*;
use crate::node::test_util::TestNode;
use crate::p2p::socket::frame_guard::ReadError;
use crate::p2p::test_util::dev;
use crate::sync::Input;

const LINK: LinkId = LinkId(7);

type Frames = Vec<Result<Frame, Error>>;

struct Bench {
    context: Arc<Context>,
    told: mpsc::Receiver<Event>,
    node: TestNode,
}

impl Bench {
    fn new() -> Self {
        let (node, context, told) = dev();
        Self { context, told, node }
    }

    /// Reads these frames until the reader ends or waits. Returns how it ended.
    fn read(&mut self, frames: Frames) -> Option<Result<String, Close>> {
        let stats = Arc::default();
        let mut stream = stream::iter(frames).chain(stream::pending());
        let (context, stats) = (&self.context, &stats);
        let debtor = &context.debts.dialled();
        let reader = Reader { context, link: LINK, stats, debtor, stream: &mut stream };
        // Everything is ready: it ends at once, or not at all.
        tokio::task::unconstrained(reader.run()).now_or_never()
    }

    fn fault(&mut self) -> Option<&'static str> {
        match self.told.try_recv().ok()? {
            Event::Input(Input::Binary(BinaryInput::Undecodable { link: LINK, reason })) => {
                Some(reason)
            }
            other => panic!("not a fault: {other:?}"),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "beside the frames that are errors")]
fn binary(bytes: impl Into<Bytes>) -> Result<Frame, Error> {
    Ok(Frame::Binary(bytes.into()))
}

fn halted(read_error: ReadError) -> Result<Frame, Error> {
    Err(Error::Io(io::Error::other(read_error)))
}

#[tokio::test]
async fn what_is_no_message_is_a_fault() {
    let mut bench = Bench::new();
    let whole = Message::GetPeers.encode().unwrap();
    let trailing = [&whole[..], &[0]].concat();
    let cut = Message::NotFound { request: 1_000 }.encode().unwrap();
    let too_big = CapacityError::MessageTooLong { size: 9, max_size: 8 };
    for (frame, reason) in [
        (Ok(Frame::text("{\"type\":0,\"payload\":{}}")), "a text message"),
        (binary(Vec::new()), "a frame that is no message"),
        (binary(vec![0xff; 9]), "a frame that is no message"),
        (binary(cut[..2].to_vec()), "a frame that is no message"),
        (binary(trailing), "bytes after a message"),
        (binary(vec![0; (4 << 20) + 1]), MESSAGE_TOO_LONG),
        (halted(ReadError::TooBig), MESSAGE_TOO_LONG),
        (Err(Error::Capacity(too_big)), MESSAGE_TOO_LONG),
        (Err(Error::Protocol(ProtocolError::NonZeroReservedBits)), "a frame that breaks RFC 6455"),
    ] {
        assert_eq!(bench.read(vec![frame]), None, "it waits to be closed: {reason}");
        assert_eq!(bench.fault(), Some(reason));
    }
}

#[tokio::test]
async fn what_cannot_be_proven_is_no_fault() {
    let mut bench = Bench::new();
    let slow = bench.read(vec![halted(ReadError::Overdue)]).unwrap();
    assert_eq!(slow.unwrap_err().code, 1002);
    let silent = bench.read(vec![halted(ReadError::Silent)]).unwrap();
    assert_eq!(silent.unwrap(), "nothing was heard");
    let cut = Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake));
    assert!(bench.read(vec![cut]).unwrap().is_ok());
    let pings = vec![Ok(Frame::Ping(Bytes::new())), Ok(Frame::Pong(Bytes::new()))];
    assert_eq!(bench.read(pings), None);
    assert_eq!(bench.fault(), None);
}

#[tokio::test]
async fn what_comes_after_a_close_of_the_peers_is_no_fault() {
    let mut bench = Bench::new();
    let after = Err(Error::Protocol(ProtocolError::ReceivedAfterClosing));
    for rest in [after, Ok(Frame::text("no message")), binary(vec![0xff])] {
        let rest = [Ok(Frame::Close(None)), rest, Err(Error::ConnectionClosed)];
        let closed = bench.read(rest.into()).expect("it ends by itself");
        assert_eq!(closed.unwrap(), "closed by the peer");
        assert_eq!(bench.fault(), None);
    }
}

#[tokio::test]
async fn a_message_is_read_only_when_the_last_one_was_taken() {
    let bench = Bench::new();
    let Bench { context, mut told, .. } = bench;
    let stats = Arc::default();
    let frames = (1..=3).map(|request| binary(Message::NotFound { request }.encode().unwrap()));
    let (read, mut seen) = mpsc::unbounded_channel();
    let mut stream =
        stream::iter(frames).inspect(move |_| read.send(()).unwrap()).chain(stream::pending());
    let (context, stats, debtor) = (&context, &stats, &context.debts.dialled());
    let reader = Reader { context, link: LINK, stats, debtor, stream: &mut stream };
    let mut run = Box::pin(tokio::task::unconstrained(reader.run()));
    for expected in 1..=3 {
        assert!((&mut run).now_or_never().is_none());
        let Event::Message { link, message, taken } = told.try_recv().unwrap() else {
            panic!("not a message")
        };
        assert_eq!((link, *message), (LINK, Message::NotFound { request: expected }));
        assert!((&mut run).now_or_never().is_none());
        assert!(told.try_recv().is_err(), "the machine has not taken the one before");
        assert_eq!((seen.try_recv().is_ok(), seen.try_recv().is_ok()), (true, false));
        drop(taken);
    }
    drop(run);
}

#[tokio::test(start_paused = true)]
async fn announcements_of_what_is_known_are_rested_for() {
    let Bench { context, mut told, node } = Bench::new();
    let header = *node.handle.spec().genesis().header();
    let known = Message::Announce(header).encode().unwrap();
    let ask = Message::GetPeers.encode().unwrap();
    let frames = (0..500).flat_map(|_| [binary(known.clone()), binary(ask.clone())]);
    let mut stream = stream::iter(frames.collect::<Frames>());
    tokio::spawn(async move { while told.recv().await.is_some() {} });
    let (stats, debtor) = (&Arc::default(), &context.debts.accepted([192, 0, 2, 1].into()));
    let started = tokio::time::Instant::now();
    let reader = Reader { context: &context, link: LINK, stats, debtor, stream: &mut stream };
    reader.run().await.unwrap();
    // 50 us each, 31 times.
    assert!(
        started.elapsed() >= std::time::Duration::from_millis(1_540),
        "{:?}",
        started.elapsed()
    );
}
