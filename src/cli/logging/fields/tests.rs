//! Tests that what outsiders say stays within its line, and prints.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use super::*;

/// Ends of line, colours, a title, C1, DEL, and reversed text.
const EVIL: &str = "a\r\nERROR forged\x1b[2J\x07\u{9b}31m\x7f\u{202e}b\u{2028}c";

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

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Logs it as a message, as text, by `Display` and by `Debug`.
fn log_evil() {
    tracing::warn!("said: {EVIL}");
    tracing::warn!(text = EVIL, shown = %EVIL, debugged = ?EVIL, "said");
}

fn logged(kept: &Kept, layer: impl Layer<Registry> + Send + Sync) -> String {
    tracing::subscriber::with_default(Registry::default().with(layer), log_evil);
    String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
}

/// Asserts that there are two lines of characters that print.
fn assert_prints(text: &str) {
    assert_eq!(text.lines().count(), 2, "{text:?}");
    for line in text.split('\n') {
        assert_eq!(escape(line), line);
    }
}

#[test]
fn lines_of_text_print() {
    let kept = Kept::default();
    let layer = fmt::layer().with_ansi(false).fmt_fields(TextFields).with_writer(kept.clone());
    let text = logged(&kept, layer);
    assert_prints(&text);
    assert!(text.contains(r"said: a\r\nERROR forged\u{1b}[2J"), "{text}");
    assert!(text.contains(r#" text="a\r\nERROR"#), "{text}");
}

#[test]
fn with_colours_the_only_escapes_are_our_own() {
    let kept = Kept::default();
    let layer = fmt::layer().with_ansi(true).fmt_fields(TextFields).with_writer(kept.clone());
    let text = logged(&kept, layer);
    assert!(text.contains("\x1b[3mtext\x1b[0m"), "{text:?}");
    let mut plain = text;
    for own in ["\x1b[0m", "\x1b[2m", "\x1b[3m", "\x1b[33m"] {
        plain = plain.replace(own, "");
    }
    assert_prints(&plain);
}

#[test]
fn lines_of_json_print_and_say_the_same() {
    let kept = Kept::default();
    let layer = fmt::layer().json().flatten_event(true).with_writer(kept.clone());
    let text = logged(&kept, layer);
    let text = printable_json(&text);
    assert_prints(&text);
    let last: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!((last["text"].as_str(), last["shown"].as_str()), (Some(EVIL), Some(EVIL)));
}
