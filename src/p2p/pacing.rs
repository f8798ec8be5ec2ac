//! What a link that sends nothing of use may cost: its share of a core, and answers to type 0.

use std::time::Duration;

use tokio::time::Instant;

use crate::chain::Hash;

/// For each moment that was spent on a message of no use, the link is not read from for this many:
/// it costs 3 % of a core at most.
const REST_FACTOR: u32 = 31;

/// Shorter rests are put together: timers count in milliseconds.
const SHORTEST_REST: Duration = Duration::from_millis(1);

/// No single rest is longer.
const LONGEST_REST: Duration = Duration::from_millis(500);

/// How often type 0 is answered with the same tip.
const ANSWER_EVERY: Duration = Duration::from_secs(1);

/// A link's budget of processor time for what is of no use: blocks that are known, of forks or
/// refused, type 0, and what is no known type.
#[derive(Debug, Default)]
pub(super) struct CpuBudget {
    owed: Duration,
}

impl CpuBudget {
    /// So much time was spent for nothing: returns how long to rest, if it is long enough.
    pub(super) fn spend(&mut self, spent: Duration) -> Option<Duration> {
        self.owed = self.owed.saturating_add(spent.saturating_mul(REST_FACTOR));
        (self.owed >= SHORTEST_REST).then(|| std::mem::take(&mut self.owed).min(LONGEST_REST))
    }
}

/// When type 0 is answered: at once after the tip moved, which acknowledges a stream, and else once a
/// second.
#[derive(Debug, Default)]
pub(super) struct Asks {
    answered: Option<(Instant, Hash)>,
    /// When the one that waits is answered.
    pub(super) due: Option<Instant>,
}

impl Asks {
    /// A type 0 came, or one that waited is due: returns whether it is answered now, with this tip.
    /// Otherwise it waits, together with those that come meanwhile.
    pub(super) fn take(&mut self, tip: Hash, now: Instant) -> bool {
        match self.answered {
            Some((at, before)) if before == tip && now < at + ANSWER_EVERY => {
                self.due = Some(at + ANSWER_EVERY);
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
    fn what_is_of_no_use_costs_a_link_three_percent_of_a_core() {
        let mut budget = CpuBudget::default();
        let spent = Duration::from_micros(20);
        let rests: Duration = (0..1_000).filter_map(|_| budget.spend(spent)).sum();
        assert!(rests >= spent * 1_000 * 30, "{rests:?}");
        assert_eq!(budget.spend(Duration::from_secs(9)), Some(LONGEST_REST));
    }

    #[test]
    fn the_same_tip_is_answered_once_a_second_and_a_new_one_at_once() {
        let (start, mut asks) = (Instant::now(), Asks::default());
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
