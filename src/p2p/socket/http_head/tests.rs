//! Where a head ends.

use tokio::io::{AsyncWriteExt, duplex};
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::handshake::server::Request;

use super::*;

const LINES: [&str; 3] = ["GET / HTTP/1.1", "Host: x", ""];

/// The forms of a head: each line ends with CRLF or LF.
fn forms(lines: &[&str]) -> Vec<String> {
    let ends = |form: u32, line: usize| if form >> line & 1 == 0 { "\r\n" } else { "\n" };
    let forms = 0..1_u32 << lines.len();
    let form =
        |form| lines.iter().enumerate().map(move |(at, line)| format!("{line}{}", ends(form, at)));
    forms.map(|number| form(number).collect()).collect()
}

#[tokio::test]
async fn a_head_ends_where_its_empty_line_does_whatever_ends_the_lines() {
    for head in forms(&LINES) {
        for after in ["", "x", "\n", "\r\n\r\n", "\x01\x7e"] {
            let (mut theirs, mut ours) = duplex(1 << 10);
            theirs.write_all(head.as_bytes()).await.unwrap();
            theirs.write_all(after.as_bytes()).await.unwrap();
            let read = read::<Request, _>(&mut ours).await.unwrap();
            assert_eq!(read.bytes, head.as_bytes(), "{after:?}");
            assert_eq!(read.after, after.as_bytes(), "{head:?}");
        }
    }
    for head in forms(&["HTTP/1.1 101 Switching Protocols", "Server: y", ""]) {
        let mut came = head.as_bytes();
        let read = read::<Response, _>(&mut came).await.unwrap();
        assert_eq!(read.bytes, head.as_bytes());
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_the_same() {
    for head in forms(&LINES) {
        let (mut theirs, mut ours) = duplex(1);
        let sent = head.clone();
        let sending = tokio::spawn(async move { theirs.write_all(sent.as_bytes()).await });
        let read = read::<Request, _>(&mut ours).await.unwrap();
        assert_eq!((read.bytes, read.after), (head.into_bytes(), Vec::new()));
        sending.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_head_has_a_bound_and_what_is_none_is_an_error() {
    for end in ["\r\n", "\n", ""] {
        let long = format!("GET / HTTP/1.1{end}X: {}", "x".repeat(MAX_HEAD));
        let read = read::<Request, _>(&mut long.as_bytes()).await;
        assert!(matches!(read, Err(NoHead::TooLong)), "{end:?}: {read:?}");
    }
    let read_cut = read::<Request, _>(&mut &b"GET / HTTP/1.1\n"[..]).await;
    assert!(matches!(read_cut, Err(NoHead::Gone(_))));
    let read_other = read::<Request, _>(&mut &b"\0\0\n\n"[..]).await;
    assert!(matches!(read_other, Err(NoHead::Malformed(_))));
}
