//! What we say to peers and when: both dialects as one state machine without I/O.
//!
//! [`SyncMachine`] is told what happened ([`Input`]) and the time, and returns with what
//! to do ([`Output`]). It owns no socket, clock, disk or task, so the same code is driven
//! by `p2p` and by a plain loop with thousands of nodes. `docs/p2p.md` has the rules.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![deny(clippy::indexing_slicing)]
// A test that overflows fails, which is what it is for.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod binary;
mod ids;
mod input;
mod json;
mod log_once;
mod machine;
pub mod message;
mod outgoing;
mod output;
mod relaying;
mod split;
mod step;
mod time;

pub use binary::{BinaryConfig, Progress, SyncState, WRONG_BODY};
pub use ids::{LinkId, Origin};
pub use input::{
    BinaryInput, BlockOutcome, ChainOutcome, Held, ImportOutcome, Input, JsonInput, Refusal,
    TipChange,
};
pub use machine::SyncMachine;
pub use outgoing::{BinaryOutgoing, JsonOutgoing, Outgoing};
pub use output::{Note, Output, Redial};
pub use relaying::{RecordPlace, RelayInput, RelayOutput};
pub use split::Split;
pub use time::Time;

/// Another chain: nothing that it says can ever be of use here.
const FOREIGN_GENESIS: &str = "this is another chain: its genesis block differs";
