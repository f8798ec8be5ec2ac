//! Connects to the first of several addresses that accepts (Happy Eyeballs, RFC 8305).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::transport::{Connected, Transport};

/// Pause before the next address is tried beside those that have not accepted yet: the
/// Connection Attempt Delay of RFC 8305 section 8.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Most addresses of one name that are tried. The rest is ignored.
const MAX_ADDRESSES: usize = 8;

/// Connects to the first address that accepts, families in turn.
///
/// # Errors
/// The last failure if no address accepts, and an error of its own for no address at all.
pub(in crate::p2p) async fn connect<T: Transport>(
    transport: &T,
    addresses: Vec<SocketAddr>,
) -> io::Result<Connected<T::Stream>> {
    let mut waiting = interleave(addresses).into_iter().take(MAX_ADDRESSES).peekable();
    let mut attempts = FuturesUnordered::new();
    let mut next = Instant::now();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        if attempts.is_empty() || next <= Instant::now() {
            if let Some(address) = waiting.next() {
                attempts.push(transport.connect(address));
                next = Instant::now() + ATTEMPT_DELAY;
            } else if attempts.is_empty() {
                return Err(last);
            }
        }
        tokio::select! {
            biased;
            Some(result) = attempts.next() => match result {
                Ok(connected) => return Ok(connected),
                Err(error) => {
                    last = error;
                    // A failure is not waited out.
                    next = Instant::now();
                }
            },
            () = sleep_until(next), if waiting.peek().is_some() => {}
        }
    }
}

/// The families in turn, each in its order, the first address first (RFC 8305 section 4).
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let starts_with_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == starts_with_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = Vec::new();
    loop {
        match (first.next(), second.next()) {
            (None, None) => return ordered,
            (one, other) => ordered.extend(one.into_iter().chain(other)),
        }
    }
}

#[cfg(test)]
mod tests;
