//! Two links to one node.

use super::*;

/// The links that an end closes as one too many.
fn closed(out: &[Output]) -> Vec<LinkId> {
    let link = |output: &Output| match output {
        Output::Duplicate { link, of: Some(_) } => Some(*link),
        _ => None,
    };
    out.iter().filter_map(link).collect()
}

/// The links that an end leaves to the other one to close.
fn left(out: &[Output]) -> Vec<LinkId> {
    let link = |output: &Output| match output {
        Output::Twin { link, .. } => Some(*link),
        _ => None,
    };
    out.iter().filter_map(link).collect()
}

/// What one of two nodes decides about links `A` and `B` between them. It dialled those of
/// `dialled`; the second is opened after `pause`.
fn decides(theirs: u64, dialled: [bool; 2], pause: Duration) -> Vec<Output> {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.open_as(A, dialled[0], THERE);
    bench.says(A, Message::Hello(Hello { nonce: theirs, ..hello(A, &chain) }));
    bench.wait(pause);
    bench.open_as(B, dialled[1], THERE);
    bench.says(B, Message::Hello(Hello { nonce: theirs, ..hello(B, &chain) }))
}

#[test]
fn of_two_links_between_two_nodes_exactly_one_is_closed_and_by_one_end() {
    for pause in [0, 9, 11].map(Duration::from_secs) {
        for dialled in [[true, true], [true, false], [false, true], [false, false]] {
            for (theirs, sign) in [(OUR_NONCE - 1, "smaller"), (OUR_NONCE + 1, "larger")] {
                let here = decides(theirs, dialled, pause);
                // The other end has their nonce, and we have ours: the same two in other roles.
                let mirrored = if theirs > OUR_NONCE { OUR_NONCE - 1 } else { OUR_NONCE + 1 };
                let there = decides(mirrored, dialled.map(|it| !it), pause);
                let about = format!("{pause:?} {dialled:?} {sign}");
                let mut both = closed(&here);
                both.extend(closed(&there));
                assert_eq!(both.len(), 1, "{about}: {here:?} {there:?}");
                assert_eq!((left(&here), left(&there)), (closed(&there), closed(&here)), "{about}");
                let accepted = |link: LinkId, dialled: [bool; 2]| !dialled[usize::from(link == B)];
                assert!(closed(&here).iter().all(|link| accepted(*link, dialled)), "{about}");
            }
        }
    }
}

#[test]
fn an_established_link_stays() {
    for theirs in [OUR_NONCE - 1, OUR_NONCE + 1] {
        for first in [true, false] {
            let out = decides(theirs, [first, false], Duration::from_secs(11));
            assert_eq!(closed(&out), [B]);
            let out = decides(theirs, [first, true], Duration::from_secs(11));
            assert_eq!((closed(&out), left(&out)), (vec![], vec![B]));
        }
    }
}

#[test]
fn of_two_young_links_the_one_stays_that_the_larger_nonce_dialled() {
    for (theirs, ours_stays) in [(OUR_NONCE - 1, true), (OUR_NONCE + 1, false)] {
        for ours_first in [true, false] {
            let out = decides(theirs, [ours_first, !ours_first], Duration::ZERO);
            let goes = if ours_first == ours_stays { B } else { A };
            let told = if ours_stays { closed(&out) } else { left(&out) };
            assert_eq!(told, [goes], "{theirs} {ours_first}: {out:?}");
        }
    }
}

#[test]
fn a_nonce_that_is_claimed_on_many_links_keeps_one_beside_the_dialled_one() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    let claims = |link| Message::Hello(Hello { nonce: u64::MAX, ..hello(link, &chain) });
    bench.open_as(A, true, THERE);
    bench.says(A, claims(A));
    bench.open_as(B, false, THERE);
    assert_eq!(left(&bench.says(B, claims(B))), [A]);
    for link in [3, 4, 5].map(LinkId) {
        bench.open_as(link, false, THERE);
        let out = bench.says(link, claims(link));
        assert_eq!((closed(&out), left(&out)), (vec![link], vec![]));
    }
}
