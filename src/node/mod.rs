//! The owner of the state: one writer thread, its syncer, the miner, and the handle by
//! which everything else reads and changes the chain.
//!
//! Life of a mined block: `handle` puts a request into the `queue`, the `miner`
//! takes it and searches a nonce (`search`), the `writer` appends it, the `syncer`
//! makes it durable and replies. Life of an offered block: `import` checks it, the
//! `writer` appends or stores it. Only the writer changes the chain, and there are
//! replies only to what is durable.

mod background_check;
mod clock;
mod command;
mod config;
mod error;
mod fork_log;
mod group;
mod handle;
mod held;
mod import;
mod index;
mod metrics;
mod miner;
mod mining;
#[expect(clippy::module_inception, reason = "the type is in the file of its name")]
mod node;
mod peering;
mod pipeline;
mod random_delay;
mod receipts;
mod records;
mod reorg_log;
mod shared;
mod status;
mod stopped;
mod syncer;
#[cfg(test)]
pub(crate) mod test_util;
mod writer;

pub use crate::store::archive::{ChainExport, ExportRange, RangeError};
pub use crate::store::{
    Ban, BookEntry as KnownPeer, MAX_BAN, RecordLocation, RecordPlace, StoreError, StoredBlock,
    View, panic_message,
};
pub use clock::{ClockFault, duration_text};
pub use command::Imported;
pub use config::NodeConfig;
pub use error::{FindError, ImportError, MineError, NodeFailure};
pub use handle::{KnownRecord, NodeHandle, PendingEntry, PendingIds, ReorgRecord, ReorgRecords};
pub use import::append::Appending;
pub use import::fork_point::HeldAncestor;
pub use import::offer::Branch;
pub use index::search::{MAX_SEARCH_HITS, SearchHits, SearchedRecord};
pub use metrics::{Counter, Histogram, HistogramSnapshot, Metrics, Millionths, PeerMetrics};
pub use mining::request::Mined;
pub use node::Node;
pub use peering::links::{
    DialError, Dialect, DialledPeer, Direction, LinkCommand, LinkInfo, LinkServer, Links,
};
pub use peering::peer_url::{PeerUrl, PeerUrlError, is_local_service};
pub use peering::peers_file::{PeersFileError, read_peers_file};
pub use peering::progress::{PeerSplit, SyncProgress, SyncState};
pub use receipts::{NoReceipt, ReceiptTip};
pub use records::disconnected::DisconnectedPlace;
pub use records::pending_backup::PendingBackup;
pub use records::pool::{PoolPlace, PoolUsage};
pub use records::submission::{Acknowledged, RecordState, SubmitError};
pub use reorg_log::{AUDIT, AUDIT_RECORDS};
pub use status::{Disconnection, DiskStatus, HeldBlock, MinedBlocks, NodeStatus, ReorgSummary};
pub use stopped::StoppedNode;
