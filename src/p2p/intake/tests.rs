//! What passes, what waits and what is refused.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const MASK: [u8; 4] = [1, 2, 3, 4];

fn frame(kind: u8, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u64;
    let mut bytes = Header { is_final, kind, length, mask: Some(MASK) }.encode();
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

struct Pipe {
    intake: Intake<DuplexStream>,
    peer: DuplexStream,
    budget: Arc<Semaphore>,
}

/// An intake behind its upgrade.
async fn pipe(max_message: usize) -> Pipe {
    let (mut peer, ours) = duplex(1 << 20);
    let budget = budget();
    let stats = Arc::new(Stats::new());
    let silence = Duration::from_secs(90);
    let mut intake = Intake::new(ours, stats, &budget, max_message, silence);
    peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut head = [0; 18];
    intake.read_exact(&mut head).await.unwrap();
    assert!(head.ends_with(b"\r\n\r\n"));
    Pipe { intake, peer, budget }
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

fn halt(error: &io::Error) -> Halt {
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
    let mut pipe = pipe(1 << 20).await;
    let payload: Vec<u8> = (0..200_001_u32).map(|number| number.to_le_bytes()[0]).collect();
    pipe.peer.write_all(&frame(1, true, &payload)).await.unwrap();
    drop(pipe.peer);
    let mut passed = Vec::new();
    pipe.intake.read_to_end(&mut passed).await.unwrap();
    let frames = unmask(&passed);
    let kinds: Vec<_> = frames.iter().map(|(header, _)| (header.kind, header.is_final)).collect();
    assert_eq!(kinds, [(1, false), (0, false), (0, false), (0, true)]);
    assert!(frames.iter().all(|(header, _)| header.length <= FRAGMENT));
    let joined: Vec<u8> = frames.into_iter().flat_map(|(_, payload)| payload).collect();
    assert_eq!(joined, payload);
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused_by_its_header() {
    for announced in [1_001, u64::MAX] {
        let mut pipe = pipe(1_000).await;
        let header = Header { is_final: true, kind: 1, length: announced, mask: Some(MASK) };
        pipe.peer.write_all(&header.encode()).await.unwrap();
        let error = pipe.intake.read(&mut [0; 99]).await.unwrap_err();
        assert_eq!(halt(&error), Halt::TooBig);
    }
}

#[tokio::test]
async fn fragments_are_summed_and_pings_between_them_are_not() {
    let mut pipe = pipe(1_000).await;
    let parts =
        [frame(1, false, &[b'a'; 600]), frame(9, true, b"ping"), frame(0, false, &[0; 600])];
    pipe.peer.write_all(&parts.concat()).await.unwrap();
    let mut passed = Vec::new();
    let error = pipe.intake.read_to_end(&mut passed).await.unwrap_err();
    assert_eq!(halt(&error), Halt::TooBig);
}

#[tokio::test]
async fn a_large_message_holds_its_budget_until_more_is_asked_for() {
    let mut pipe = pipe(64 << 20).await;
    let all = pipe.budget.available_permits();
    let message = frame(1, true, &vec![b'x'; 3 << 20]);
    let rest = [message, frame(1, true, b"next")].concat();
    tokio::spawn(async move {
        let _ = pipe.peer.write_all(&rest).await;
    });
    let mut length = 0;
    let mut buffer = vec![0; 64 << 10];
    while length < 3 << 20 {
        length += pipe.intake.read(&mut buffer).await.unwrap();
        assert_eq!(pipe.budget.available_permits(), all - (3 << 10));
    }
    while pipe.budget.available_permits() < all {
        assert!(pipe.intake.read(&mut buffer).await.unwrap() > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_message_waits_while_the_budget_is_taken() {
    let mut pipe = pipe(64 << 20).await;
    let all = u32::try_from(pipe.budget.available_permits()).unwrap();
    let taken = Arc::clone(&pipe.budget).acquire_many_owned(all - 1).await.unwrap();
    let header = Header { is_final: true, kind: 1, length: 2 << 20, mask: Some(MASK) };
    pipe.peer.write_all(&header.encode()).await.unwrap();
    let mut buffer = [0; 99];
    let long = Duration::from_secs(1_000);
    let read = tokio::time::timeout(long, pipe.intake.read(&mut buffer)).await;
    assert!(read.is_err(), "waiting is nobody's fault");
    drop(taken);
    assert!(pipe.intake.read(&mut buffer).await.unwrap() > 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_the_binary_dialect_does_not_wait_for_the_budget() {
    for is_under_way in [false, true] {
        let mut pipe = pipe(64 << 20).await;
        let all = u32::try_from(pipe.budget.available_permits()).unwrap();
        let _taken = Arc::clone(&pipe.budget).acquire_many_owned(all).await.unwrap();
        let header = Header { is_final: true, kind: 2, length: 2 << 20, mask: Some(MASK) };
        pipe.peer.write_all(&header.encode()).await.unwrap();
        let mut buffer = [0; 99];
        if is_under_way {
            let read = pipe.intake.read(&mut buffer);
            assert!(tokio::time::timeout(Duration::from_secs(1), read).await.is_err());
        }
        pipe.intake.limit(4 << 20);
        assert!(pipe.intake.read(&mut buffer).await.unwrap() > 0);
        let error = pipe.intake.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(halt(&error), Halt::Slow, "its time is counted all the same");
    }
}

#[tokio::test(start_paused = true)]
async fn a_drip_is_cut_off_and_silence_too() {
    let mut dripping = pipe(1_000).await;
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
    let error = dripping.intake.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(halt(&error), Halt::Slow);
    drip.abort();

    let Pipe { mut intake, peer, .. } = pipe(1_000).await;
    let error = intake.read(&mut [0; 9]).await.unwrap_err();
    assert_eq!(halt(&error), Halt::Silent);
    drop(peer);
}

#[tokio::test]
async fn a_lower_limit_counts_for_a_message_that_began_before_it() {
    for (length, refused) in [(4 << 10, false), (9 << 10, true)] {
        let Pipe { mut intake, mut peer, .. } = pipe(64 << 10).await;
        peer.write_all(&frame(0x02, false, &vec![1; length])).await.unwrap();
        let mut some = [0; 100];
        intake.read_exact(&mut some).await.unwrap();
        intake.limit(8 << 10);
        peer.write_all(&frame(0x00, true, &vec![1; 4 << 10])).await.unwrap();
        let mut rest = vec![0; 64 << 10];
        let mut read = async || {
            loop {
                match intake.read(&mut rest).await {
                    Ok(0) => return None,
                    Ok(_) => {}
                    Err(error) => return Some(halt(&error)),
                }
            }
        };
        if refused {
            assert_eq!(read().await, Some(Halt::TooBig));
        } else {
            drop(peer);
            assert_eq!(read().await, None);
        }
    }
}
