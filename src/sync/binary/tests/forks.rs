//! Branches beside ours.

use super::*;

#[test]
fn a_branch_with_more_work_is_fetched_and_one_with_less_is_not() {
    let common = Chain::genesis().grow("a", 20);
    let ours = common.grow("b", 5);
    let heavier = common.grow("c", 7);
    let mut bench = Bench::new(&ours);
    let out = bench.handshake(A, &heavier);
    bench.serve(&[(A, &heavier)], out);
    assert_eq!(bench.tip(), heavier.tip().hash());
    assert_eq!(bench.imported, 7);

    let mut bench = Bench::new(&ours);
    bench.open(A);
    // It claims more than it has.
    let lie = Hello { work: heavier.tip().total_work(), ..hello(A, &common.grow("d", 4)) };
    let out = bench.says(A, Message::Hello(lie));
    let lighter = common.grow("d", 4);
    let out = bench.serve(&[(A, &lighter)], out);
    assert_eq!(ranges(&out), []);
    assert_eq!((bench.tip(), bench.imported), (ours.tip().hash(), 0));
}

#[test]
fn a_branch_of_equal_work_is_not_fetched_until_it_grows() {
    let common = Chain::genesis().grow("a", 20);
    let ours = common.grow("b", 1);
    let theirs = common.grow("c", 2);
    let level = theirs.until(21);
    let mut bench = Bench::new(&ours);
    bench.handshake(A, &common);
    let out = bench.says(A, Message::Announce(level.header(21)));
    let out = bench.serve(&[(A, &level)], out);
    assert_eq!(ranges(&out), []);
    assert_eq!(bench.tip(), ours.tip().hash());
    let out = bench.says(A, Message::Announce(theirs.header(22)));
    assert_eq!(asked_headers(&out), [], "its branch was a candidate before");
    bench.serve(&[(A, &theirs)], out);
    assert_eq!(bench.tip(), theirs.tip().hash());
}

#[test]
fn the_headers_of_a_long_branch_are_fetched_twice() {
    let ours = Chain::genesis().grow("a", 4_100);
    let theirs = Chain::genesis().grow("b", 4_500);
    let mut bench = Bench::new(&ours);
    let out = bench.handshake(A, &theirs);
    bench.serve(&[(A, &theirs)], out);
    assert_eq!(bench.tip(), theirs.tip().hash());
    assert_eq!(bench.imported, 4_500);
}

#[test]
fn a_branch_that_is_another_one_when_fetched_again_is_given_up() {
    let ours = Chain::genesis().grow("a", 2_100);
    let shown = Chain::genesis().grow("b", 2_500);
    let other = Chain::genesis().grow("c", 2_500);
    let mut bench = Bench::new(&ours);
    bench.handshake(A, &shown);
    let out = bench.says(A, Message::Headers(shown.headers_from(1)));
    assert_eq!(asked_headers(&out), [A]);
    let out = bench.says(A, Message::Headers(shown.headers_from(2_001)));
    assert_eq!((asked_headers(&out), ranges(&out).len()), (vec![A], 0), "once more");
    let out = bench.says(A, Message::Headers(other.headers_from(1)));
    assert_eq!((banned(&out).len(), bench.machine.progress().state), (0, SyncState::Idle));
    assert_eq!(bench.imported, 0);
}

#[test]
fn what_was_stored_before_a_restart_is_not_fetched_again() {
    let ours = Chain::genesis().grow("a", 40);
    let theirs = Chain::genesis().grow("b", 50);
    let mut bench = Bench::new(&ours);
    for state in theirs.until(30).states {
        bench.held.insert(state.hash(), state);
    }
    let out = bench.handshake(A, &theirs);
    bench.serve(&[(A, &theirs)], out);
    assert_eq!(bench.tip(), theirs.tip().hash());
    assert_eq!(bench.imported, 20);
}

#[test]
fn a_block_of_our_own_meanwhile_does_not_end_a_download() {
    let theirs = Chain::genesis().grow("b", 50);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &theirs);
    let out = bench.says(A, Message::Headers(theirs.headers_from(1)));
    let more = bench.adopt(&Chain::genesis().grow("a", 2));
    bench.serve(&[(A, &theirs)], out.into_iter().chain(more).collect());
    assert_eq!(bench.tip(), theirs.tip().hash());
}

#[test]
fn a_source_that_moved_to_another_branch_is_followed_there_at_once() {
    let short = Chain::genesis().grow("a", 1);
    let long = Chain::genesis().grow("b", 3);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &Chain::genesis());
    let out = bench.says(A, Message::Announce(short.header(1)));
    let (_, request, ..) = ranges(&out)[0];
    let mut out = bench.says(A, Message::Announce(long.header(3)));
    let bodies = short.bodies(Height::new(1), 1);
    out.extend(bench.says(A, Message::Blocks { request, bodies }));
    for _ in 0..6 {
        for output in std::mem::take(&mut out) {
            if let Some((link, messages)) = answer(&output, &|_| Some(&long)) {
                for message in messages {
                    out.extend(bench.says(link, message));
                }
            }
        }
    }
    assert_eq!(asked_headers(&out), [], "it is asked again and again");
    assert_eq!(bench.tip(), long.tip().hash());
}

#[test]
fn a_header_from_the_future_is_asked_for_again_when_its_time_has_come() {
    let common = Chain::genesis().grow("a", 3);
    let late = Timestamp::from_millis(NOW + 125_000);
    let header = mine_header(&common.spec, common.tip(), &["later".to_owned()], late);
    let mut bench = Bench::new(&common);
    bench.handshake(A, &common);
    let out = bench.says(A, Message::Announce(header));
    assert_eq!((banned(&out).len(), ranges(&out).len()), (0, 0));
    assert_eq!(asked_headers(&bench.wait(Duration::from_millis(4_999))), []);
    assert_eq!(asked_headers(&bench.wait(Duration::from_millis(1))), [A]);
}
