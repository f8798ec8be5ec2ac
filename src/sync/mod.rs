//! What we say to peers and when: both dialects as one state machine without I/O.
//!
//! [`SyncMachine`] is told what happened ([`Input`]) and the time, and answers with what
//! to do ([`Output`]). It owns no socket, clock, disk or task, so the same code is driven
//! by `p2p` and by a plain loop with thousands of nodes. `docs/p2p.md` has the rules.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![deny(clippy::indexing_slicing)]
// A test that overflows fails, which is what it is for.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod input;
mod limits;
mod link;
mod machine;
mod mark;
pub mod message;
mod native;
mod noted;
mod output;
mod receiving;
mod sending;
mod split;
mod time;
mod turn;

pub use input::{BlockVerdict, ChainVerdict, ConnectOutcome, Held, Input, TipChange};
pub use machine::SyncMachine;
pub use mark::{ForkPoint, LinkId, Mark, Origin};
pub use native::{NativeConfig, Progress, SyncState};
pub use output::{DeepFork, Note, Output, Redial};
pub use split::Split;
pub use time::Time;
