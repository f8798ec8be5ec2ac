//! How often type 0 is answered.

use std::time::Duration;

use tokio::time::Instant;

use crate::chain::Hash;

/// How often type 0 is answered with the same tip.
const TIP_RESPONSE_EVERY: Duration = Duration::from_secs(1);

/// When type 0 is answered: at once after the tip moved, which acknowledges a stream, and else once a
/// second.
#[derive(Debug, Default)]
pub(super) struct TipResponses {
    answered: Option<(Instant, Hash)>,
    /// When the one that waits is answered.
    pub(super) due: Option<Instant>,
}

impl TipResponses {
    /// A type 0 came, or one that waited is due: returns whether it is answered now, with this tip.
    /// Otherwise it waits, together with those that come meanwhile.
    pub(super) fn take(&mut self, tip: Hash, now: Instant) -> bool {
        match self.answered {
            Some((at, before)) if before == tip && now < at + TIP_RESPONSE_EVERY => {
                self.due = Some(at + TIP_RESPONSE_EVERY);
                false
            }
            _ => {
                (self.answered, self.due) = (Some((now, tip)), None);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_tip_is_answered_once_a_second_and_a_new_one_at_once() {
        let (start, mut asks) = (Instant::now(), TipResponses::default());
        let (old, new) = (Hash::new([1; 32]), Hash::new([2; 32]));
        let after = |millis| start + Duration::from_millis(millis);
        assert!(asks.take(old, start));
        for millis in [1, 500, 999] {
            assert!(!asks.take(old, after(millis)));
            assert_eq!(asks.due, Some(after(1_000)), "all that wait get one answer");
        }
        assert!(asks.take(old, after(1_000)) && asks.due.is_none());
        assert!(asks.take(new, after(1_001)));
        assert!(!asks.take(new, after(1_500)));
    }
}
