//! Tests of the formats.

use super::*;
use crate::chain::Height;

fn row(height: u64, records: &[&str]) -> Row {
    let genesis = Spec::dev().genesis();
    let header = Header {
        height: Height::new(height),
        record_count: u32::try_from(records.len()).unwrap(),
        ..*genesis.header()
    };
    let records = records.iter().map(|&record| record.to_owned()).collect();
    Row { header, hash: header.hash(), records }
}

fn text(format: Format, headers: bool, rows: &[Row]) -> String {
    let mut writer = Writer::new(format, headers, Spec::dev());
    let mut out = Vec::new();
    // One at a time, to see that what stands between rows does not depend on batches.
    for row in rows {
        writer.rows(&mut out, std::slice::from_ref(row)).unwrap();
    }
    writer.finish(&mut out).unwrap();
    assert_eq!(writer.count(), rows.len() as u64);
    String::from_utf8(out).unwrap()
}

#[test]
fn batches_do_not_show() {
    let rows = [row(1, &["a"]), row(2, &[]), row(3, &["b", "c"])];
    for format in [Format::Table, Format::Json, Format::Jsonl, Format::Csv] {
        let mut writer = Writer::new(format, false, Spec::dev());
        let mut out = Vec::new();
        writer.rows(&mut out, &rows).unwrap();
        writer.rows(&mut out, &[]).unwrap();
        writer.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), text(format, false, &rows), "{format:?}");
    }
}

#[test]
fn json_is_the_blocks_between_brackets_and_jsonl_a_line_each() {
    let rows = [row(1, &["a\n"]), row(2, &[])];
    let lines = text(Format::Jsonl, false, &rows);
    let array = format!("[{}]\n", lines.trim_end().replace('\n', ","));
    assert_eq!(text(Format::Json, false, &rows), array);
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.contains(r#""data":["a\n"]}"#), "{lines}");
}

#[test]
fn headers_have_a_count_in_place_of_data() {
    let rows = [row(1, &["a", "b"])];
    let line = text(Format::Jsonl, true, &rows);
    assert!(line.contains("\"recordCount\":2") && !line.contains("data"), "{line}");
    let csv = text(Format::Csv, true, &rows);
    assert!(csv.lines().next().unwrap().ends_with(",nonce,recordCount"), "{csv}");
}

#[test]
fn nothing_is_still_a_whole_text() {
    assert_eq!(text(Format::Json, false, &[]), "[]\n");
    assert_eq!(text(Format::Jsonl, false, &[]), "");
    assert_eq!(text(Format::Csv, false, &[]).lines().count(), 1);
}

#[test]
fn csv_is_read_back_whatever_a_record_holds() {
    let records = ["a,b", "line\nend", "\"quoted\"", "", "\u{0}"];
    let csv = text(Format::Csv, false, &[row(9, &records)]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let values = reader.records().next().unwrap().unwrap();
    assert_eq!((names.len(), &names[0], &values[0]), (11, &"height".to_owned(), "9"));
    assert_eq!(&values[9], "5");
    let data: Vec<String> = serde_json::from_str(&values[10]).unwrap();
    assert_eq!(data, records);
}

#[test]
fn a_record_cannot_control_the_terminal() {
    let hostile = "\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}gnp\u{200b}\u{e000}ok";
    let table = text(Format::Table, false, &[row(1, &[hostile])]);
    assert!(table.chars().all(|c| c == '\n' || !c.is_control()), "{table:?}");
    let line = table.lines().nth(1).unwrap();
    assert!(line.ends_with(r"\u{1b}]0;title\u{7…"), "{line}");
    assert!(escape(hostile).contains(r"\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}gnp"));
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn a_long_first_record_is_cut() {
    let long = "é".repeat(20);
    assert_eq!(shorten(&long, 19), format!("{}…", "é".repeat(18)));
    let fits = "é".repeat(19);
    assert_eq!(shorten(&fits, 19), fits);
    assert_eq!(shorten(&"\u{1}".repeat(40), 19).width(), 19);
    // Wide characters take two columns.
    assert_eq!(shorten(&"語".repeat(10), 20), "語".repeat(10));
    assert_eq!(shorten(&"語".repeat(11), 20), format!("{}…", "語".repeat(9)));
}

#[test]
fn a_table_fits_80_columns() {
    let records =
        [&"wide 語".repeat(99), &"\u{1b}".repeat(99), &"x".repeat(99), &"e\u{301}".repeat(99)];
    for height in [0, 999_999_999, crate::chain::MAX_SAFE_INTEGER] {
        for record in records {
            for headers in [false, true] {
                let table = text(Format::Table, headers, &[row(height, &[record])]);
                assert!(table.lines().all(|line| line.width() <= COLUMNS), "{table}");
            }
        }
    }
}

#[test]
fn a_value_that_is_too_long_goes_on_below_itself() {
    let mut out = String::new();
    labelled(&mut out, "sync", &"word ".repeat(40));
    labelled(&mut out, "\npeer", &"x".repeat(200));
    assert!(out.lines().count() >= 6, "{out}");
    assert!(out.lines().all(|line| line.width() <= COLUMNS), "{out}");
    assert!(out.starts_with("sync      word word"), "{out}");
    assert!(out.lines().nth(1).unwrap().starts_with("          word"), "{out}");
    let mut whole = String::new();
    labelled(&mut whole, "tip", &"0".repeat(64));
    assert_eq!(whole, format!("tip       {}", "0".repeat(64)));
}

#[test]
fn json_for_a_terminal_is_the_same_value_without_what_controls_it() {
    let value = "a\u{7f}\u{9b}31m\u{202e}\u{e0001}\u{1f600}é語\n\"\\";
    let json = serde_json::to_string(value).unwrap();
    let escaped = escape_json(&json);
    assert!(escaped.contains(r"\u007f\u009b31m\u202e\udb40\udc01"), "{escaped}");
    assert!(escaped.contains("\u{1f600}é語"), "{escaped}");
    assert!(escaped.chars().all(|character| !character.is_control()));
    assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), value);
    assert!(matches!(escape_json("{\"a\":[1]}"), Cow::Borrowed(_)));
}

#[test]
fn times_are_iso_8601_in_utc() {
    for (millis, expected) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_655_424_000_000, "2022-06-17T00:00:00.000Z"),
        (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "253402300800000 ms"),
        (crate::chain::MAX_SAFE_INTEGER, "9007199254740991 ms"),
    ] {
        assert_eq!(time_text(Timestamp::from_millis(millis)), expected);
    }
}
