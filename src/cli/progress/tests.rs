//! Tests of the plain lines.

use super::*;

#[test]
fn a_plain_line_names_rate_and_time_left() {
    let after = Duration::from_secs(10);
    assert_eq!(
        line("verify", "blocks", 1_000, Some(3_000), after),
        "verify: 1000 of 3000 blocks, 100 blocks/s, 20 s left"
    );
    assert_eq!(line("verify", "blocks", 0, Some(10), after), "verify: 0 of 10 blocks, 0 blocks/s");
    assert_eq!(line("dump", "blocks", 500, None, after), "dump: 500 blocks, 50 blocks/s");
}
