//! Lines as records.

use super::*;

fn lines(text: &[u8], number_lines: bool) -> Lines<&[u8]> {
    Lines { input: text, number: 0, is_numbered: number_lines }
}

fn all(text: &[u8], number_lines: bool, from_line: u64) -> (Vec<String>, u64) {
    let mut repeated = 0;
    let request = lines(text, number_lines).request(from_line, &mut BTreeSet::new(), &mut repeated);
    (request.unwrap(), repeated)
}

#[test]
fn every_line_is_a_record_also_an_empty_one() {
    assert_eq!(all(b"a\n\nb\r\nc", false, 1).0, ["a", "", "b", "c"]);
    assert_eq!(all(b"", false, 1).0, Vec::<String>::new());
}

#[test]
fn repeated_lines_are_counted_and_kept_apart_by_numbers() {
    assert_eq!(
        all(b"a\na\nb\na\n", false, 1),
        (vec!["a".into(), "a".into(), "b".into(), "a".into()], 2)
    );
    assert_eq!(all(b"a\na\n", true, 1), (vec!["1: a".into(), "2: a".into()], 0));
}

#[test]
fn sending_goes_on_from_a_line_with_the_same_numbers() {
    assert_eq!(all(b"a\nb\nc\n", true, 2).0, ["2: b", "3: c"]);
}

#[test]
fn requests_are_cut_by_lines_and_by_bytes() {
    let lengths = |text: &str| {
        let mut lines = lines(text.as_bytes(), false);
        [(); 3].map(|()| lines.request(1, &mut BTreeSet::new(), &mut 0).unwrap().len())
    };
    assert_eq!(lengths(&"x\n".repeat(1_500)), [1_000, 500, 0]);
    let long = format!("{}\n", "x".repeat(400_000));
    assert_eq!(lengths(&long.repeat(4)), [3, 1, 0]);
}

#[test]
fn a_line_that_is_no_text_or_too_long_is_named() {
    for (text, what) in [
        (b"a\n\xff\n".to_vec(), "line 2 is not UTF-8"),
        (vec![b'x'; (1 << 20) + 1], "line 1 is longer"),
    ] {
        let error = lines(&text, false).request(1, &mut BTreeSet::new(), &mut 0).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let longest = [vec![b'x'; 1 << 20], b"\r\n".to_vec()].concat();
    assert_eq!(all(&longest, false, 1).0[0].len(), 1 << 20);
}

#[test]
fn the_summary_names_what_repeats() {
    let summary = Summary { lines: 5, included: 1, repeated: 2 };
    let text = summary.text(false);
    assert!(
        text.starts_with("sent 5 lines, 1 of them in blocks already\n2 lines repeat"),
        "{text}"
    );
    assert!(text.contains("--number-lines") && !summary.text(true).contains("--number-lines"));
    assert_eq!(Summary { lines: 2, ..Summary::default() }.text(false), "sent 2 lines");
}
