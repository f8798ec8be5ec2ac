//! Tests of exit codes and of what is printed.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};

use super::*;
use crate::chain::{Hash, Height};

fn damaged() -> StoreError {
    StoreError::Damaged { what: "block 7".to_owned() }
}

#[test]
fn every_kind_of_failure_has_its_code() {
    let path = PathBuf::from("data");
    let holder = "process 1".to_owned();
    let other = StoreError::OtherChain {
        found: "a".to_owned(),
        found_id: Hash::ZERO,
        wanted: "b".to_owned(),
        wanted_id: Hash::ZERO,
    };
    let checkpoint =
        StoreError::Checkpoint { height: Height::GENESIS, expected: Hash::ZERO, found: Hash::ZERO };
    for (error, code) in [
        (StoreError::Locked { path: path.clone(), holder }, Code::Locked),
        (StoreError::Missing { path }, Code::Usage),
        (damaged(), Code::Damaged),
        (StoreError::Newer { found: 9, known: 1, program: None }, Code::Newer),
        (other, Code::Usage),
        (checkpoint, Code::Usage),
        (StoreError::ViewExpired, Code::Failed),
        (StoreError::WriteFailed("x".to_owned()), Code::Failed),
    ] {
        let text = error.to_string();
        assert_eq!(code_of(&error.into()), code, "{text}");
    }
    assert_eq!(code_of(&Failure::usage("x").into()), Code::Usage);
    assert_eq!(code_of(&ReaderLeft.into()), Code::Done);
    assert_eq!(code_of(&anyhow!("anything else")), Code::Failed);
}

#[test]
fn a_failure_keeps_its_code_below_what_was_being_done() {
    let error = Err::<(), _>(damaged()).context("while dumping").unwrap_err();
    assert_eq!(code_of(&error), Code::Damaged);
    let node = NodeFailure::Store(Arc::new(damaged()));
    assert_eq!(code_of(&node.into()), Code::Damaged);
    // What was said outermost counts: verify's damage is an answer, not a refusal.
    let error = Failure::no("damage was found").because(damaged());
    assert_eq!(code_of(&error.into()), Code::Failed);
}

#[test]
fn the_causes_stand_on_one_line_and_hints_below() {
    let cause = std::io::Error::other("disk on fire");
    let error = Failure::usage("a file cannot be read").because(cause).hint("look at it");
    assert_eq!(
        text_of(&error.into()),
        "error: a file cannot be read: disk on fire\nhint: look at it\n"
    );
}

#[test]
fn a_cause_that_is_quoted_already_is_not_repeated() {
    let source = std::io::Error::other("no space");
    let error = StoreError::Io { action: "writing x".to_owned(), source };
    assert_eq!(text_of(&error.into()), "error: writing x: no space\n");
}

#[test]
fn an_error_cannot_control_the_terminal() {
    let error = anyhow!("a\u{1b}[2Jb\u{202e}c\nd\re");
    assert_eq!(text_of(&error), "error: a\\u{1b}[2Jb\\u{202e}c\nd\\re\n");
}

#[test]
fn an_error_without_a_hint_gets_one_and_stays_what_it_is() {
    let error = std::io::Error::other("disk on fire");
    let error = anyhow::Error::from(error).context("a file cannot be read");
    let expected = "error: a file cannot be read: disk on fire\nhint: look at it\n";
    assert_eq!(text_of(&or_hint(error, "look at it")), expected);
    let hinted = or_hint(Failure::usage("no").hint("first").into(), "second");
    assert_eq!(text_of(&hinted), "error: no\nhint: first\n");
    let passing = or_hint(Failure::new(Code::Locked, "held").may_pass().into(), "wait");
    assert_eq!((code_of(&passing), may_pass(&passing)), (Code::Locked, true));
    let store = or_hint(StoreError::ViewExpired.into(), "again");
    assert!(text_of(&store).ends_with("hint: again\n"));
    let damaged = or_hint(damaged().into(), "again");
    assert!(!text_of(&damaged).contains("hint: again"));
}

#[test]
fn an_error_of_the_system_says_what_to_do_unless_something_else_does() {
    for (kind, advice) in [
        (ErrorKind::PermissionDenied, "hint: run this as the account"),
        (ErrorKind::ReadOnlyFilesystem, "hint: choose a place that can be written"),
        (ErrorKind::StorageFull, "hint: make room"),
        (ErrorKind::NotADirectory, "hint: a part of that path is a file"),
        (ErrorKind::AlreadyExists, "hint: move away what has that name"),
    ] {
        let system = || std::io::Error::from(kind);
        let text = text_of(&anyhow::Error::from(system()).context("d cannot be created"));
        assert!(text.contains(advice), "{text}");
        let text = text_of(&Failure::no("d cannot be used").because(system()).into());
        assert!(text.contains(advice), "{text}");
        let text = text_of(&Failure::no("no").because(system()).hint("do this").into());
        assert!(text.ends_with("\nhint: do this\n") && !text.contains(advice), "{text}");
    }
}

#[test]
fn the_cause_of_a_failure_keeps_its_hints() {
    let cause = Failure::usage("no").hint("first").hint("second");
    let text = text_of(&Failure::no("no").because(cause).hint("third").into());
    assert_eq!(text, "error: no\nhint: third\nhint: first\nhint: second\n");
}
