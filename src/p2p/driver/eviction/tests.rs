//! Who is evicted, and who never is.

use proptest::prelude::*;

use super::*;

fn group(net: u16) -> SiteGroup {
    SiteGroup::V4(net)
}

/// Links of these groups, in order of age, without any merit.
fn links(groups: &[u16]) -> Vec<Candidate> {
    let link = |(number, net): (u64, &u16)| Candidate {
        link: LinkId(number),
        group: group(*net),
        keyed_group: u64::from(*net),
        rtt: None,
        new_block: None,
        new_headers: None,
    };
    (0..).zip(groups).map(link).collect()
}

fn now() -> Instant {
    Instant::now()
}

#[test]
fn the_youngest_link_of_the_largest_group_goes() {
    let groups = [1, 2, 3, 9, 9, 9, 4, 5];
    assert_eq!(select(links(&groups), group(7)), Some(LinkId(5)));
}

#[test]
fn the_largest_group_displaces_only_its_own() {
    let groups = [9, 1, 2, 9, 3, 4, 9, 5];
    assert_eq!(select(links(&groups), group(9)), Some(LinkId(6)));
    // All of its links are protected: the only one of its left is the oldest.
    let groups = [9, 9, 1, 2, 3, 4, 5, 6];
    assert_eq!(select(links(&groups), group(9)), None);
}

#[test]
fn each_kind_of_use_protects_an_eighth() {
    // The oldest link is protected by its group; three by their use; half of the other four by age.
    let useful: [fn(&mut Candidate); 3] = [
        |link| link.rtt = Some(Duration::from_millis(1)),
        |link| link.new_block = Some(now()),
        |link| link.new_headers = Some(now()),
    ];
    for mark in useful {
        let mut eight = links(&[1; 8]);
        mark(eight.last_mut().unwrap());
        assert_eq!(select(eight, group(2)), Some(LinkId(6)));
    }
    // Of several the best: the shortest round trip, the latest delivery.
    let mut eight = links(&[1; 8]);
    for (link, millis) in eight.iter_mut().zip([1, 1, 1, 1, 1, 20, 10, 30]) {
        link.rtt = Some(Duration::from_millis(millis));
    }
    assert_eq!(select(eight, group(2)), Some(LinkId(7)));
}

#[test]
fn nothing_that_was_not_delivered_protects() {
    // Sixteen places without merit: two for two groups, the rest by age alone.
    let rest = unprotected(links(&[1; 16]));
    let rest: Vec<_> = rest.into_iter().map(|candidate| candidate.link.0).collect();
    assert_eq!(rest, (8..16).collect::<Vec<_>>(), "one group: its oldest, and seven for age");
}

prop_compose! {
    fn candidate()(
        net in 0_u16..12,
        rtt in prop::option::of(0_u64..5),
        block in prop::option::of(0_u64..5),
        headers in prop::option::of(0_u64..5),
    ) -> (u16, Option<u64>, Option<u64>, Option<u64>) {
        (net, rtt, block, headers)
    }
}

proptest! {
    #[test]
    fn there_is_a_candidate_and_nobody_displaces_a_smaller_group(
        drawn in prop::collection::vec(candidate(), 1..70),
        newcomer in 0_u16..14,
        key in any::<u64>(),
    ) {
        let start = now();
        let groups: Vec<_> = drawn.iter().map(|drawn| drawn.0).collect();
        let mut all = links(&groups);
        for (link, (net, rtt, block, headers)) in all.iter_mut().zip(drawn) {
            link.keyed_group = u64::from(net).wrapping_mul(key | 1);
            link.rtt = rtt.map(Duration::from_millis);
            link.new_block = block.map(|after| start + Duration::from_secs(after));
            link.new_headers = headers.map(|after| start + Duration::from_secs(after));
        }
        let count = |net: SiteGroup| all.iter().filter(|link| link.group == net).count();
        let rest = unprotected(all.clone());
        prop_assert!(!rest.is_empty());
        // No more than half is ever up for eviction.
        prop_assert!(rest.len() <= all.len().div_ceil(2));
        let Some(evicted) = select(all.clone(), group(newcomer)) else {
            // Refused: it would only displace groups that are smaller than its own.
            let own = count(group(newcomer));
            prop_assert!(rest.iter().all(|link| count(link.group) <= own));
            prop_assert!(rest.iter().all(|link| link.group != group(newcomer)));
            return Ok(());
        };
        let evicted = all.iter().find(|link| link.link == evicted).unwrap();
        prop_assert!(rest.iter().any(|link| link.link == evicted.link));
        let own = evicted.group == group(newcomer);
        prop_assert!(own || count(evicted.group) > count(group(newcomer)));
    }
}
