//! What passes, what waits and what is refused.

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::p2p::socket::budget::Budget;
use crate::p2p::socket::debts::Debts;

const MASK: [u8; 4] = [1, 2, 3, 4];

fn frame(kind: u8, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u64;
    let mut bytes = Header { is_final, kind, length, mask: Some(MASK) }.encode();
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

struct Pipe {
    frame_guard: FrameGuard<DuplexStream>,
    peer: DuplexStream,
    budget: Arc<Budget>,
}

/// An frame guard of the JSON dialect.
fn pipe(max_message: usize) -> Pipe {
    pipe_with(b"", max_message)
}

/// An frame guard of a link on which this came with the upgrade.
fn pipe_with(came: &[u8], max_message: usize) -> Pipe {
    let (peer, ours) = duplex(1 << 20);
    let budget = Budget::new(64 << 20);
    let account = budget.account([192, 0, 2, 1].into());
    let silence = Duration::from_secs(90);
    let stats = Arc::default();
    let debtor = Arc::new(Debts::default()).accepted([192, 0, 2, 1].into());
    let frame_guard =
        FrameGuard::new(ours, came, stats, debtor, Some(account), max_message, silence);
    Pipe { frame_guard, peer, budget }
}

/// The payloads and last frames of what came through.
fn unmask(mut bytes: &[u8]) -> Vec<(Header, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some((header, length)) = Header::parse(bytes) {
        let end = length + usize::try_from(header.length).unwrap();
        let payload = bytes[length..end].iter().zip(MASK.iter().cycle());
        frames.push((header, payload.map(|(byte, mask)| byte ^ mask).collect()));
        bytes = &bytes[end..];
    }
    assert!(bytes.is_empty());
    frames
}

fn read_error(error: &io::Error) -> ReadError {
    *error.get_ref().unwrap().downcast_ref().unwrap()
}

#[test]
fn headers_are_read_and_written_alike() {
    for length in [0, 125, 126, 65_535, 65_536, u64::MAX] {
        for mask in [None, Some(MASK)] {
            let header = Header { is_final: true, kind: 0x41, length, mask };
            let bytes = header.encode();
            assert_eq!(Header::parse(&bytes), Some((header, bytes.len())));
            assert_eq!(Header::parse(&bytes[..bytes.len() - 1]), None);
        }
    }
}

#[tokio::test]
async fn a_long_frame_passes_as_fragments_with_the_same_payload() {
    let mut pipe = pipe(1 << 20);
    let payload: Vec<u8> = (0..200_001_u32).map(|number| number.to_le_bytes()[0]).collect();
    pipe.peer.write_all(&frame(1, true, &payload)).await.unwrap();
    drop(pipe.peer);
    let mut passed = Vec::new();
    pipe.frame_guard.read_to_end(&mut passed).await.unwrap();
    let frames = unmask(&passed);
    let kinds: Vec<_> = frames.iter().map(|(header, _)| (header.kind, header.is_final)).collect();
    assert_eq!(kinds, [(1, false), (0, false), (0, false), (0, true)]);
    assert!(frames.iter().all(|(header, _)| header.length <= READ_FRAGMENT));
    let joined: Vec<u8> = frames.into_iter().flat_map(|(_, payload)| payload).collect();
    assert_eq!(joined, payload);
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused_by_its_header() {
    for announced in [1_001, u64::MAX] {
        let mut pipe = pipe(1_000);
        let header = Header { is_final: true, kind: 1, length: announced, mask: Some(MASK) };
        pipe.peer.write_all(&header.encode()).await.unwrap();
        let error = pipe.frame_guard.read(&mut [0; 99]).await.unwrap_err();
        assert_eq!(read_error(&error), ReadError::TooBig);
    }
}

#[tokio::test]
async fn fragments_are_summed_and_pings_between_them_are_not() {
    let mut pipe = pipe(1_000);
    let parts =
        [frame(1, false, &[b'a'; 600]), frame(9, true, b"ping"), frame(0, false, &[0; 600])];
    pipe.peer.write_all(&parts.concat()).await.unwrap();
    let mut passed = Vec::new();
    let error = pipe.frame_guard.read_to_end(&mut passed).await.unwrap_err();
    assert_eq!(read_error(&error), ReadError::TooBig);
}

/// The header of a frame that announces so much.
fn announce(length: u64) -> Vec<u8> {
    Header { is_final: true, kind: 1, length, mask: Some(MASK) }.encode()
}

#[tokio::test]
async fn a_large_message_holds_what_came_of_it_until_more_is_asked_for() {
    let mut pipe = pipe(64 << 20);
    let message = frame(1, true, &vec![b'x'; 3 << 20]);
    let rest = [message, frame(1, true, b"next")].concat();
    tokio::spawn(async move {
        let _ = pipe.peer.write_all(&rest).await;
    });
    let mut length = 0;
    let mut buffer = vec![0; 64 << 10];
    while length < 3 << 20 {
        length += pipe.frame_guard.read(&mut buffer).await.unwrap() as u64;
        let held = pipe.budget.held();
        // The headers of the fragments are passed on too.
        let payload = length.saturating_sub(1 << 10);
        assert!(
            held <= length + BUDGET_STEP && (held >= payload || payload <= LARGE),
            "{held} {length}"
        );
    }
    assert_eq!(pipe.budget.held(), 3 << 20);
    while pipe.budget.held() > 0 {
        assert!(pipe.frame_guard.read(&mut buffer).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn an_announced_length_holds_nothing_and_fragments_do_not_either() {
    for bytes in [announce(60 << 20), frame(1, false, &[b'x'; 1_000])] {
        let mut pipe = pipe(64 << 20);
        pipe.peer.write_all(&bytes).await.unwrap();
        assert!(pipe.frame_guard.read(&mut [0; 99]).await.unwrap() > 0);
        assert_eq!(pipe.budget.held(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_message_waits_while_the_budget_is_taken() {
    let mut pipe = pipe(64 << 20);
    let cx = Context::from_waker(std::task::Waker::noop());
    let mut oldest = pipe.budget.account([198, 51, 100, 1].into()).begin();
    let mut others = pipe.budget.account([203, 0, 113, 1].into()).begin();
    assert!(oldest.poll_grow(64 << 20, &cx).is_ready());
    assert!(others.poll_grow(64 << 20, &cx).is_ready());
    let message = frame(1, true, &vec![b'x'; 2 << 20]);
    tokio::spawn(async move {
        let _ = pipe.peer.write_all(&message).await;
        std::future::pending::<()>().await;
    });
    let mut all = vec![0; 2 << 20];
    let reading = pipe.frame_guard.read_exact(&mut all);
    let read = tokio::time::timeout(Duration::from_secs(1_000), reading).await;
    assert!(read.is_err(), "waiting is nobody's fault");
    drop(oldest);
    assert!(pipe.frame_guard.read(&mut all).await.unwrap() > 0);
}

#[tokio::test(start_paused = true)]
async fn each_step_of_a_large_message_must_come_in_time() {
    let mut pipe = pipe(64 << 20);
    let begun = Instant::now();
    let peer = tokio::spawn(async move {
        let some = vec![b'x'; usize::try_from(LARGE + BUDGET_STEP).unwrap()];
        pipe.peer.write_all(&[announce(60 << 20), some].concat()).await.unwrap();
        // Then far too little, though within the time of the whole.
        while pipe.peer.write_all(&[b'x'; 100]).await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    });
    let error = pipe.frame_guard.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(read_error(&error), ReadError::Overdue);
    assert!(begun.elapsed() <= STEP_TIME + Duration::from_secs(1), "{:?}", begun.elapsed());
    peer.abort();
}

#[tokio::test(start_paused = true)]
async fn a_large_message_at_a_fair_pace_comes_through() {
    let mut pipe = pipe(64 << 20);
    tokio::spawn(async move {
        pipe.peer.write_all(&announce(60 << 20)).await.unwrap();
        // 60 MiB in 86 s.
        for _ in 0..240 {
            pipe.peer.write_all(&vec![0; 256 << 10]).await.unwrap();
            sleep(Duration::from_millis(360)).await;
        }
    });
    let mut passed = Vec::new();
    pipe.frame_guard.read_to_end(&mut passed).await.unwrap();
    assert!(passed.len() > 60 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_the_binary_dialect_does_not_wait_for_the_budget() {
    let (mut peer, ours) = duplex(1 << 20);
    let (stats, silence) = (Arc::default(), Duration::from_secs(90));
    let debtor = Arc::new(Debts::default()).dialled();
    let mut frame_guard = FrameGuard::new(ours, b"", stats, debtor, None, 4 << 20, silence);
    let header = Header { is_final: true, kind: 2, length: 2 << 20, mask: Some(MASK) };
    peer.write_all(&header.encode()).await.unwrap();
    assert!(frame_guard.read(&mut [0; 99]).await.unwrap() > 0);
    let error = frame_guard.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(read_error(&error), ReadError::Overdue, "its time is counted all the same");
}

#[tokio::test(start_paused = true)]
async fn a_drip_is_cut_off_and_silence_too() {
    let mut dripping = pipe(1_000);
    let bytes = frame(1, true, &[b'x'; 500]);
    let drip = tokio::spawn(async move {
        for byte in bytes {
            if dripping.peer.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
    });
    let error = dripping.frame_guard.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(read_error(&error), ReadError::Overdue);
    drip.abort();

    let Pipe { mut frame_guard, peer, .. } = pipe(1_000);
    let error = frame_guard.read(&mut [0; 9]).await.unwrap_err();
    assert_eq!(read_error(&error), ReadError::Silent);
    drop(peer);
}

#[tokio::test]
async fn what_came_with_the_upgrade_counts_for_the_limits() {
    let began = frame(1, false, &[b'a'; 600]);
    for cut in [0, 1, 7, 300, began.len()] {
        let (came, later) = began.split_at(cut);
        let mut pipe = pipe_with(came, 1_000);
        pipe.peer.write_all(later).await.unwrap();
        pipe.peer.write_all(&frame(0, true, &[b'a'; 401])).await.unwrap();
        let error = pipe.frame_guard.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(read_error(&error), ReadError::TooBig, "{cut} bytes came with it");
    }
}

/// How long it takes to pass these bytes on, in paused time.
async fn passing(bytes: &[u8], passed: usize) -> Duration {
    let mut pipe = pipe(1 << 20);
    pipe.peer.write_all(bytes).await.unwrap();
    let started = Instant::now();
    pipe.frame_guard.read_exact(&mut vec![0; passed]).await.unwrap();
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn frames_of_nothing_are_rested_for() {
    let (ping, start, part) = (frame(9, true, b"x"), frame(1, false, b""), frame(0, false, b"x"));
    let pings = ping.repeat(1_000);
    let parts = [start, part.repeat(999)].concat();
    for bytes in [pings, parts] {
        let rested = passing(&bytes, bytes.len()).await;
        // 20 us each, 31 times, less what is not rested for yet.
        assert!(rested >= Duration::from_millis(600), "{rested:?}");
    }
    // Messages in one frame each, however short, and parts of some length are judged elsewhere.
    let messages = frame(1, true, b"{}").repeat(1_000);
    let long = [frame(1, false, b""), frame(0, false, &[b'x'; 1_024]).repeat(100)].concat();
    for bytes in [messages, long] {
        assert_eq!(passing(&bytes, bytes.len()).await, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_come_one_by_one_are_rested_for() {
    let Pipe { mut frame_guard, mut peer, .. } = pipe(1 << 20);
    for (number, byte) in frame(1, true, &[b'x'; 100]).into_iter().take(33).enumerate() {
        assert!(!frame_guard.gate.is_shut(), "byte {number}");
        peer.write_all(&[byte]).await.unwrap();
        let _ = frame_guard.read(&mut [0; 64]).now_or_never();
    }
    assert!(frame_guard.gate.is_shut());
}
