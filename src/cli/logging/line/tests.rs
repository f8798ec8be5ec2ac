//! Tests.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::Registry;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::cli::logging::fields::TextFields;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `log` writes, without the times.
fn logged(has_colours: bool, log: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    let writer = kept.clone();
    let layer = fmt::layer()
        .with_ansi(has_colours)
        .fmt_fields(TextFields)
        .event_format(TextLine)
        .with_writer(move || writer.clone());
    tracing::subscriber::with_default(Registry::default().with(layer), log);
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

#[test]
fn a_line_is_its_level_its_message_and_its_fields() {
    let lines = logged(false, || {
        tracing::info!(height = 7, "linked");
        tracing::error!("lost");
    });
    assert_eq!(lines, [" INFO linked height=7", "ERROR lost"]);
}

#[test]
fn the_fields_of_a_request_come_last() {
    let lines = logged(false, || {
        let span =
            tracing::error_span!("request", request_id = "a-1", user = tracing::field::Empty);
        let _entered = span.enter();
        tracing::info!("begun");
        span.record("user", "ann\n");
        tracing::warn!(status = 500, "failed");
    });
    let expected = [
        " INFO begun request_id=\"a-1\"",
        " WARN failed status=500 request_id=\"a-1\" user=\"ann\\n\"",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn colours_are_for_terminals() {
    let lines = logged(true, || tracing::info!("linked"));
    assert_eq!(lines, ["\x1b[32m INFO\x1b[0m linked"]);
}
