//! Counts problems by their type.

use std::sync::Arc;

use super::problem::Kind;
use crate::node::Counter;

/// The problems since the start, by type; cheap to clone. There are as many counters as types.
#[derive(Clone, Debug)]
pub(in crate::api) struct ProblemCounts(Arc<Vec<(Kind, Counter)>>);

impl ProblemCounts {
    /// Counts a problem of this type.
    pub(super) fn count(&self, kind: Kind) {
        if let Some((_, count)) = self.0.iter().find(|(known, _)| *known == kind) {
            count.increment();
        }
    }

    /// Returns every type, by the last part of its URI, and how many there were.
    pub(in crate::api) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(kind, count)| (kind.slug(), count.get()))
    }
}

impl Default for ProblemCounts {
    fn default() -> Self {
        Self(Arc::new(Kind::ALL.iter().map(|&kind| (kind, Counter::default())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_counted_by_itself() {
        let counts = ProblemCounts::default();
        assert!(counts.all().all(|(_, count)| count == 0));
        counts.count(Kind::Busy);
        counts.clone().count(Kind::Busy);
        counts.count(Kind::NotFound);
        let counted: Vec<_> = counts.all().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [("not-found", 1), ("busy", 2)]);
    }
}
