//! Tests.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const SHORT: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(1);

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Places of their own, for a connection of this address.
fn lingering(client: IpAddr) -> Lingering {
    Lingering::new(Admission::lingering(Arc::default()), client)
}

fn pair() -> (GuardedStream<DuplexStream>, InFlight, DuplexStream) {
    let (ours, theirs) = duplex(64);
    let in_flight = InFlight::default();
    let limits = Limits {
        header_timeout: SHORT,
        idle_timeout: LONG,
        write_stall: SHORT,
        ..Limits::default()
    };
    let stream = GuardedStream::new(ours, in_flight.clone(), &limits, lingering(LOCAL));
    (stream, in_flight, theirs)
}

async fn read(stream: &mut GuardedStream<DuplexStream>) -> io::Result<usize> {
    stream.read(&mut [0; 16]).await
}

/// What a wait ends with, and how long it took; tokio's clock jumps ahead.
async fn timed<T>(wait: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let value = wait.await;
    (value, started.elapsed())
}

fn is_timeout<T>(result: &io::Result<T>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

#[tokio::test(start_paused = true)]
async fn silence_from_the_start_is_timed_as_a_head() {
    let (mut stream, _, _client) = pair();
    let (result, time) = timed(read(&mut stream)).await;
    assert!(is_timeout(&result) && time < SHORT * 2, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_has_one_limit_from_the_start_however_it_trickles() {
    let (mut stream, _, mut client) = pair();
    let trickle = async {
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 4).await;
        }
    };
    let reads = async {
        let mut count = 0;
        while read(&mut stream).await.is_ok() {
            count += 1;
        }
        drop(stream);
        count
    };
    let ((count, ()), time) = timed(async { tokio::join!(reads, trickle) }).await;
    assert!((3..=5).contains(&count), "{count}");
    assert!((SHORT..SHORT * 2).contains(&time), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_request_a_pause_is_longer_and_a_head_is_short_again() {
    let (mut stream, in_flight, mut client) = pair();
    for _ in 0..3 {
        client.write_all(b"x").await.unwrap();
        read(&mut stream).await.unwrap();
        drop(in_flight.begin());
        let wait = tokio::time::timeout(LONG / 2, read(&mut stream)).await;
        assert!(wait.is_err(), "the pause was cut");
    }
    client.write_all(b"x").await.unwrap();
    read(&mut stream).await.unwrap();
    let (result, time) = timed(read(&mut stream)).await;
    assert!(is_timeout(&result) && time < SHORT * 2, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_too() {
    let (mut stream, in_flight, mut client) = pair();
    client.write_all(b"x").await.unwrap();
    read(&mut stream).await.unwrap();
    drop(in_flight.begin());
    let (result, time) = timed(read(&mut stream)).await;
    assert!(is_timeout(&result) && time >= LONG, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_is_not_timed() {
    let (mut stream, in_flight, _client) = pair();
    let under_way = in_flight.begin();
    let wait = tokio::time::timeout(LONG * 10, read(&mut stream)).await;
    assert!(wait.is_err());
    drop(under_way);
    let (result, time) = timed(read(&mut stream)).await;
    assert!(is_timeout(&result) && time >= LONG, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_accepts_nothing_is_given_up() {
    let (mut stream, _, _client) = pair();
    let (result, time) = timed(stream.write_all(&[0; 100])).await;
    assert!(is_timeout(&result) && (SHORT..SHORT * 2).contains(&time), "{time:?}");
}

/// Writes for as long as the client takes this much in half of the time that it has.
async fn write_slowly(bytes: usize) -> io::Result<()> {
    let (mut stream, _, mut client) = pair();
    let slow = async {
        let mut space = vec![0; bytes];
        loop {
            tokio::time::sleep(SHORT / 2).await;
            if client.read_exact(&mut space).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        let result = stream.write_all(&vec![0; 20 * bytes]).await;
        drop(stream);
        result
    };
    tokio::join!(write, slow).0
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_served_and_one_that_takes_next_to_nothing_is_not() {
    write_slowly(MIN_TAKEN_BYTES).await.unwrap();
    assert!(is_timeout(&write_slowly(8).await));
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_whole_leaves_no_timer_behind() {
    let (mut stream, _, mut client) = pair();
    for _ in 0..3 {
        let takes = async {
            tokio::time::sleep(SHORT / 2).await;
            client.read_exact(&mut [0; 100]).await.unwrap();
        };
        let (written, ()) = tokio::join!(stream.write_all(&[0; 100]), takes);
        written.unwrap();
        stream.flush().await.unwrap();
        tokio::time::sleep(LONG).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_behind_a_further_request() {
    let (mut stream, in_flight, mut client) = pair();
    let under_way = in_flight.begin();
    client.write_all(b"GET").await.unwrap();
    // Before the body's end its reader notices.
    stream.flush().await.unwrap();
    assert!(stream.ahead.is_empty());
    in_flight.end_body();
    stream.flush().await.unwrap();
    assert_eq!(&stream.ahead[..], b"GET");
    drop(client);
    let error = stream.flush().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    drop(under_way);
}

#[tokio::test]
async fn what_was_read_ahead_is_handed_on_first() {
    let (mut stream, in_flight, mut client) = pair();
    let under_way = in_flight.begin();
    in_flight.end_body();
    client.write_all(b"first ").await.unwrap();
    stream.flush().await.unwrap();
    drop(under_way);
    client.write_all(b"last").await.unwrap();
    let mut text = [0; 10];
    stream.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"first last");
}

#[tokio::test]
async fn no_more_than_a_little_is_read_ahead() {
    let (mut stream, in_flight, mut client) = pair();
    let _under_way = in_flight.begin();
    in_flight.end_body();
    let endless = async { while client.write_all(&[0; 64]).await.is_ok() {} };
    let reads = async {
        while stream.ahead.len() < MAX_AHEAD_BYTES {
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.flush().await.unwrap();
        assert!(stream.ahead.len() < MAX_AHEAD_BYTES + 1_024);
        drop(stream);
    };
    tokio::join!(endless, reads);
}

/// A stream whose last answer did not wait for the request's body.
fn unread() -> (GuardedStream<DuplexStream>, DuplexStream) {
    let (stream, in_flight, client) = pair();
    drop(in_flight.begin());
    in_flight.leave_unread();
    (stream, client)
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_drained_until_the_client_ends() {
    let (mut stream, mut client) = unread();
    let sends = async {
        client.write_all(&[0; 10_000]).await.unwrap();
        drop(client);
    };
    let ((result, ()), time) = timed(async { tokio::join!(stream.shutdown(), sends) }).await;
    assert!(result.is_ok() && time < SHORT_DRAIN.time, "{time:?}");
    assert_eq!(stream.drained, 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_ends_is_waited_for_as_long_as_its_place_allows() {
    for (has_place, Drain { time: limit, .. }) in [(true, LONG_DRAIN), (false, SHORT_DRAIN)] {
        let (mut stream, _client) = unread();
        let _taken = if has_place { Vec::new() } else { take_places(&stream) };
        let (result, time) = timed(stream.shutdown()).await;
        assert!(result.is_ok() && (limit..limit + SHORT * 2).contains(&time), "{time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_without_end_is_cut() {
    for (has_place, Drain { bytes: limit, .. }) in [(true, LONG_DRAIN), (false, SHORT_DRAIN)] {
        let (mut stream, mut client) = unread();
        let _taken = if has_place { Vec::new() } else { take_places(&stream) };
        let endless = async { while client.write_all(&[0; 64]).await.is_ok() {} };
        let shutdown = async {
            stream.shutdown().await.unwrap();
            assert!((limit..limit + 4_096).contains(&stream.drained), "{}", stream.drained);
            drop(stream);
        };
        tokio::join!(endless, shutdown);
    }
}

fn take_places(stream: &GuardedStream<DuplexStream>) -> Vec<Place> {
    std::iter::from_fn(|| stream.lingering.places.try_admit(LOCAL)).collect()
}

#[test]
fn sixteen_linger_and_two_of_one_address() {
    let places = Admission::lingering(Arc::default());
    let of = |address: &str| places.try_admit(address.parse().unwrap());
    let mut held = vec![of("192.0.2.1").unwrap(), of("192.0.2.1").unwrap()];
    assert!(of("192.0.2.1").is_none());
    held.extend((2..16).map(|host| of(&format!("192.0.2.{host}")).unwrap()));
    assert!(of("192.0.2.99").is_none());
    drop(held);
    assert!(of("192.0.2.1").is_some());
}

#[tokio::test(start_paused = true)]
async fn without_anything_unread_the_end_is_at_once() {
    let (mut stream, in_flight, _client) = pair();
    drop(in_flight.begin());
    let (result, time) = timed(stream.shutdown()).await;
    assert!(result.is_ok() && time < SHORT, "{time:?}");
}
