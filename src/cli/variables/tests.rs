//! Tests of what is said of unknown variables.

use super::*;

fn said(names: &[&str]) -> Vec<String> {
    warnings(names.iter().map(|&name| name.to_owned()), &known())
}

#[test]
fn known_ones_those_of_tests_and_those_of_others_are_not_mentioned() {
    let fine = ["JENNY_LOG", "JENNY_DATA_DIR", "JENNY_API_HOSTS", "JENNY_PASSWORD", "JENNY_URL"];
    assert_eq!(said(&fine), [""; 0]);
    assert_eq!(said(&["JENNY_TEST_ABUSE", "PATH", "JENNYLOG"]), [""; 0]);
}

#[test]
fn a_misspelt_one_gets_a_suggestion() {
    let line =
        "the variable JENNY_API_LISTN is unknown and ignored; did you mean JENNY_API_LISTEN?";
    assert_eq!(said(&["JENNY_API_LISTN"]), [line]);
    let line = "the variable JENNY_LOG_LEVEL is unknown and ignored; did you mean JENNY_LOG?";
    assert_eq!(said(&["JENNY_LOG_LEVEL"]), [line]);
    assert_eq!(
        said(&["JENNY_COLOUR\u{1b}"]),
        ["the variable JENNY_COLOUR\\u{1b} is unknown and ignored"]
    );
}

#[test]
fn those_of_kubernetes_are_told_in_one_line() {
    let lines = said(&["JENNY_SERVICE_HOST", "JENNY_PORT", "JENNY_PORT_3000_TCP_ADDR"]);
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains("JENNY_PORT, JENNY_PORT_3000_TCP_ADDR, JENNY_SERVICE_HOST"),
        "{lines:?}"
    );
    assert!(lines[0].contains("enableServiceLinks"), "{lines:?}");
}

#[test]
fn not_more_than_a_few_are_named() {
    let names: Vec<String> = (0..100).map(|number| format!("JENNY_WHATEVER_{number}")).collect();
    let lines = warnings(names.into_iter(), &known());
    assert_eq!(lines.len(), MAX_UNKNOWN + 1);
    assert!(lines[MAX_UNKNOWN].starts_with("84 more variables"), "{lines:?}");
}
