//! What a stream sends next.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::filter::Filter;
use super::format::Text;
use super::network::Network;
use super::path::{self, Part};
use super::position::{Position, event_count};
use super::slots::Slot;
use crate::api::http::problem::{Kind, Problem};
use crate::chain::ChainHeader;
use crate::node::{NodeFailure, NodeHandle};

/// Longest silence on a stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Reads of a block that a reorg may move meanwhile.
const HELD_ATTEMPTS: usize = 8;

/// Where a stream ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum End {
    /// When the client leaves or the node stops.
    Never,
    /// At the durable tip.
    Tip,
}

/// What a stream sends next. It holds no events: only how far the client is.
#[derive(Debug)]
pub(in crate::api) struct Feed {
    node: NodeHandle,
    filter: Filter,
    end: End,
    position: Position,
    /// The position that the client knows of.
    told: Position,
    /// The published tip, marked as seen before each read.
    tip: watch::Receiver<ChainHeader>,
    /// Whether everything up to the tip that was seen last was sent.
    is_current: bool,
    network: Network,
    stop: CancellationToken,
    _slot: Slot,
}

/// Why a stream cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    /// A block between the client and the main chain was removed.
    #[error("the position is no longer stored")]
    Gone,
    #[error(transparent)]
    Node(#[from] NodeFailure),
}

impl Feed {
    /// A feed of the events after a position, or after the durable tip.
    ///
    /// # Errors
    /// 410 when the position is not held, 400 when its block has fewer events.
    pub(in crate::api) async fn open(
        node: &NodeHandle,
        filter: Filter,
        end: End,
        after: Option<Position>,
        stop: CancellationToken,
        slot: Slot,
    ) -> Result<Self, Problem> {
        let position = match after {
            Some(position) => check(node, position).await?,
            None => Position::after(&node.view().tip()),
        };
        Ok(Self {
            network: Network::new(node.links(), &filter),
            node: node.clone(),
            filter,
            end,
            position,
            told: position,
            tip: node.watch_tip(),
            is_current: false,
            stop,
            _slot: slot,
        })
    }

    /// Returns what a stream begins with.
    pub(super) fn begin(&self) -> Vec<u8> {
        let mut text = Text::default();
        text.begin(&self.position);
        text.into_bytes()
    }

    /// Waits for the next text; `None` if the stream ends in order.
    ///
    /// # Errors
    /// When the stream is to be cut.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Cut> {
        let beat = Instant::now() + HEARTBEAT;
        while !self.stop.is_cancelled() {
            if !self.is_current || self.tip.has_changed().unwrap_or(false) {
                let text = self.read().await?;
                if !text.is_empty() {
                    return Ok(Some(text.into_bytes()));
                }
                // A filter may leave out everything for long.
                if Instant::now() < beat {
                    continue;
                }
            }
            if self.is_current && self.end == End::Tip {
                return Ok(self.last());
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = self.node.failed() => break,
                text = self.network.next() => return Ok(Some(text.into_bytes())),
                _ = self.tip.changed(), if self.is_current => self.is_current = false,
                () = sleep_until(beat) => return Ok(Some(self.heartbeat())),
            }
        }
        Ok(None)
    }

    /// Reads the next events of the chain.
    async fn read(&mut self) -> Result<Text, Cut> {
        self.tip.mark_unchanged();
        for _ in 0..HELD_ATTEMPTS {
            let (view, spec) = (self.node.view(), self.node.spec().clone());
            let (filter, from) = (self.filter.clone(), self.position);
            let read = move || Ok((path::read(&view, &spec, &filter, from)?, view.is_main()));
            let (part, is_main) = self.node.read(read).await?;
            if let Some(Part { text, position, told, is_last }) = part {
                self.position = position;
                self.told = told.unwrap_or(self.told);
                self.is_current = is_last;
                return Ok(text);
            }
            if is_main {
                break;
            }
        }
        Err(Cut::Gone)
    }

    fn heartbeat(&mut self) -> Vec<u8> {
        let mut text = Text::default();
        text.heartbeat();
        self.tell(&mut text);
        text.into_bytes()
    }

    /// What is left to say at the end.
    fn last(&mut self) -> Option<Vec<u8>> {
        let mut text = Text::default();
        self.tell(&mut text);
        (!text.is_empty()).then(|| text.into_bytes())
    }

    /// Moves the client past what the filter left out.
    fn tell(&mut self, text: &mut Text) {
        if self.told != self.position {
            text.move_to(&self.position);
            self.told = self.position;
        }
    }
}

/// Finds a position that a client gave.
async fn check(node: &NodeHandle, position: Position) -> Result<Position, Problem> {
    let mut found = None;
    for _ in 0..HELD_ATTEMPTS {
        let view = node.view();
        let block = position.block;
        let find = move || Ok((view.held_header(block)?, view.is_main()));
        let (held, is_main) = node.read(find).await?;
        found = held;
        if found.is_some() || is_main {
            break;
        }
    }
    let block = found.ok_or_else(|| {
        let detail = format!(
            "block {} is not stored; blocks off the main chain are removed after a while; read the chain anew and continue after its tip",
            position.block
        );
        Problem::new(Kind::PositionGone, detail).at("after")
    })?;
    if position.sent > event_count(&block) {
        let detail = format!("block {} has {} events", position.block, event_count(&block));
        return Err(Problem::new(Kind::InvalidParameter, detail).at("after"));
    }
    Ok(position)
}
