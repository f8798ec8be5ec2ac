//! Branches that fork deeper than may be without the operator.

use super::*;
use crate::chain::{DeepFork, ForkPoint};

/// Where the branch that ends here leaves our chain.
pub(super) fn fork_point(bench: &Bench, state: &TipState) -> Option<ForkPoint> {
    if !bench.tells_forks {
        return None;
    }
    let parent = |state: &TipState| bench.held.get(&state.header().previous_hash);
    let ours = std::iter::successors(Some(&bench.ours), |state| parent(state));
    let ours: BTreeSet<Hash> = ours.map(TipState::hash).collect();
    let (mut at, mut first) = (state, None);
    while !ours.contains(&at.hash()) {
        first = Some(at.hash());
        at = parent(at).unwrap();
    }
    first.map(|first| ForkPoint { below: at.height(), first })
}

fn limited(chain: &Chain, depth: u64) -> Bench {
    Bench::configured(chain, Checkpoints::default(), Some(depth))
}

fn told(outputs: &[Output]) -> Vec<DeepFork> {
    let deep = |output: &Output| match output {
        Output::DeepFork { fork, .. } => Some(*fork),
        _ => None,
    };
    outputs.iter().filter_map(deep).collect()
}

#[test]
fn a_branch_is_refused_by_its_headers_exactly_when_it_forks_deeper_than_may_be() {
    let trunk = Chain::genesis().grow("a", 20);
    for (depth, max) in [(1, 1), (4, 5), (5, 5), (6, 5), (9, 5), (2, 1), (20, 1)] {
        let ours = trunk.until(20 - depth).grow("b", depth);
        let heavier = trunk.until(20 - depth).grow("c", depth + 2);
        let mut bench = limited(&ours, max);
        let out = bench.handshake(A, &heavier);
        let out = bench.serve(&[(A, &heavier)], out);
        assert_eq!(banned(&out), [], "its peer is honest");
        if depth as u64 <= max {
            assert_eq!((bench.tip(), told(&out)), (heavier.tip().hash(), vec![]), "{depth}");
            continue;
        }
        assert_eq!((bench.tip(), bench.imported), (ours.tip().hash(), 0), "{depth}");
        let fork = ForkPoint {
            below: Height::new(20 - depth as u64),
            first: heavier.id_of(21 - depth).hash,
        };
        let work = heavier.tip().total_work();
        let expected = DeepFork { fork, depth: depth as u64, last: heavier.last(), work };
        assert_eq!(told(&out), [expected]);
    }
}

#[test]
fn a_deep_branch_of_less_work_is_no_news() {
    let trunk = Chain::genesis().grow("a", 20);
    let ours = trunk.until(10).grow("b", 10);
    let lighter = trunk.until(10).grow("c", 9);
    let mut bench = limited(&ours, 5);
    bench.open(A);
    let lie = Hello { work: trunk.grow("d", 9).tip().total_work(), ..hello(A, &lighter) };
    let out = bench.says(A, Message::Hello(lie));
    assert_eq!(told(&bench.serve(&[(A, &lighter)], out)), []);
}

#[test]
fn an_accepted_branch_is_fetched_at_once_and_however_long_it_is() {
    for length in [12, 2_300] {
        let trunk = Chain::genesis().grow("a", 20);
        let ours = trunk.until(10).grow("b", 10);
        let heavier = trunk.until(10).grow("c", length);
        let mut bench = limited(&ours, 5);
        let out = bench.handshake(A, &heavier);
        let out = bench.serve(&[(A, &heavier)], out);
        assert_eq!(told(&out).last().map(|deep| deep.last), Some(heavier.last()));
        assert_eq!(bench.imported, 0);
        let other = bench.tell(Input::ForksAccepted { firsts: vec![heavier.id_of(12).hash] });
        assert_eq!(ranges(&other), [], "another branch was accepted");
        let out = bench.tell(Input::ForksAccepted { firsts: vec![heavier.id_of(11).hash] });
        bench.serve(&[(A, &heavier)], out);
        assert_eq!(bench.tip(), heavier.tip().hash(), "{length}");
    }
}

#[test]
fn a_refused_branch_that_grows_is_told_anew_and_its_headers_are_not_fetched_again() {
    let trunk = Chain::genesis().grow("a", 20);
    let ours = trunk.until(10).grow("b", 10);
    let grown = trunk.until(10).grow("c", 13);
    let mut bench = limited(&ours, 5);
    let out = bench.handshake(A, &grown.until(22));
    bench.serve(&[(A, &grown.until(22))], out);
    assert_eq!(told(&bench.tell(Input::DeadlinePassed)), [], "it was told");
    let out = bench.says(A, Message::Announce(grown.header(23)));
    assert_eq!((asked_headers(&out), ranges(&out)), (vec![], vec![]));
    assert_eq!(told(&out)[0].last, grown.last());
    // A new block of our chain does not change that, as long as it has more work.
    let out = bench.adopt(&ours.grow("b", 1));
    assert_eq!((ranges(&out), bench.imported), (vec![], 0));
}

#[test]
fn a_branch_that_was_shallow_when_it_was_stored_is_deep_once_our_chain_has_grown() {
    let trunk = Chain::genesis().grow("a", 20);
    let ours = trunk.grow("b", 8);
    let theirs = trunk.grow("c", 10);
    let mut bench = limited(&ours, 5);
    for state in theirs.until(25).states {
        bench.held.insert(state.hash(), state);
    }
    let out = bench.handshake(A, &theirs);
    let out = bench.serve(&[(A, &theirs)], out);
    assert_eq!((told(&out)[0].fork.below, bench.imported), (Height::new(20), 0));
}

#[test]
fn after_a_reorg_of_ours_a_branch_is_looked_at_anew() {
    let trunk = Chain::genesis().grow("a", 20);
    let ours = trunk.until(10).grow("b", 10);
    // Both fork off at 10 and share blocks 11 to 18.
    let shared = trunk.until(10).grow("c", 8);
    let (one, other) = (shared.grow("d", 4), shared.grow("e", 6));
    let mut bench = limited(&ours, 5);
    let out = bench.handshake(A, &other);
    let out = bench.serve(&[(A, &other)], out);
    assert_eq!((told(&out).len(), bench.imported), (1, 0));
    // The operator restores a backup of the other branch, so to say.
    let out = bench.adopt(&one);
    bench.serve(&[(A, &other)], out);
    assert_eq!(bench.tip(), other.tip().hash(), "it is shallow now");
}
