//! About how long our chain is as JSON.

use std::time::Duration;

use tokio::time::Instant;

use crate::chain::{Height, write_block_json};
use crate::node::NodeHandle;

/// Blocks at the tip that are a sample of the rest.
const SAMPLE: u64 = 64;

/// How often they are measured again.
const EVERY: Duration = Duration::from_secs(5);

/// An estimate: the average of the last blocks for each. What decides whether a chain is
/// sent is measured then, block by block.
#[derive(Debug)]
pub(in crate::p2p) struct ChainSize {
    average: u64,
    measured: Instant,
}

impl ChainSize {
    pub(in crate::p2p) async fn start(node: &NodeHandle) -> Self {
        let mut size = Self { average: 1_000, measured: Instant::now() };
        size.measure(node).await;
        size
    }

    /// Looks again, when it is time.
    pub(in crate::p2p) async fn refresh(&mut self, node: &NodeHandle) {
        if self.measured.elapsed() >= EVERY {
            self.measure(node).await;
        }
    }

    async fn measure(&mut self, node: &NodeHandle) {
        self.measured = Instant::now();
        let (view, shared) = (node.view(), node.clone());
        let average = node.read(move || {
            let tip = view.tip().header.height;
            let blocks = view.blocks(tip.next().back(SAMPLE), tip)?;
            let mut text = Vec::new();
            for block in &blocks {
                let spec = shared.spec();
                write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
            }
            Ok((text.len() as u64).checked_div(blocks.len() as u64))
        });
        if let Ok(Some(average)) = average.await {
            self.average = average.saturating_add(1);
        }
    }

    /// About how many bytes a chain up to this height has.
    pub(in crate::p2p) fn bytes(&self, tip: Height) -> u64 {
        tip.get().saturating_add(1).saturating_mul(self.average)
    }
}
