//! How often a manifest is written, and how many ranges it lacks at most.

use super::*;

#[test]
fn a_manifest_is_written_at_once_for_few_ranges_and_seldom_for_many() {
    let now = Instant::now();
    let mut commits = Commits::new(now);
    let (mut named, mut written, mut lines) = (0, 0, 0);
    for ranges in 1..=100_000 {
        assert!(ranges - named <= Commits::most_unnamed(named), "{ranges} after {named}");
        if commits.written(ranges, now) {
            commits.named(now);
            (named, written, lines) = (ranges, written + 1, lines + ranges);
        }
        assert!(ranges > 64 || named == ranges, "{ranges}");
        assert_eq!(commits.is_behind(), named < ranges);
    }
    assert!(written < 600, "{written}");
    // For each line of the last manifest; all manifests together would have 50,000.
    assert!(lines / 100_000 < 66, "{lines}");
}

#[test]
fn no_range_waits_long_for_its_manifest() {
    let now = Instant::now();
    let mut commits = Commits::new(now);
    assert!(!commits.written(10_000, now));
    assert!(!commits.written(10_001, now + UNNAMED_TIME / 2));
    assert!(commits.written(10_002, now + UNNAMED_TIME));
    commits.named(now + UNNAMED_TIME);
    assert!(!commits.is_behind() && !commits.written(10_003, now + UNNAMED_TIME));
    // A clock that does not move on is no reason to wait for ever.
    assert!((0..200).any(|more| commits.written(10_004 + more, now)));
}
