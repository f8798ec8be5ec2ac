//! Which signals end a command.

use std::fs;

use super::*;

#[test]
fn a_file_that_an_interruption_removed_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (part, name) = (dir.path().join("part"), dir.path().join("name"));
    let unfinished = Unfinished::default();
    unfinished.set(part.clone());
    fs::write(&part, "all").unwrap();
    unfinished.0.remove();
    let error = unfinished.keep_as(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(!part.exists() && !name.exists());
}

#[test]
fn a_hangup_is_left_alone_where_it_is_ignored_or_nobody_knows() {
    assert!(ignores_hangup("Name:\tjenny\nSigIgn:\t0000000000001001\n"));
    assert!(!ignores_hangup("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
    assert!(ignores_hangup(""));
    assert!(ignores_hangup("SigIgn:\tno number\n"));
}
