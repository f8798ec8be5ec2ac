//! Which address wins, on a paused clock.

use std::sync::{Arc, Mutex};

use tokio::io::{DuplexStream, duplex};
use tokio::time::sleep;

use super::*;

/// Addresses by their port: 1 accepts at once, 2 refuses at once, 3 never responds.
#[derive(Clone, Default)]
struct Ports(Arc<Mutex<Vec<SocketAddr>>>);

impl Transport for Ports {
    type Stream = DuplexStream;
    type Listener = ();

    async fn listen(&self, _: SocketAddr) -> io::Result<((), SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept((): &()) -> io::Result<(DuplexStream, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Connected<DuplexStream>> {
        self.0.lock().unwrap().push(address);
        match address.port() {
            1 => Ok(Connected { stream: duplex(1).0, local: address, remote: address }),
            2 => Err(io::ErrorKind::ConnectionRefused.into()),
            _ => {
                sleep(Duration::from_secs(60)).await;
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }
}

async fn won(addresses: &[&str]) -> (io::Result<SocketAddr>, Duration, usize) {
    let ports = Ports::default();
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let start = Instant::now();
    let won = connect(&ports, addresses).await.map(|connected| connected.remote);
    let tried = ports.0.lock().unwrap().len();
    (won, start.elapsed(), tried)
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
