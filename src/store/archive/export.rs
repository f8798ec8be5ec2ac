//! Reads a database into a chain file, batch by batch, all of it from one chain.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Encoder, Start};
use crate::chain::{BlockId, ChainHeader, Height};
use crate::store::{OwnMark, Reader, StoreError, View};

/// A view is replaced by a younger one of the same chain after this time, well before it expires.
const RENEW_VIEW_AFTER: Duration = Duration::from_secs(60);

/// Marks that are read at a time.
const MARKS_AT_A_TIME: usize = 1_024;

/// Which blocks of the chain to export.
#[derive(Clone, Copy, Debug)]
pub struct ExportRange {
    /// The first one; at most one above the tip, where there is none.
    pub from: Height,
    /// The last one; above the tip it is the tip.
    pub to: Height,
}

/// Why a range cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// It starts beyond the block that would be mined next.
    #[error("the range starts at block {from}, and the tip is block {tip}")]
    AboveTip {
        /// Where it starts.
        from: Height,
        /// The tip.
        tip: Height,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An export under way. Holds one batch of blocks and one frame.
#[derive(Debug)]
pub struct ChainExport {
    reader: Reader,
    view: View,
    viewed: Instant,
    encoder: Encoder,
    next: Height,
    last: BlockId,
    /// Where the view ends, which every later view must contain.
    tip: ChainHeader,
    own: Option<Own>,
    is_done: bool,
}

/// What is exported of own records.
#[derive(Debug)]
struct Own {
    /// The last mark that was written.
    mark: Option<OwnMark>,
    has_marks: bool,
    pending: std::vec::IntoIter<Arc<str>>,
}

impl ChainExport {
    /// Begins to export the chain of `view`; with `pending`, the marks of own records and these
    /// own records that wait go with it. They are to be those of a moment before the view.
    ///
    /// # Errors
    /// When the range starts above the tip, or the store fails.
    pub fn new(
        reader: Reader,
        view: View,
        range: ExportRange,
        pending: Option<Vec<Arc<str>>>,
    ) -> Result<Self, RangeError> {
        let tip = view.tip();
        if range.from > tip.header.height.next() {
            return Err(RangeError::AboveTip { from: range.from, tip: tip.header.height });
        }
        let id = |height| -> Result<BlockId, StoreError> {
            let header = view.header(height)?;
            let what = || format!("block {height} is missing below the tip");
            header.map(|header| header.id()).ok_or_else(|| StoreError::Damaged { what: what() })
        };
        let last = range.to.min(tip.header.height);
        let parent = range.from.parent().map(id).transpose()?;
        let last = match parent {
            Some(parent) if parent.height > last => parent,
            _ => id(last)?,
        };
        let start = Start { spec: reader.spec().clone(), parent, has_own: pending.is_some() };
        let encoder = Encoder::new(&start).map_err(no_memory)?;
        let own = pending.map(|pending| Own {
            mark: None,
            has_marks: true,
            pending: pending.into_iter(),
        });
        let viewed = Instant::now();
        let next = range.from;
        Ok(Self { reader, view, viewed, encoder, next, last, tip, own, is_done: false })
    }

    /// The last block of the file, or the parent where it has none.
    pub const fn last(&self) -> BlockId {
        self.last
    }

    /// Returns the next bytes of the file; none at its end.
    ///
    /// # Errors
    /// When a reorg left the view to grow too old, something is damaged, or the disk fails.
    pub fn read(&mut self) -> Result<Vec<u8>, StoreError> {
        loop {
            let bytes = self.encoder.take();
            if !bytes.is_empty() || self.is_done {
                return Ok(bytes);
            }
            self.step()?;
        }
    }

    fn step(&mut self) -> Result<(), StoreError> {
        if self.next <= self.last.height {
            return self.blocks();
        }
        if let Some(own) = &mut self.own {
            if own.has_marks {
                return self.marks();
            }
            if let Some(text) = own.pending.next() {
                return self.encoder.pending(&text).map_err(no_memory);
            }
        }
        self.is_done = true;
        self.encoder.finish().map_err(no_memory)
    }

    fn blocks(&mut self) -> Result<(), StoreError> {
        self.renew()?;
        let blocks = self.view.bodies(self.next, self.last.height)?;
        for (block, body) in blocks {
            self.encoder.block(&block.header, block.hash, &body).map_err(no_memory)?;
            self.next = block.header.height.next();
        }
        Ok(())
    }

    fn marks(&mut self) -> Result<(), StoreError> {
        let Some(own) = &mut self.own else { return Ok(()) };
        let marks = self.reader.own_marks(own.mark.as_ref(), MARKS_AT_A_TIME)?;
        own.has_marks = !marks.is_empty();
        own.mark = marks.last().copied().or(own.mark);
        // Of a block above the last one a mark says nothing where that block is missing.
        let highest = self.last.height;
        let kept = marks.iter().filter_map(|mark| match *mark {
            OwnMark::Block(id) if id.height > highest => None,
            OwnMark::UpTo(height) => Some(OwnMark::UpTo(height.min(highest))),
            mark => Some(mark),
        });
        kept.into_iter().try_for_each(|mark| self.encoder.mark(&mark)).map_err(no_memory)
    }

    /// Replaces a view that grows old, as long as the main chain has its tip.
    fn renew(&mut self) -> Result<(), StoreError> {
        if self.viewed.elapsed() < RENEW_VIEW_AFTER {
            return Ok(());
        }
        let view = self.reader.view();
        let tip = view.header(self.tip.header.height)?;
        if tip.is_some_and(|tip| tip.hash == self.tip.hash) {
            (self.view, self.viewed) = (view, Instant::now());
        }
        Ok(())
    }
}

fn no_memory(source: io::Error) -> StoreError {
    StoreError::Io { action: "compressing blocks".to_owned(), source }
}
