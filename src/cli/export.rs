//! `jenny export`: writes a chain file.
//!
//! What comes from a database or a node is read as a chain file and written anew, so that the file
//! is checked as far as one alone can be, and goes on where a connection or a process ended.

mod part_file;
mod sink;

use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::args::ExportArgs;
use super::chain_source::{ChainSource, LocalSource, RemoteSource, broken};
use super::exit::{self, Failure};
use super::notice::notice;
use super::progress::Progress;
use super::remote::Remote;
use super::signal;
use super::target::{STDOUT, check_outside};
use crate::chain::BlockId;
use crate::store::archive::{Decoder, Encoder, Item, Start};
use sink::Sink;

/// How often a node is asked again without a block having come, after 1 s, 2 s and so on up to
/// [`MAX_EXPORT_PAUSE`]: 4 minutes.
const EXPORT_ATTEMPTS: u32 = 12;

/// Longest pause before a node is asked again.
const MAX_EXPORT_PAUSE: Duration = Duration::from_secs(30);

/// How often an export starts anew because a reorg took away what was written.
const MAX_RESTARTS: u32 = 3;

/// Bytes of the source that are read at a time.
const SOURCE_BYTES: usize = 64 << 10;

/// Runs the command.
pub(super) fn run(args: &ExportArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let (from, to) = (args.from.unwrap_or(0), args.to);
    if let Some(to) = to.filter(|&to| from > to) {
        return Err(Failure::usage(format!("--from {from} is above --to {to}")).into());
    }
    let unfinished = signal::exit_at_once()?;
    let file = (args.output != Path::new(STDOUT)).then_some(args.output.as_path());
    if let Some(file) = file {
        check_outside(file, &args.data_dir.path)?;
    }
    let source: Box<dyn ChainSource> = if let Some(url) = &args.url {
        let remote = Remote::new(url, &args.remote, env)?;
        Box::new(RemoteSource::new(remote, args.no_pool))
    } else {
        let command = "jenny export --url URL -o FILE";
        Box::new(LocalSource::open(&args.data_dir.path, args.no_pool, command)?)
    };
    // Behind the source: without one, no file is begun.
    let sink = Sink::open(file, unfinished)?;
    let progress = Progress::start("export", source.total(from, to));
    let mut copy = Copy { source, sink, from, to, file: None, progress };
    copy.run()?;
    let Copy { sink, file, mut progress, .. } = copy;
    progress.finish();
    let bytes = sink.finish()?;
    let Some((start, encoder)) = file.filter(|_| args.output != Path::new(STDOUT)) else {
        return Ok(());
    };
    let tip = encoder
        .last()
        .map_or_else(String::new, |tip| format!(" to={} tip={}", tip.height, tip.hash));
    let own = if start.has_own { "yes" } else { "no" };
    let (blocks, from) = (encoder.blocks(), start.from());
    super::print(&format!("exported blocks={blocks} from={from}{tip} own={own} bytes={bytes}"))
}

/// An export under way.
struct Copy {
    source: Box<dyn ChainSource>,
    sink: Sink,
    from: u64,
    to: Option<u64>,
    /// What was written of the file, `None` before its first bytes.
    file: Option<(Start, Encoder)>,
    progress: Progress,
}

