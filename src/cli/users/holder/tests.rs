//! The system's list of locks.

use super::*;

#[test]
fn a_line_names_the_process_that_holds_the_lock() {
    let place = "fe:00:10013634";
    for (line, expected) in [
        ("50: FLOCK  ADVISORY  WRITE 30644 fe:00:10013634 0 EOF", Some(30_644)),
        ("50: -> FLOCK  ADVISORY  WRITE 1800 fe:00:10013634 0 EOF", None),
        ("51: POSIX  ADVISORY  WRITE 30644 fe:00:10013634 0 EOF", None),
        ("52: FLOCK  ADVISORY  WRITE 30644 fe:00:10013635 0 EOF", None),
        ("53: FLOCK  ADVISORY  WRITE 0 fe:00:10013634 0 EOF", None),
        ("", None),
    ] {
        assert_eq!(holder(line, place), expected, "{line}");
    }
}
