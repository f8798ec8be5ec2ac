//! The blocks of a source, one after the other, also where its connection breaks.

use std::io::{BufReader, Read};
use std::time::Duration;

use anyhow::Result;
use jenny_chain::chain::{BlockId, HashedBlock, Spec};
use jenny_chain::cli::toolkit::{ChainSource, Failure, broken, may_pass, or_hint};
use jenny_chain::store::archive::{Decoder, Item};

/// How often a source is asked without a block having come: at once, after 1 s, 2 s, 4 s and so on up
/// to [`MAX_SOURCE_PAUSE`], 3 minutes in all.
const SOURCE_ATTEMPTS: u32 = 12;

/// Longest pause before a source is asked again.
const MAX_SOURCE_PAUSE: Duration = Duration::from_secs(30);

/// Bytes of a source that are read at a time.
const CHAIN_BYTES: usize = 64 << 10;

/// The blocks above one, up to a height. Each names the one before it.
pub(crate) struct Blocks<'a> {
    source: &'a mut dyn ChainSource,
    last: Option<BlockId>,
    to: u64,
    chain: Option<Spec>,
    decoder: Option<Decoder<BufReader<Box<dyn Read>>>>,
    is_reorganised: bool,
    pause: fn(Duration),
}

impl<'a> Blocks<'a> {
    /// The blocks after `last` up to the height `to`, which is not below it.
    pub(crate) fn new(source: &'a mut dyn ChainSource, last: Option<BlockId>, to: u64) -> Self {
        let pause = std::thread::sleep;
        Self { source, last, to, chain: None, decoder: None, is_reorganised: false, pause }
    }

    /// Waits by `pause` before it asks a source again.
    #[cfg(test)]
    pub(crate) fn pausing(mut self, pause: fn(Duration)) -> Self {
        self.pause = pause;
        self
    }

    /// Asks the source. Returns its chain, which has the block after which it is read.
    ///
    /// # Errors
    /// When the source cannot be read, or that block is not on its main chain.
    pub(crate) fn open(&mut self) -> Result<Spec> {
        let opened = self.try_open();
        opened.map_err(|error| if error.is::<OffMainChain>() { error } else { self.advised(error) })
    }

    /// Whether a reorg took away a block that was read.
    pub(crate) const fn is_reorganised(&self) -> bool {
        self.is_reorganised
    }

    fn try_open(&mut self) -> Result<Spec> {
        let from = self.last.map_or(0, |last| last.height.next().get());
        let name = self.source.name().to_owned();
        let input = self.source.open(from, Some(self.to))?;
        let input = BufReader::with_capacity(CHAIN_BYTES, input);
        let decoder =
            Decoder::new(input).map_err(|error| broken(&name, self.source.may_break(), error))?;
        let start = decoder.start();
        let spec = start.spec.clone();
        if self.chain.as_ref().is_some_and(|chain| *chain != spec) {
            return Err(Failure::no(format!("{name} changed to another chain"))
                .hint("check that the right node responds there, and run the same command again")
                .into());
        }
        if start.from().get() != from {
            return Err(Failure::no(format!("{name} sent other blocks than asked for"))
                .hint("check that a node responds there, and that no proxy changes requests")
                .into());
        }
        if let Some(last) = self.last.filter(|last| start.parent != Some(*last)) {
            return Err(OffMainChain { name, last, spec: Box::new(spec) }.into());
        }
        self.chain = Some(spec.clone());
        self.decoder = Some(decoder);
        Ok(spec)
    }

    /// Returns the next block, `None` behind the last one. Where a connection breaks, it asks
    /// again for 3 minutes.
    ///
    /// # Errors
    /// When the source cannot be read on, or a reorg took away what was read.
    pub(crate) fn next(&mut self) -> Result<Option<HashedBlock>> {
        if self.last.is_some_and(|last| last.height.get() >= self.to) {
            return Ok(None);
        }
        let mut attempt = 1;
        loop {
            let error = match self.attempt() {
                Ok(block) => {
                    self.last = Some(block.id());
                    return Ok(Some(block));
                }
                Err(error) => error,
            };
            self.decoder = None;
            if attempt >= SOURCE_ATTEMPTS || !may_pass(&error) {
                return Err(self.advised(error));
            }
            if attempt > 1 {
                let pause = Duration::from_secs(1 << (attempt - 2).min(5));
                (self.pause)(pause.min(MAX_SOURCE_PAUSE));
            }
            attempt += 1;
        }
    }

    fn attempt(&mut self) -> Result<HashedBlock> {
        if self.decoder.is_none() {
            let is_opened = self.chain.is_some();
            self.open().map_err(|error| match error.downcast::<OffMainChain>() {
                Ok(error) if is_opened => {
                    self.is_reorganised = true;
                    took_away(error)
                }
                Ok(error) => error.into(),
                Err(error) => error,
            })?;
        }
        let (name, may_break) = (self.source.name().to_owned(), self.source.may_break());
        let item = self.decoder.as_mut().map(Decoder::next).transpose();
        let item = item.map_err(|error| broken(&name, may_break, error))?;
        if let Some(Item::Block(block)) = item.flatten() {
            return Ok(block);
        }
        // The node's tip may be below what its status said, until the disk has it.
        let what = format!("the chain of {name} ends below block {}", self.to);
        Err(Failure::no(what).may_pass().hint("run the same command again").into())
    }

    fn advised(&self, error: anyhow::Error) -> anyhow::Error {
        advised(self.source, error)
    }
}

/// The error of this source, which says what to do next.
pub(crate) fn advised(source: &dyn ChainSource, error: anyhow::Error) -> anyhow::Error {
    or_hint(
        error,
        if source.may_break() {
            "look at the log of that node, and run the same command again: it continues"
        } else {
            "see that the disk works and that this user may read the directory, then run the same \
             command again: it continues"
        },
    )
}

/// A block that was read is not on the source's main chain.
#[derive(Debug, thiserror::Error)]
#[error("block {last} is not on the main chain of {name}")]
pub(crate) struct OffMainChain {
    name: String,
    pub(crate) last: BlockId,
    pub(crate) spec: Box<Spec>,
}

/// What it means that a block was on the main chain when it was read, and is no longer.
fn took_away(error: OffMainChain) -> anyhow::Error {
    Failure::no(format!("a reorg took away what was read of {}", error.name))
        .because(error)
        .hint("run the same command again: what is in the manifest is whole")
        .into()
}

#[cfg(test)]
mod tests;