/// Why a pass over the source ended early.
enum Stop {
    /// The source broke off, and may be read on.
    Broke(anyhow::Error),
    /// What was written is no part of what the source has.
    Differs(String),
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Copy {
    fn run(&mut self) -> Result<()> {
        self.file = self.sink.resume(self.from, self.to.unwrap_or(u64::MAX))?;
        let (mut attempt, mut restarts, mut known) = (1, 0, self.last());
        let is_resumed = self.file.is_some();
        loop {
            let stop = match self.pass() {
                Ok(()) => return Ok(()),
                Err(stop) => stop,
            };
            let is_further = self.last() != known;
            known = self.last();
            match stop {
                Stop::Failed(error) => return Err(error),
                // A node that never responded is not waited for.
                Stop::Broke(error) if known.is_none() && !is_resumed => return Err(error),
                Stop::Broke(_) if is_further => attempt = 1,
                Stop::Broke(error) if attempt >= EXPORT_ATTEMPTS => return Err(error),
                Stop::Broke(_) => {
                    let pause = Duration::from_secs(1 << (attempt - 1).min(5));
                    std::thread::sleep(pause.min(MAX_EXPORT_PAUSE));
                    attempt += 1;
                }
                Stop::Differs(what) => {
                    restarts += 1;
                    if restarts > MAX_RESTARTS || !self.sink.can_restart() {
                        return Err(Failure::no(what).hint("start the export again").into());
                    }
                    notice(&format!("{what}: the export starts anew"));
                    self.sink.rewind(0)?;
                    (self.file, known) = (None, None);
                }
            }
        }
    }

    fn last(&self) -> Option<BlockId> {
        self.file.as_ref().and_then(|(_, encoder)| encoder.last())
    }

    /// Reads the source from the next block to its end.
    fn pass(&mut self) -> Result<(), Stop> {
        let next = self.last().map_or(self.from, |last| last.height.next().get());
        let input = match self.source.open(next, self.to) {
            Ok(input) => input,
            Err(error) if exit::may_pass(&error) => return Err(Stop::Broke(error)),
            Err(error) => return Err(self.refused(error)),
        };
        let name = self.source.name().to_owned();
        let is_remote = self.source.may_break();
        let wrong = |error| {
            let error = broken(&name, is_remote, error);
            if exit::may_pass(&error) { Stop::Broke(error) } else { Stop::Failed(error) }
        };
        let mut decoder =
            Decoder::new(BufReader::with_capacity(SOURCE_BYTES, input)).map_err(wrong)?;
        self.begin(decoder.start(), next)?;
        let Some((_, encoder)) = &mut self.file else { return Ok(()) };
        // Where the blocks end: what follows them is written again when it is not complete.
        let mut behind_blocks = None;
        loop {
            let item = match decoder.next() {
                Ok(Some(item)) => item,
                Ok(None) => break,
                Err(error) => {
                    if let Some(boundary) = behind_blocks {
                        *encoder = self.sink.restart_at(boundary)?;
                    }
                    return Err(wrong(error));
                }
            };
            if behind_blocks.is_none() && !matches!(item, Item::Block(_)) {
                let boundary = encoder.boundary()?;
                self.sink.write(&encoder.take())?;
                behind_blocks = Some(boundary);
            }
            match item {
                Item::Block(block) => {
                    let height = block.header().height.get();
                    if let Some(to) = self.to.filter(|&to| height > to) {
                        let what = format!("{name} sent a block above height {to}");
                        return Err(Failure::no(what).into());
                    }
                    encoder.add(&block)?;
                    self.progress.at(encoder.blocks());
                }
                Item::OwnMark(mark) => encoder.mark(&mark)?,
                Item::Pending(text) => encoder.pending(&text)?,
            }
            let bytes = encoder.take();
            if !bytes.is_empty() {
                self.sink.write(&bytes)?;
            }
        }
        encoder.finish()?;
        self.sink.write(&encoder.take())?;
        Ok(())
    }

    /// What it means that the source does not give the next block.
    fn refused(&self, error: anyhow::Error) -> Stop {
        let Some(last) = self.file.as_ref().and_then(|(_, encoder)| encoder.last()) else {
            return Stop::Failed(error);
        };
        match self.source.tip() {
            // A reorg to a branch with fewer blocks and more work, or a node with another chain.
            Ok(tip) if tip < last.height.get() => Stop::Differs(format!(
                "the chain ends with block {tip}, below block {last}, which was written"
            )),
            _ => Stop::Failed(error),
        }
    }

    /// Compares the beginning of the source with what was written, or begins the file.
    fn begin(&mut self, start: &Start, next: u64) -> Result<(), Stop> {
        if start.from().get() != next {
            let what = format!("{} sent other blocks than asked for", self.source.name());
            return Err(Failure::no(what).into());
        }
        match &self.file {
            None => self.file = Some((start.clone(), Encoder::new(start)?)),
            Some((begun, encoder)) => {
                if begun.spec != start.spec || begun.has_own != start.has_own {
                    let what = "what was written is of another chain, or with other own records";
                    return Err(Stop::Differs(what.to_owned()));
                }
                if let Some(last) = encoder.last().filter(|_| start.parent != encoder.last()) {
                    let what = format!("block {last}, which was written, left the main chain");
                    return Err(Stop::Differs(what));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
