//! `jenny import`: reads a chain file into a data directory.

mod input;
mod own;

use std::io::{BufReader, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use self::input::Input;
use self::own::{ImportedOwn, OwnPart};
use super::archive_failure;
use super::args::ImportArgs;
use super::chain_choice;
use super::config;
use super::exit::{Code, Failure};
use super::notice::notice;
use super::offline;
use super::progress::Progress;
use super::signal;
use crate::chain::{BlockId, ChainHeader, Checkpoints, HashedBlock, Height, RuleError, Timestamp};
use crate::store::archive::{Decoder, Item, Start};
use crate::store::{Opened, Options, StoreError, exists};

/// Blocks that are made durable together.
const DURABLE_BLOCKS: u64 = 1_000;

/// Bytes of the records of blocks that are made durable together, the last block excepted. 8 MiB.
const DURABLE_BYTES: u64 = 8 << 20;

/// Bytes of the file that are read at a time.
const FILE_BYTES: usize = 256 << 10;

/// Runs the command.
pub(super) fn run(args: &ImportArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    // What was imported is whole at any moment, and the next import continues behind it.
    let _unfinished = signal::exit_at_once()?;
    let dir = &args.data_dir.path;
    let input = Input::open(&args.file)?;
    let (name, total) = (input.name().to_owned(), input.blocks());
    let decoder = Decoder::new(BufReader::with_capacity(FILE_BYTES, input));
    let decoder = decoder.map_err(|error| archive_failure::failure(&name, error))?;
    let options = config::store(dir, args.config.as_deref(), env)?;
    let checkpoints = options.checkpoints.clone();
    let opened = open(dir, &name, decoder.start(), options)?;
    let before = opened.reader.tip().header.height;
    let progress = Progress::start("import", total);
    let (stored, group) = (Vec::new(), (0, 0));
    let mut import = Import { name, dir, opened, checkpoints, before, stored, group, progress };
    let imported = import.all(decoder, args.no_pool);
    // What was checked stays, whatever was found behind it in the file.
    let kept = import.opened.writer.commit();
    import.progress.finish();
    let (blocks, own) = imported?;
    let tip = kept?;
    let new = tip.header.height.above(before);
    let ImportedOwn { marks, pending, ignored } = own;
    let (height, hash) = (tip.header.height, tip.hash);
    super::print(&format!(
        "imported height={height} tip={hash} blocks={blocks} new={new} marks={marks} pending={pending}"
    ))?;
    if ignored > 0 {
        notice(&format!(
            "{ignored} marks of own blocks were left out: their blocks are not on the chain"
        ));
    }
    Ok(())
}

/// Opens the directory, which gets the chain of the file when it has none.
fn open(dir: &Path, name: &str, start: &Start, options: Options) -> Result<Opened> {
    let shown = dir.display();
    if !exists(dir)? {
        chain_choice::to_create(dir, Some(start.spec.clone()))?;
        if let Some(BlockId { height, .. }) = start.parent {
            let first = height.next();
            let message = format!("{name} begins with block {first}, and {shown} holds no chain");
            return Err(Failure::usage(message)
                .hint(format!("first import a file that ends with block {height}"))
                .into());
        }
    }
    let options = Options { chain: Some(start.spec.clone()), ..options };
    offline::open_with(dir, &options).map_err(|error| match error {
        StoreError::OtherChain { found, wanted, .. } => {
            let message =
                format!("{name} is of chain `{wanted}`, and {shown} holds another one, `{found}`");
            Failure::usage(message).hint("import it into another --data-dir").into()
        }
        StoreError::Locked { .. } => Failure::new(Code::Locked, error.to_string())
            .hint("stop that process first; a running node gets blocks from its peers")
            .into(),
        error => error.into(),
    })
}

/// An import under way.
struct Import<'a> {
    name: String,
    dir: &'a Path,
    opened: Opened,
    checkpoints: Checkpoints,
    /// The tip of the directory before the import.
    before: Height,
    /// Headers of the directory from the next block of the file on, the first one last.
    stored: Vec<ChainHeader>,
    /// Blocks, and bytes of their records, that are not durable.
    group: (u64, u64),
    progress: Progress,
}

