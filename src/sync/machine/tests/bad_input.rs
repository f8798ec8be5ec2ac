//! Rule 6: what bad input comes to.

use super::*;
use crate::sync::{Note, Redial};

fn closed(outputs: &[Output]) -> (u16, Redial) {
    match outputs {
        [Output::Close { link: A, code, redial, .. }] => (*code, *redial),
        _ => panic!("{outputs:?}"),
    }
}

#[test]
fn a_malformed_frame_closes_the_link_with_its_code() {
    for (code, redial) in [
        (1002, Redial::Normal),
        (1003, Redial::Normal),
        (1007, Redial::Normal),
        (1009, Redial::Longest),
    ] {
        let mut bench = Bench::level_with(A, 3);
        let out = bench.tell((A, JsonInput::Malformed { code, reason: "said why" }));
        assert_eq!(closed(&out), (code, redial));
        assert_eq!(bench.asked(A), [], "it is forgotten");
    }
}

#[test]
fn another_genesis_closes_with_1008_and_the_longest_backoff() {
    let mut bench = Bench::level_with(A, 3);
    let out = bench.says(A, theirs(0), BlockOutcome::Refused(Refusal::ForeignGenesis));
    assert_eq!(closed(&out), (1008, Redial::OtherChain));
    let mut bench = Bench::level_with(A, 3);
    let out = bench.sends(A, theirs(9), ChainOutcome::Refused(Refusal::ForeignGenesis));
    assert_eq!(closed(&out), (1008, Redial::OtherChain));
}

#[test]
fn bad_work_closes_with_1002_and_waits_longest_for_who_never_gave_a_valid_block() {
    let mut bench = Bench::at(3);
    bench.open(A);
    bench.says(A, ours(0), BlockOutcome::Ours);
    let out = bench.says(A, theirs(4), BlockOutcome::Refused(Refusal::BadWork));
    assert_eq!(closed(&out), (1002, Redial::Longest));

    let mut bench = Bench::at(3);
    bench.open(A);
    bench.says(A, ours(4), BlockOutcome::Adopted);
    let out = bench.sends(A, theirs(9), ChainOutcome::Refused(Refusal::BadWork));
    assert_eq!(closed(&out), (1002, Redial::Normal));
}

#[test]
fn an_invalid_block_is_logged_once_and_closes_nothing() {
    let mut bench = Bench::level_with(A, 3);
    let mut invalid =
        || bench.says(A, theirs(4), BlockOutcome::Refused(Refusal::Invalid("its time".to_owned())));
    let note = Note::Invalid { id: theirs(4), reason: "its time".to_owned() };
    assert_eq!(invalid(), [Output::Log { link: A, note }]);
    assert_eq!(invalid(), []);
    assert_eq!(bench.asked(A), [one(A, ours(3))]);
}

#[test]
fn an_invalid_chain_is_logged_and_closes_with_1002() {
    let mut bench = Bench::level_with(A, 3);
    let out =
        bench.sends(A, theirs(4), ChainOutcome::Refused(Refusal::Invalid("its time".to_owned())));
    assert!(matches!(out[0], Output::Log { .. }));
    assert_eq!(closed(&out[1..]), (1002, Redial::Normal));
}

#[test]
fn what_is_not_yet_valid_or_cannot_be_taken_closes_nothing() {
    let mut bench = Bench::level_with(A, 3);
    assert_eq!(bench.says(A, theirs(4), BlockOutcome::Refused(Refusal::NotYet)), []);
    assert_eq!(bench.says(A, theirs(4), BlockOutcome::Refused(Refusal::Unavailable)), []);
    assert_eq!(bench.sends(A, theirs(4), ChainOutcome::Refused(Refusal::NotYet)), []);
    assert_eq!(bench.sends(A, theirs(4), ChainOutcome::Refused(Refusal::Unavailable)), []);
    assert_eq!(bench.asked(A), [one(A, ours(3))]);
}

#[test]
fn a_link_that_breaks_while_our_chain_is_sent_on_it_lets_the_next_one_have_it() {
    let mut bench = Bench::level_with(A, 9);
    bench.open_level(B);
    bench.passes(secs(3));
    bench.says(A, theirs(8), BlockOutcome::Fork);
    bench.says(B, theirs(8), BlockOutcome::Fork);
    let out = bench.tell((A, JsonInput::Malformed { code: 1002, reason: "said why" }));
    assert_eq!(closed(&out[..1]), (1002, Redial::Normal));
    assert_eq!(out[1..], [chain(B)]);
}
