//! What a close leaves to be read is dropped, at a price.

use tokio::io::{AsyncWriteExt, duplex};

use super::*;
use crate::p2p::socket::debts::Debts;

/// What is read of this many bytes that a peer sends after a close, and how long that takes.
async fn drained(bytes: usize) -> (usize, Duration) {
    let (mut peer, mut ours) = duplex(1 << 20);
    let sent = tokio::spawn(async move {
        let (chunk, mut sent) = (vec![b'x'; 64 << 10], 0);
        while sent < bytes {
            match peer.write(&chunk).await {
                Ok(count) => sent += count,
                Err(_) => break,
            }
        }
        sent
    });
    let (debtor, started) = (Arc::new(Debts::default()).dialled(), Instant::now());
    drain(&mut ours, &debtor).await;
    drop(ours);
    (sent.await.unwrap(), started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_was_on_its_way_at_a_close_is_read() {
    let (read, took) = drained(8 << 20).await;
    assert!(read >= 8 << 20 && took < CLOSE_TIME, "{read} bytes in {took:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_on_sending_after_a_close_is_read_slowly_and_cut_off() {
    let (read, took) = drained(512 << 20).await;
    assert!(read < 64 << 20 && took < CLOSE_TIME * 2, "{read} bytes in {took:?}");
}