impl Import<'_> {
    /// Imports the whole file. Returns how many blocks it has, and what else was imported.
    fn all<R: Read>(
        &mut self,
        mut decoder: Decoder<R>,
        no_pool: bool,
    ) -> Result<(u64, ImportedOwn)> {
        self.check_parent(decoder.start())?;
        let mut own = None;
        loop {
            let item = decoder.next();
            let Some(item) = item.map_err(|error| archive_failure::failure(&self.name, error))?
            else {
                break;
            };
            if let Item::Block(block) = item {
                self.block(block)?;
                self.progress.at(decoder.blocks());
                continue;
            }
            if no_pool {
                continue;
            }
            if own.is_none() {
                self.commit()?;
                own = Some(OwnPart::new(&self.opened)?);
            }
            let Some(own) = &mut own else { continue };
            match item {
                Item::OwnMark(mark) => own.mark(&mut self.opened, mark).map_err(disk_low)?,
                Item::Pending(text) => own.pending(text).map_err(|error| {
                    Failure::no(format!("{}: {error}", self.name))
                        .hint(
                            "if some are of the directory, let a node mine them first: `jenny run`",
                        )
                        .hint("--no-pool leaves all pending records of the file out")
                })?,
                Item::Block(_) => {}
            }
        }
        self.commit()?;
        let own = own.map(|own| own.finish(&mut self.opened)).transpose().map_err(disk_low)?;
        Ok((decoder.blocks(), own.unwrap_or_default()))
    }

    /// Compares the parent of a part with the block of the directory.
    fn check_parent(&self, start: &Start) -> Result<()> {
        let Some(parent) = start.parent else { return Ok(()) };
        if parent.height > self.before {
            let (name, dir) = (&self.name, self.dir.display());
            let (first, before) = (parent.height.next(), self.before);
            let message =
                format!("{name} begins with block {first}, and {dir} ends with block {before}");
            return Err(Failure::no(message)
                .hint(format!("first import a file that ends with block {}", parent.height))
                .into());
        }
        let header = self.opened.reader.view().header(parent.height)?;
        if header.is_none_or(|header| header.hash != parent.hash) {
            return Err(self.differs(parent.height).into());
        }
        Ok(())
    }

    fn block(&mut self, block: HashedBlock) -> Result<()> {
        let BlockId { height, hash } = block.id();
        self.checkpoints.check(height, hash).map_err(|error| self.broken(height, &error))?;
        if height <= self.before {
            let stored = self.stored(height)?;
            return if stored.hash == hash { Ok(()) } else { Err(self.differs(height).into()) };
        }
        let writer = &mut self.opened.writer;
        let valid = writer
            .applied()
            .check_block(&self.opened.spec, block, now())
            .map_err(|error| broken(&self.name, height, &error))?;
        writer.append(&valid).map_err(disk_low)?;
        let (blocks, bytes) = &mut self.group;
        *blocks += 1;
        *bytes = bytes.saturating_add(valid.block().record_bytes());
        if *blocks >= DURABLE_BLOCKS || *bytes >= DURABLE_BYTES {
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.group = (0, 0);
        self.opened.writer.commit()?;
        Ok(())
    }

    /// The header of a block that the directory had before, in ascending order of height.
    fn stored(&mut self, height: Height) -> Result<ChainHeader> {
        if self.stored.is_empty() {
            self.stored = self.opened.reader.view().headers(height, self.before)?;
            self.stored.reverse();
        }
        let header = self.stored.pop().filter(|header| header.header.height == height);
        let what = || format!("block {height} is missing below the tip {}", self.before);
        Ok(header.ok_or_else(|| StoreError::Damaged { what: what() })?)
    }

    fn differs(&self, height: Height) -> Failure {
        let (name, dir) = (&self.name, self.dir.display());
        Failure::no(format!("block {height} of {name} is another one than in {dir}"))
            .hint("import the file into an empty --data-dir, or sync from peers instead")
    }

    fn broken(&self, height: Height, error: &RuleError) -> Failure {
        broken(&self.name, height, error)
    }
}

fn broken(name: &str, height: Height, error: &RuleError) -> Failure {
    let failure = Failure::no(format!("{name}: block {height}: {error}"));
    match error {
        RuleError::NotYet { .. } => failure.hint("check the clock of this machine"),
        RuleError::Checkpoint { .. } => {
            failure.hint("correct the checkpoint in jenny.toml, or take a file of the pinned chain")
        }
        _ => failure.hint("take a file of another node: this one's chain breaks a rule"),
    }
}

/// A disk that is low stops an import, which continues later.
fn disk_low(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::DiskLow { .. } => Failure::no(error.to_string())
            .hint("make room, then run the same command again: it continues")
            .into(),
        error => error.into(),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
