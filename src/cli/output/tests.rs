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
    assert!(line.contains(r"\u{1b}]0;title\u{7}\r\n\u{9b}2J"), "{line}");
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn a_long_first_record_is_cut() {
    let long = "é".repeat(FIRST_RECORD_CHARS + 1);
    assert_eq!(shorten(&long), format!("{}…", "é".repeat(FIRST_RECORD_CHARS)));
    let fits = "é".repeat(FIRST_RECORD_CHARS);
    assert_eq!(shorten(&fits), fits);
    assert_eq!(shorten(&"\u{1}".repeat(40)).chars().count(), FIRST_RECORD_CHARS + 1);
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
        (crate::chain::MAX_SAFE_INTEGER, "+287396-10-12T08:59:00.991Z"),
    ] {
        assert_eq!(time_text(Timestamp::from_millis(millis)), expected);
    }
}
