//! `jenny events`: what happens to a running node's chain and peers, as JSON Lines.

mod position_file;
mod sse;

use std::fmt::Write as _;
use std::io::{BufReader, BufWriter, Read, StdoutLock, Write as _};
use std::time::Duration;

use anyhow::Result;
use serde_json::value::RawValue;

use super::args::EventsArgs;
use super::event_position::check_position;
use super::exit::{self, Failure};
use super::output::escape_json;
use super::remote::Remote;
use super::signal;
use position_file::PositionFile;
use sse::Message;

/// Shortest and longest time before a further attempt; it doubles with each one that brought
/// nothing.
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Bytes that are read from the node at once.
const EVENTS_BUFFER_BYTES: usize = 64 << 10;

/// Events after which the position is written although more have arrived.
const MAX_UNWRITTEN: usize = 1_000;

/// Runs the command.
pub(super) fn run(args: &EventsArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    let remote = Remote::new(&args.node.url, &args.node.remote, env)?;
    let mut printer = Printer::new(args)?;
    let mut pause = MIN_PAUSE;
    loop {
        let before = printer.printed;
        match follow(&remote, args, &mut printer) {
            Ok(()) if !args.follow => return Ok(()),
            Ok(()) => {}
            Err(error) if args.follow && exit::may_pass(&error) => exit::tell(&error),
            Err(error) => return Err(error),
        }
        if printer.printed > before {
            pause = MIN_PAUSE;
        }
        std::thread::sleep(pause);
        pause = pause.saturating_mul(2).min(MAX_PAUSE);
    }
}

/// Prints events until the stream ends.
fn follow(remote: &Remote, args: &EventsArgs, printer: &mut Printer<'_>) -> Result<()> {
    let path = path(args, printer.position.as_deref());
    let Some(body) = remote.events(&path)? else {
        return Err(Failure::no(format!("{} has no free stream of events", remote.name()))
            .hint("a user has 4 from one address, and a node 64")
            .may_pass()
            .into());
    };
    let copied = copy(body, printer);
    // What came before a failure counts.
    printer.settle()?;
    copied
}

fn copy(body: impl Read, printer: &mut Printer<'_>) -> Result<()> {
    let mut body = BufReader::with_capacity(EVENTS_BUFFER_BYTES, body);
    loop {
        let message = sse::read(&mut body).map_err(|error| {
            Failure::no("the stream of events ended early").because(error).may_pass()
        })?;
        let Some(message) = message else { return Ok(()) };
        printer.print(&message)?;
        if body.buffer().is_empty() || printer.unwritten >= MAX_UNWRITTEN {
            printer.settle()?;
        }
    }
}

fn path(args: &EventsArgs, position: Option<&str>) -> String {
    let mut path = "/v1/events?".to_owned();
    let until = (!args.follow).then_some("tip");
    let record = args.record.map(|id| id.to_string());
    for (name, value) in [
        ("until", until),
        ("types", args.types.as_deref()),
        ("record", record.as_deref()),
        ("after", position),
    ] {
        if let Some(value) = value {
            // Writing into memory cannot fail.
            let _ = write!(path, "{name}={value}&");
        }
    }
    path.pop();
    path
}

/// Prints events, and remembers the position after them.
struct Printer<'a> {
    out: BufWriter<StdoutLock<'static>>,
    file: Option<PositionFile<'a>>,
    position: Option<String>,
    /// Whether the file has another position.
    has_moved: bool,
    unwritten: usize,
    printed: u64,
}

impl<'a> Printer<'a> {
    fn new(args: &'a EventsArgs) -> Result<Self> {
        let file = args.position_file.as_deref().map(PositionFile::new);
        let known = file.as_ref().map(PositionFile::read).transpose()?.flatten();
        let out = BufWriter::new(std::io::stdout().lock());
        let position = known.or_else(|| args.after.clone());
        Ok(Self { out, file, position, has_moved: false, unwritten: 0, printed: 0 })
    }

    fn print(&mut self, message: &Message) -> Result<()> {
        if let Some(id) = &message.id {
            check_position(id).map_err(Failure::no)?;
            self.position = Some(id.clone());
            self.has_moved = true;
        }
        let Some(event) = &message.event else { return Ok(()) };
        let data: &RawValue = serde_json::from_str(&message.data).map_err(|error| {
            Failure::no("the node sent an event that is not JSON").because(error)
        })?;
        let event = serde_json::to_string(event)?;
        let id = serde_json::to_string(&message.id)?;
        let line = format!("{{\"id\":{id},\"event\":{event},\"data\":{data}}}");
        writeln!(self.out, "{}", escape_json(&line)).map_err(unwritable)?;
        self.unwritten = self.unwritten.saturating_add(1);
        self.printed = self.printed.saturating_add(1);
        Ok(())
    }

    /// Hands over what was printed, and only then writes the position.
    fn settle(&mut self) -> Result<()> {
        self.out.flush().map_err(unwritable)?;
        self.unwritten = 0;
        if let (true, Some(file), Some(position)) = (self.has_moved, &self.file, &self.position) {
            file.write(position)?;
        }
        self.has_moved = false;
        Ok(())
    }
}

fn unwritable(error: std::io::Error) -> Failure {
    Failure::no("the events cannot be written to standard output").because(error)
}
