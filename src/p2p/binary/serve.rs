//! What is read of our chain for a peer. Blocks on the disk: not for the runtime's threads.

use std::cmp::Reverse;

use crate::chain::{BlockId, Hash, Header, Height};
use crate::node::{StoreError, View};
pub(super) use crate::sync::message::{Body, MAX_BODIES_BYTES, MAX_LOCATOR, Message};

/// Single steps below the tip before the steps of a locator double.
const SINGLE_STEPS: usize = 10;

/// Blocks by which a peer finds where its chain leaves ours: `after` when there is one, our
/// tip, ten single steps back, then doubling ones, genesis last.
pub(super) fn locator(
    view: &View,
    after: Option<BlockId>,
) -> Result<Vec<(Height, Hash)>, StoreError> {
    let mut locator: Vec<_> = after.iter().map(|id| (id.height, id.hash)).collect();
    for height in heights(view.tip().header.height, MAX_LOCATOR - locator.len()) {
        if let Some(header) = view.header(height)? {
            locator.push((height, header.hash));
        }
    }
    Ok(locator)
}

fn heights(tip: Height, max: usize) -> Vec<Height> {
    let mut heights = Vec::new();
    let (mut at, mut step) = (tip, 1_u64);
    while at > Height::GENESIS && heights.len() + 1 < max {
        heights.push(at);
        if heights.len() > SINGLE_STEPS {
            step = step.saturating_mul(2);
        }
        at = at.back(step);
    }
    heights.push(Height::GENESIS);
    heights
}

/// The highest block of a peer's locator that is on our chain.
pub(super) fn fork(view: &View, locator: &[(Height, Hash)]) -> Result<Option<Height>, StoreError> {
    let mut ids = locator.to_vec();
    ids.sort_by_key(|&(height, _)| Reverse(height));
    for (height, hash) in ids {
        if view.header(height)?.is_some_and(|header| header.hash == hash) {
            return Ok(Some(height));
        }
    }
    Ok(None)
}

/// The headers above `from`, as many as one batch holds, up to and with `stop`; and whether
/// these are the last ones.
pub(super) fn headers(
    view: &View,
    from: Height,
    stop: Option<Hash>,
) -> Result<(Vec<Header>, bool), StoreError> {
    let tip = view.tip();
    let read = view.headers(from.next(), tip.header.height)?;
    let mut headers = Vec::with_capacity(read.len());
    for held in read {
        headers.push(held.header);
        if stop == Some(held.hash) || held.hash == tip.hash {
            return Ok((headers, true));
        }
    }
    let is_over = headers.is_empty();
    Ok((headers, is_over))
}

/// A part of a range of bodies.
#[derive(Debug)]
pub(super) struct Part {
    /// `Blocks` messages, encoded.
    pub(super) frames: Vec<Vec<u8>>,
    /// The height above the last of them.
    pub(super) next: Height,
}

/// The bodies from `from` up to `last`, as many as one batch holds, `None` if `last` is not on
/// the view's chain.
pub(super) fn bodies(
    view: &View,
    request: u64,
    from: Height,
    last: BlockId,
) -> Result<Option<Part>, StoreError> {
    if view.header(last.height)?.is_none_or(|held| held.hash != last.hash) {
        return Ok(None);
    }
    let read = view.bodies(from, last.height)?;
    let Some((highest, _)) = read.last() else { return Ok(None) };
    let next = highest.header.height.next();
    let bodies = read.into_iter().map(|(_, body)| Body::encoded(body)).collect();
    let messages = split(bodies).into_iter();
    let frames = messages.map(|bodies| Message::Blocks { request, bodies }.encode()).collect();
    // The serializer has no reason to fail.
    let frames: Result<_, _> = frames;
    Ok(frames.ok().map(|frames| Part { frames, next }))
}

/// Cuts bodies into messages of at most [`MAX_BODIES_BYTES`]; a larger body is sent alone.
fn split(bodies: Vec<Body>) -> Vec<Vec<Body>> {
    let mut messages = Vec::new();
    let (mut message, mut bytes) = (Vec::new(), 0_usize);
    for body in bodies {
        if !message.is_empty() && bytes.saturating_add(body.len()) > MAX_BODIES_BYTES {
            messages.push(std::mem::take(&mut message));
            bytes = 0;
        }
        bytes = bytes.saturating_add(body.len());
        message.push(body);
    }
    messages.push(message);
    messages
}

#[cfg(test)]
mod tests;
