//! Tests of giving up on a sender that dribbles, by a clock of their own.

use std::cell::Cell;

use super::*;

/// Sends this many bytes a read, each of which takes this long by the clock.
struct Sender<'a> {
    now: &'a Cell<Instant>,
    bytes: usize,
    takes: Duration,
}

impl Read for Sender<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.now.set(self.now.get() + self.takes);
        Ok(self.bytes.min(buffer.len()))
    }
}

/// How many reads of at most a thousand succeed.
fn reads(bytes: usize, takes: Duration) -> usize {
    let now = Cell::new(Instant::now());
    let mut paced = Paced::with_clock(Sender { now: &now, bytes, takes }, || now.get());
    (0..1_000).take_while(|_| paced.read(&mut [0; 4_096]).is_ok()).count()
}

#[test]
fn a_sender_that_dribbles_is_given_up_and_a_slow_one_is_not() {
    assert_eq!(reads(1, Duration::from_secs(20)), 1);
    assert_eq!(reads(1, Duration::from_millis(100)), 299);
    // 4 KiB a second is 120 KiB in 30 seconds.
    assert_eq!(reads(4_096, Duration::from_secs(1)), 1_000);
    assert_eq!(reads(1_024, Duration::from_secs(1)), 29);
}

#[test]
fn the_end_of_an_answer_is_no_dribble() {
    assert_eq!(reads(0, Duration::from_secs(20)), 1_000);
}
