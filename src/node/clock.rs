//! Whether this machine's clock can date a block: compared with the chain's last block, and
//! against a clock that nobody can set.

use std::fmt;
use std::time::Duration;

use crate::chain::Timestamp;

/// Steps of the clock that never matter, whatever the chain allows: a leap second, and what a
/// time server corrects now and then.
const MIN_STEP_MS: u64 = 10_000;

/// Why no block can be dated now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClockFault {
    /// The chain's last block is further ahead of the clock than the chain allows.
    TipAhead {
        /// By so much.
        ahead: Duration,
        /// Until the chain allows it, if the clock is right.
        wait: Duration,
    },
    /// The clock was moved since the node started, further than the chain allows it to be off.
    Jumped {
        /// By so much.
        by: Duration,
        /// Whether it moved forwards.
        forwards: bool,
    },
}

impl std::error::Error for ClockFault {}

impl fmt::Display for ClockFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TipAhead { ahead, wait } => write!(
                f,
                "the last block is dated {} ahead of this machine's clock; if the clock is wrong, \
                 set it; if it is right, blocks are mined again in {}",
                duration_text(*ahead),
                duration_text(*wait)
            ),
            Self::Jumped { by, forwards } => write!(
                f,
                "this machine's clock jumped {} by {} since the node started; if the clock is \
                 wrong, set it; if it is right, start the node again",
                if *forwards { "forwards" } else { "backwards" },
                duration_text(*by)
            ),
        }
    }
}

/// What two clocks showed at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reading {
    /// The clock that dates blocks.
    pub(super) wall: Timestamp,
    /// Time since some moment before the node started, time asleep included.
    pub(super) steady: Duration,
}

/// Judges the clock.
#[derive(Debug)]
pub(super) struct ClockWatch {
    max_future_ms: u64,
    /// What later readings are compared with.
    start: Reading,
}

impl ClockWatch {
    pub(super) const fn new(start: Reading, max_future_ms: u64) -> Self {
        Self { max_future_ms, start }
    }

    /// Whether a block can be dated whose parent has the time `tip`.
    pub(super) fn judge(&mut self, now: Reading, tip: Timestamp) -> Result<(), ClockFault> {
        let ahead = tip.millis_since(now.wall);
        if let Some(wait) = ahead.checked_sub(self.max_future_ms).filter(|wait| *wait > 0) {
            let (ahead, wait) = (Duration::from_millis(ahead), Duration::from_millis(wait));
            return Err(ClockFault::TipAhead { ahead, wait });
        }
        let passed = now.steady.saturating_sub(self.start.steady);
        let expected = self.start.wall.plus_millis(millis(passed));
        if tip.millis_since(expected) > self.max_future_ms {
            // The chain says that the clock was behind, and it was put right.
            self.start = now;
            return Ok(());
        }
        let (forth, back) = (now.wall.millis_since(expected), expected.millis_since(now.wall));
        let by = forth.max(back);
        if by > self.max_future_ms.max(MIN_STEP_MS) {
            let by = Duration::from_millis(by);
            return Err(ClockFault::Jumped { by, forwards: forth > back });
        }
        Ok(())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A time in days, hours, minutes and seconds, the two largest of them that are not zero.
pub fn duration_text(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests;
