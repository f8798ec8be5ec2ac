//! `jenny dump`: prints blocks.
//!
//! One thread reads (the database, or a running node), this one formats and writes. A bounded
//! channel is between them, so memory does not grow with the chain.

mod local;
mod select;
mod stream;

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result};

use super::args::DumpArgs;
use super::evidence::Evidence;
use super::exit::{Failure, ReaderLeft};
use super::output::{Format, Row, Writer, escape_json};
use super::progress::Progress;
use super::remote::Remote;
use super::signal::{self, Unfinished};
use super::target::{STDOUT, Target, check_outside};
use crate::chain::Spec;
use crate::store::StoreError;
use local::Local;
use select::Select;
use stream::Stream;

/// Batches that wait to be formatted. When it is full the reader waits. Each is at most 1 MiB
/// or one block, so this bounds memory.
const WAITING_BATCHES: usize = 4;

/// Time between two looks at whether somebody still reads, while nothing comes.
const READER_CHECK_EVERY: Duration = Duration::from_millis(100);

/// What a source gives, in this order: the start, then rows.
enum Piece {
    /// The chain, and how many rows will come where that is known.
    Start { spec: Box<Spec>, total: Option<u64> },
    /// The next rows, lowest first.
    Rows(Vec<Row>),
}

/// Where blocks come from.
trait Source: Send {
    /// Hands over every selected block. An error from `hand` ends it.
    fn produce(self: Box<Self>, hand: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()>;
}

/// Runs the command.
pub(super) fn run(args: &DumpArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let select = Select::new(&args.select)?;
    let unfinished = signal::exit_at_once()?;
    let output = args.output.as_deref().filter(|path| *path != Path::new(STDOUT));
    if let Some(output) = output {
        check_outside(output, &args.data_dir.path)?;
    }
    // What is dumped is as open as the caller wants it. What opening a database creates is not.
    let target = Target::open(output, unfinished.clone())?;
    super::keep_private();
    let mut finding = Ok(());
    let source: Box<dyn Source> = if let Some(url) = &args.url {
        let remote = Remote::new(url, &args.remote, env)?;
        Box::new(Stream::new(remote, select))
    } else {
        let local;
        (local, finding) = open_local(args, select, &unfinished)?;
        Box::new(local)
    };
    let terminal = output.is_none() && target.is_terminal();
    let format = args.format.unwrap_or(if terminal { Format::Table } else { Format::Jsonl });
    let copied = copy(source, target, format, args.headers, output.is_some());
    // A finding is one whether or not the whole dump was read.
    if copied.as_ref().is_err_and(|error| !error.is::<ReaderLeft>()) || finding.is_ok() {
        return copied;
    }
    finding
}

/// Opens the database, or with `--read-only` a private copy, and says what that had to mend.
fn open_local(
    args: &DumpArgs,
    select: Select,
    unfinished: &Unfinished,
) -> Result<(Local, Result<()>)> {
    let dir = &args.data_dir.path;
    let evidence = Evidence::of(dir, &args.evidence, unfinished).map_err(|error| {
        match error.downcast_ref() {
            Some(locked @ StoreError::Locked { .. }) => local::in_use(dir, locked),
            _ => error,
        }
    })?;
    let local = Local::open(&evidence, select, args.headers)?;
    let finding = evidence.check_repairs(local.repairs());
    Ok((local, finding))
}

fn copy(
    source: Box<dyn Source>,
    mut target: Target,
    format: Format,
    headers: bool,
    show_progress: bool,
) -> Result<()> {
    let (send, receive) = sync_channel(WAITING_BATCHES);
    let mut buffer = Vec::new();
    let reader = std::thread::Builder::new()
        .name("dump-reader".to_owned())
        .spawn(move || read(source, &send))
        .context("a thread cannot be started")?;
    // When writing fails the reader is not waited for: it may wait for a node that sends nothing.
    // It ends with the process.
    let writer = write(&receive, &mut target, &mut buffer, format, headers, show_progress)?;
    reader.join().map_err(|_| Failure::no("internal error: the reading thread panicked"))??;
    let mut writer = writer.ok_or_else(|| Failure::no("nothing was read"))?;
    buffer.clear();
    writer.finish(&mut buffer)?;
    target.write(&buffer)?;
    target.finish()
}

fn read(source: Box<dyn Source>, send: &SyncSender<Piece>) -> Result<()> {
    // The writer's own error says why it went away.
    source.produce(&mut |piece| send.send(piece).map_err(|_| ReaderLeft.into()))
}

/// Writes what comes until the reader is done, successful or not.
fn write(
    receive: &Receiver<Piece>,
    target: &mut Target,
    buffer: &mut Vec<u8>,
    format: Format,
    headers: bool,
    show_progress: bool,
) -> Result<Option<Writer>> {
    let (mut writer, mut progress) = (None, None);
    let escapes = target.is_terminal() && format != Format::Table;
    loop {
        let piece = match receive.recv_timeout(READER_CHECK_EVERY) {
            Ok(piece) => piece,
            Err(RecvTimeoutError::Timeout) => {
                target.look()?;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match piece {
            Piece::Start { spec, total } => {
                writer = Some(Writer::new(format, headers, *spec));
                progress = show_progress.then(|| Progress::start("dump", total));
            }
            Piece::Rows(rows) => {
                let Some(writer) = &mut writer else { continue };
                buffer.clear();
                writer.rows(buffer, &rows)?;
                if escapes {
                    let text = String::from_utf8_lossy(buffer);
                    target.write(escape_json(&text).as_bytes())?;
                } else {
                    target.write(buffer)?;
                }
                if let Some(progress) = &mut progress {
                    progress.at(writer.count());
                }
            }
        }
    }
    if let Some(progress) = &mut progress {
        progress.finish();
    }
    Ok(writer)
}

#[cfg(test)]
mod tests;
