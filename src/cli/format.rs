//! How fetching blocks goes, in words: for the log, the bar and `jenny status`.

use std::time::Duration;

use indicatif::HumanCount;

use crate::node::duration_text;

/// How fetching goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    pub(super) blocks_per_second: f64,
    pub(super) bytes_per_second: f64,
    /// Seconds, `None` while nothing comes.
    pub(super) eta: Option<u64>,
    pub(super) peers: usize,
}

impl Pace {
    /// `54,000 blocks/s, 16.2 MB/s, ETA 2 s, 3 peers`.
    pub(super) fn text(&self) -> String {
        let eta = self.eta.map(|eta| format!(", ETA {}", duration(eta))).unwrap_or_default();
        let noun = if self.peers == 1 { "peer" } else { "peers" };
        format!(
            "{} blocks/s, {:.1} MB/s{eta}, {} {noun}",
            whole(self.blocks_per_second),
            self.bytes_per_second.max(0.0) / 1e6,
            self.peers
        )
    }
}

/// A number with its thousands apart: `12,345`.
pub(super) fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// A rate, rounded, with its thousands apart.
fn whole(rate: f64) -> String {
    let digits = format!("{:.0}", rate.max(0.0));
    digits.parse().map(count).unwrap_or(digits)
}

/// Seconds as days, hours, minutes and seconds.
pub(super) fn duration(seconds: u64) -> String {
    duration_text(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
