//! Which signals end a command.

use super::ignores_hangup;

#[test]
fn a_hangup_is_left_alone_where_it_is_ignored_or_nobody_knows() {
    assert!(ignores_hangup("Name:\tjenny\nSigIgn:\t0000000000001001\n"));
    assert!(!ignores_hangup("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
    assert!(ignores_hangup(""));
    assert!(ignores_hangup("SigIgn:\tno number\n"));
}
