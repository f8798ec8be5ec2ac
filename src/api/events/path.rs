//! The way from a position to the end of a view: first down to the main chain, then up.

use super::filter::{Event, Filter};
use super::format::Text;
use super::position::{Position, event_count};
use crate::chain::{ChainHeader, Hash, Height, Spec, leaf_hash};
use crate::node::{StoreError, StoredBlock, View};

/// Bytes of events from which on a part ends. The last event adds at most 1 KiB, so that a part is
/// a small response.
const PART_BYTES: usize = 60 << 10;

/// Most blocks that leave the main chain in one part.
const MAX_PART_DISCONNECTED: usize = 64;

/// Most blocks with records that are read for one part, one after the other.
const MAX_PART_BLOCKS: u64 = 64;

/// Some of the events after a position.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) text: Text,
    /// The position after them, and after what the filter left out.
    pub(super) position: Position,
    /// The position that the client learns from the text.
    pub(super) told: Option<Position>,
    /// Whether the view has no further events.
    pub(super) is_last: bool,
}

/// Reads the next events after `from`; `None` if its block, or one between it and the main chain,
/// is not held.
///
/// # Errors
/// When something is damaged, or the disk fails.
pub(super) fn read(
    view: &View,
    spec: &Spec,
    filter: &Filter,
    from: Position,
) -> Result<Option<Part>, StoreError> {
    let mut part = Writer { spec, filter, text: Text::default(), at: from, told: None };
    let is_held = match main_block(view, &from)? {
        Some(block) => part.connect(view, &block).map(|()| true)?,
        None => part.disconnect(view)?,
    };
    if !is_held {
        return Ok(None);
    }
    let is_last = part.at == Position::after(&view.tip());
    let Writer { text, at, told, .. } = part;
    Ok(Some(Part { text, position: at, told, is_last }))
}

/// Returns the header of a position's block if that is on the main chain.
fn main_block(view: &View, position: &Position) -> Result<Option<ChainHeader>, StoreError> {
    let block = view.header(position.block.height)?;
    Ok(block.filter(|block| block.hash == position.block.hash))
}

struct Writer<'a> {
    spec: &'a Spec,
    filter: &'a Filter,
    text: Text,
    at: Position,
    told: Option<Position>,
}

impl Writer<'_> {
    /// Goes down to the main chain. Returns whether all blocks on the way were held.
    fn disconnect(&mut self, view: &View) -> Result<bool, StoreError> {
        for _ in 0..MAX_PART_DISCONNECTED {
            if main_block(view, &self.at)?.is_some() {
                break;
            }
            let Some(block) = view.held_header(self.at.block)? else { return Ok(false) };
            let Some(parent) = block.parent() else { return Ok(false) };
            let Some(parent) = view.held_header(parent)? else { return Ok(false) };
            // A block of which nothing was sent is not undone.
            let was_sent = self.at.sent > 0;
            self.at = Position::after(&parent);
            if was_sent && self.filter.has(Event::BlockDisconnected) {
                self.text.block(&self.at, Event::BlockDisconnected, self.spec, &block);
                self.told = Some(self.at);
            }
        }
        Ok(true)
    }

    /// Goes on with `block`, at which the position is, and with the blocks above it.
    fn connect(&mut self, view: &View, block: &ChainHeader) -> Result<(), StoreError> {
        let height = block.height();
        let first = if self.at.sent < event_count(block) { height } else { height.next() };
        if first > view.tip().height() {
            return Ok(());
        }
        if self.filter.has(Event::RecordIncluded) {
            self.connect_blocks(view, first)
        } else {
            self.connect_headers(view, first)
        }
    }

    fn connect_blocks(&mut self, view: &View, first: Height) -> Result<(), StoreError> {
        let last = first.ahead(MAX_PART_BLOCKS.saturating_sub(1));
        let mut next = first;
        // One at a time: a part may end within any of them.
        while next <= last
            && let Some(block) = view.block(next)?
        {
            next = next.next();
            let StoredBlock { header, hash, total_work, records } = block;
            let block = ChainHeader { header, hash, total_work };
            self.block(&block);
            let sent = usize::try_from(self.at.sent.saturating_sub(1)).unwrap_or(usize::MAX);
            for (index, record) in (0_u64..).zip(&records).skip(sent) {
                if self.is_full() {
                    return Ok(());
                }
                self.record(&block, index, leaf_hash(record.as_bytes()));
            }
            if self.is_full() {
                break;
            }
        }
        Ok(())
    }

    fn connect_headers(&mut self, view: &View, first: Height) -> Result<(), StoreError> {
        let last = first.ahead(View::MAX_VIEW_BLOCKS.saturating_sub(1));
        for block in view.headers(first, last)? {
            self.block(&block);
            self.at = Position::after(&block);
            if self.is_full() {
                break;
            }
        }
        Ok(())
    }

    /// The first event of a block, unless it was sent.
    fn block(&mut self, block: &ChainHeader) {
        if self.at.block == block.id() && self.at.sent > 0 {
            return;
        }
        self.at = Position { block: block.id(), sent: 1 };
        if self.filter.has(Event::BlockConnected) {
            self.text.block(&self.at, Event::BlockConnected, self.spec, block);
            self.told = Some(self.at);
        }
    }

    /// The event of a record.
    fn record(&mut self, block: &ChainHeader, index: u64, id: Hash) {
        self.at.sent = self.at.sent.saturating_add(1);
        if self.filter.record.is_none_or(|record| record == id) {
            self.text.included(&self.at, id, block, index);
            self.told = Some(self.at);
        }
    }

    const fn is_full(&self) -> bool {
        self.text.len() >= PART_BYTES
    }
}

#[cfg(test)]
mod tests;
