//! Which address wins, on a paused clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::duplex;
use tokio::time::sleep;

use super::*;
use crate::p2p::test_util::Connects;

/// Tries addresses by their port: 1 accepts at once, 2 refuses at once, 3 never responds.
async fn won(addresses: &[&str]) -> (io::Result<SocketAddr>, Duration, usize) {
    let tried = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tried);
    let ports = Connects(move |address: SocketAddr| {
        counter.fetch_add(1, Ordering::Relaxed);
        async move {
            match address.port() {
                1 => Ok(duplex(1).0),
                2 => Err(io::ErrorKind::ConnectionRefused.into()),
                _ => {
                    sleep(Duration::from_secs(60)).await;
                    Err(io::ErrorKind::TimedOut.into())
                }
            }
        }
    });
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let start = Instant::now();
    let won = connect(&ports, addresses).await.map(|connected| connected.remote);
    (won, start.elapsed(), tried.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_silent_address_costs_a_quarter_of_a_second_and_a_refusal_nothing() {
    let (remote, took, _) = won(&["[2001:db8::1]:3", "192.0.2.1:1"]).await;
    assert_eq!(remote.unwrap(), "192.0.2.1:1".parse().unwrap());
    assert!(took >= ATTEMPT_DELAY && took < ATTEMPT_DELAY * 2, "{took:?}");
    let (remote, took, _) = won(&["192.0.2.1:2", "192.0.2.2:2", "192.0.2.3:1"]).await;
    assert_eq!(remote.unwrap(), "192.0.2.3:1".parse().unwrap());
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_accepts_at_once_is_the_only_one_tried() {
    let (remote, _, tried) = won(&["192.0.2.1:1", "192.0.2.2:1"]).await;
    assert_eq!((remote.unwrap(), tried), ("192.0.2.1:1".parse().unwrap(), 1));
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_every_address_is_an_error_and_few_are_tried() {
    let refused: Vec<String> = (0..100).map(|host| format!("192.0.2.{host}:2")).collect();
    let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
    let (remote, _, tried) = won(&refused).await;
    assert_eq!(remote.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(tried, MAX_ADDRESSES);
    assert_eq!(won(&[]).await.0.unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn families_take_turns() {
    let at = |text: &str| text.parse::<SocketAddr>().unwrap();
    let mixed = ["[::1]:1", "[::2]:1", "[::3]:1", "1.0.0.1:1", "1.0.0.2:1"].map(at);
    let ordered = ["[::1]:1", "1.0.0.1:1", "[::2]:1", "1.0.0.2:1", "[::3]:1"].map(at);
    assert_eq!(interleave(mixed.to_vec()), ordered);
}
