//! Log lines on standard error, and panics as log lines.

mod fields;
mod filter;
mod limited;
mod limiter;
mod line;
mod os_errors;

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use super::output::escape;
use super::progress::beside_bar;
use super::stderr::{self, Kind};
use crate::api::LogLevel;
use crate::node::panic_message;
use fields::{TextFields, printable_json};
pub(super) use filter::LogFilter;
use limited::{Limited, USUAL};
use limiter::{Line, LogLimiter};
use line::TextLine;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogFormat {
    /// Text for people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// Time between two reports of lines that were left out.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// How long a panic waits for its line to be written: the process may be about to end.
const PANIC_WAIT: Duration = Duration::from_millis(250);

/// Counts what the log has no room for.
static LIMITED: OnceLock<Limited> = OnceLock::new();

/// The same for panics, whose lines pass no layer.
static PANICS: LazyLock<Mutex<LogLimiter<()>>> = LazyLock::new(|| Mutex::new(LogLimiter::new()));

/// Starts logging of a node: through a queue, so that nothing waits for standard error. Returns
/// what changes its level.
pub(super) fn start_node(format: LogFormat, filter: &LogFilter) -> Result<LogLevel> {
    stderr::start(|lost| {
        tracing::warn!(lost, "log lines were lost: standard error did not accept them in time");
    })?;
    let default = LevelFilter::INFO;
    let targets = start(format, filter, default);
    let configured = filter.clone();
    let level = LogLevel::new(filter.text(default), move |other| {
        let filter = other.map_or_else(|| configured.clone(), |other| configured.with(other));
        // There is nothing to change in a log that was not started.
        drop(targets.reload(filter.targets(default)));
    });
    let keeping = level.clone();
    std::thread::Builder::new()
        .name("log level".to_owned())
        .spawn(move || keeping.keep_time())
        .context("a thread cannot be started")?;
    Ok(level)
}

/// Starts logging of a command that ends by itself: errors, unless more is wanted.
pub(super) fn start_command(filter: &LogFilter) {
    start(LogFormat::Text, filter, LevelFilter::ERROR);
}

/// Starts logging of a command that serves what a stopped node holds: warnings as well.
pub(super) fn start_view(filter: &LogFilter) {
    start(LogFormat::Text, filter, LevelFilter::WARN);
}

/// Starts logging. Returns what replaces the filter.
fn start(
    format: LogFormat,
    filter: &LogFilter,
    default: LevelFilter,
) -> reload::Handle<Targets, Registry> {
    let colours = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines: Box<dyn Layer<_> + Send + Sync> = match format {
        LogFormat::Text => fmt::layer()
            .with_ansi(colours)
            .fmt_fields(TextFields)
            .event_format(TextLine)
            .log_internal_errors(false)
            .with_writer(Lines { format })
            .boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .log_internal_errors(false)
            .with_writer(Lines { format })
            .boxed(),
    };
    let limited = LIMITED.get_or_init(Limited::new).clone();
    let (targets, handle) = reload::Layer::new(filter.targets(default));
    let subscriber = Registry::default().with(targets).with(limited).with(lines);
    // A second start, in a test, keeps the first: nothing else can set one.
    drop(subscriber.try_init());
    std::panic::set_hook(Box::new(move |panic| on_panic(format, panic)));
    handle
}

/// Reports what the log had no room for, from time to time until it is stopped.
pub(super) async fn report(stop: CancellationToken) {
    let mut reports = tokio::time::interval(REPORT_EVERY);
    reports.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = reports.tick() => report_left_out(),
        }
    }
    report_left_out();
}

/// One line for each kind of line that was left out.
fn report_left_out() {
    for left_out in LIMITED.get().map(Limited::left_out).unwrap_or_default() {
        let (count, like, source) = (left_out.count, left_out.message, left_out.source_name);
        macro_rules! report {
            ($level:ident) => {
                tracing::$level!(
                    count,
                    like,
                    first_source = source,
                    "similar log lines were left out"
                )
            };
        }
        match *left_out.kind.0.metadata().level() {
            Level::ERROR => report!(error),
            Level::WARN => report!(warn),
            Level::INFO => report!(info),
            _ => report!(debug),
        }
    }
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner).left_out();
    for left_out in panics {
        let (count, like) = (left_out.count, left_out.message);
        tracing::error!(count, like, "lines of further panics were left out");
    }
}

/// Writes the line of a panic past everything that might be what panicked.
fn on_panic(format: LogFormat, panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let message = panic_message(panic.payload());
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    let line = Line { source: hasher.finish(), source_name: &place, message };
    // Held elsewhere it is for a moment only: the line is then written unasked.
    let is_left_out =
        PANICS.try_lock().is_ok_and(|mut panics| !panics.admit((), &USUAL, &line, Instant::now()));
    if is_left_out {
        return;
    }
    let text = panic_line(format, &place, thread, message);
    stderr::write(Kind::Urgent, text.as_bytes());
    stderr::flush_within(PANIC_WAIT);
}

fn panic_line(format: LogFormat, place: &str, thread: &str, message: &str) -> String {
    let mut time = String::new();
    // Without the time the line says the rest.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    let message = format!("internal error: {message}");
    match format {
        LogFormat::Text => {
            let (message, place, thread) = (escape(&message), escape(place), escape(thread));
            format!("{time} ERROR {message} place={place:?} thread={thread:?}\n")
        }
        LogFormat::Json => {
            let mut line = serde_json::json!({
                "timestamp": time,
                "level": "ERROR",
                "message": message,
                "place": place,
                "thread": thread,
            })
            .to_string();
            let _ = writeln!(line);
            printable_json(&line).into_owned()
        }
    }
}

/// Makes a writer for each line.
#[derive(Clone, Copy, Debug)]
struct Lines {
    format: LogFormat,
}

/// Takes one line.
#[derive(Clone, Copy, Debug)]
struct LineWriter {
    format: LogFormat,
    kind: Kind,
}

impl MakeWriter<'_> for Lines {
    type Writer = LineWriter;

    fn make_writer(&self) -> LineWriter {
        LineWriter { format: self.format, kind: Kind::Line }
    }

    fn make_writer_for(&self, metadata: &Metadata<'_>) -> LineWriter {
        let is_error = *metadata.level() == Level::ERROR;
        let kind = if is_error { Kind::Urgent } else { Kind::Line };
        LineWriter { format: self.format, kind }
    }
}

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = match (self.format, std::str::from_utf8(line)) {
            (LogFormat::Json, Ok(text)) => printable_json(text),
            (_, Ok(text)) => text.into(),
            (_, Err(_)) => String::from_utf8_lossy(line),
        };
        let text = os_errors::in_words(&text);
        beside_bar(|| stderr::write(self.kind, text.as_bytes()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
