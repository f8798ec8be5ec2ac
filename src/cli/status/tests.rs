//! Tests of the glance.

use serde_json::json;

use super::*;

#[test]
fn rates_are_readable() {
    for (rate, text) in [(0.4, "0 H/s"), (999.0, "999 H/s"), (1_500.0, "1.50 kH/s")] {
        assert_eq!(hash_rate(rate), text);
    }
    assert_eq!(hash_rate(12_340_000.0), "12.34 MH/s");
}

#[test]
fn fetching_is_told_with_its_pace_and_what_it_waits_for() {
    let status = json!({"sync": {
        "state": "blocks", "at": 12_345, "target": 100_000, "remaining": 87_655,
        "blocksPerSecond": 54_000.0, "bytesPerSecond": 16_200_000.0, "etaSeconds": 2,
        "peers": ["192.0.2.1:7545"], "awaited": {"height": 12_346, "peer": "192.0.2.1:7545"},
    }});
    let lines = lines("n", &status);
    assert!(lines.contains("\nsync      blocks, 87,655 blocks left\n"), "{lines}");
    assert!(lines.contains("\npace      54,000 blocks/s, 16.2 MB/s, ETA 2 s, 1 peer"), "{lines}");
    assert!(lines.contains("\nwaits for block 12,346 from 192.0.2.1:7545"), "{lines}");
}

#[test]
fn the_index_is_told_while_it_lags() {
    let told = |lag: u64| {
        let lines = lines("n", &json!({"index": {"height": 5, "lag": lag}}));
        lines.contains("\nindex     12,345 blocks left")
    };
    assert!(told(12_345));
    assert!(!told(0));
    assert!(!lines("n", &json!({})).contains("index"));
}

#[test]
fn whoever_is_not_fetching_has_no_pace() {
    let sync = |sync| sync_text(&json!({ "sync": sync }));
    assert_eq!(sync(json!({"state": "current"})).as_deref(), Some("current"));
    let behind = sync(json!({"state": "behind", "remaining": 1_234}));
    assert_eq!(behind.as_deref(), Some("behind, 1,234 blocks left"));
    let claimed =
        json!({"state": "blocks", "at": 1_000, "remaining": 4_096, "claimedHeight": 9_000});
    assert_eq!(sync(claimed).as_deref(), Some("blocks, about 8,000 blocks left"));
    assert_eq!(sync(json!({})), None);
    assert_eq!(pace_text(&json!({"sync": {"state": "current"}})), None);
}

#[test]
fn every_line_fits_80_columns_and_controls_nothing() {
    let long = "\u{1b}[2J語 ".repeat(60);
    let status = json!({
        "version": long, "chain": {"name": long, "id": "0".repeat(64)},
        "tip": {"height": 1, "hash": "0".repeat(64), "totalWork": "9".repeat(78)},
        "refusing": {"reason": long}, "links": [long], "sync": {"state": long, "remaining": 1},
    });
    let text = lines(&format!("http://{}", "a".repeat(200)), &status);
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_split_is_told_with_both_tips_and_a_deep_fork_with_what_to_do() {
    let (ours, theirs) = ("a".repeat(64), "b".repeat(64));
    let split = json!({"sync": {
        "state": "split", "ours": {"height": 1_200, "hash": ours},
        "theirs": {"height": 1_201, "hash": theirs}, "peer": "192.0.2.1:7545", "seconds": 90,
    }});
    let text = lines("n", &split);
    for line in [
        "sync      split".to_owned(),
        format!("ours      {ours}"),
        format!("theirs    {theirs}"),
        "at        heights 1,200 and 1,201".to_owned(),
    ] {
        assert!(text.contains(&format!("\n{line}")), "{text}");
    }
    let deep = json!({"sync": {
        "state": "deep-fork", "fork": 100, "depth": 40, "hash": theirs,
        "tip": {"height": 160, "hash": ours}, "work": "12345",
    }});
    let text = lines("n", &deep);
    for line in [
        format!("branch    {theirs}"),
        "          forks at height 100 and would disconnect 40 blocks".to_owned(),
        "          node and run `jenny repair --accept-fork BRANCH`".to_owned(),
    ] {
        assert!(text.contains(&format!("\n{line}")), "{text}");
    }
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
}

#[test]
fn pending_records_are_told_with_the_oldest_wait() {
    let told = |pool: Value| lines("n", &json!({ "pool": pool }));
    let one = told(json!({"records": 12_345, "oldestWaitSeconds": 60}));
    assert!(one.contains("pending   12,345 records, oldest "), "{one}");
    let none = told(json!({"records": 0, "oldestWaitSeconds": null}));
    assert!(none.ends_with("pending   0 records"), "{none}");
}

#[test]
fn certificates_are_told_with_the_time_that_is_left() {
    let of = |renew: bool| json!({"port": "p2p", "daysLeft": 12, "renew": renew});
    let told = |renew: bool| lines("n", &json!({"certificates": [of(renew)]}));
    assert!(told(false).contains("\ntls       certificate of p2p, 12 days left"));
    assert!(told(true).contains("12 days left: renew it and send SIGHUP"));
}
