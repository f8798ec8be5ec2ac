//! Tests.

use super::*;

#[test]
fn a_node_that_is_away_is_shown_with_the_time_and_its_last_status() {
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    let text = "error: no node responds at http://n: refused\nhint: start it\n".to_owned();
    let mut picture = Picture {
        name: "http://n".to_owned(),
        status: "height  7\ntip     ab".to_owned(),
        away: Some(Away { since, text }),
    };
    let now = since + Duration::from_secs(75);
    assert_eq!(
        picture.lines(now),
        [
            "http://n does not respond",
            "since 1970-01-02T00:00:00Z, for 1 min 15 s",
            "error: no node responds at http://n: refused",
            "hint: start it",
            "",
            "its last status:",
            "height  7",
            "tip     ab",
            "",
            "q or Ctrl-C quits"
        ]
    );
    // A clock that was set back.
    assert!(picture.lines(since - Duration::from_secs(5))[1].ends_with(", for 0 s"));
    picture.away = None;
    assert_eq!(picture.lines(now), ["height  7", "tip     ab", "", "q or Ctrl-C quits"]);
}
