//! A small ledger node: an append-only chain of records, agreed on by proof of work.
//!
//! # Layers
//!
//! Each layer names only those above it in this table; `tests/it/architecture.rs` holds that.
//! Read in the same order. `ARCHITECTURE.md` says more.
//!
//! | layer | module | may touch |
//! | --- | --- | --- |
//! | rules | [`chain`] | nothing: pure functions over values |
//! | protocol | [`sync`] | nothing: a state machine over values |
//! | disk | [`store`] | the data directory |
//! | state | [`node`] | threads, the clock |
//! | dialect | [`sync`] | nothing: a state machine |
//! | peers | [`p2p`] | sockets, the clock |
//! | HTTP | [`api`] | sockets |
//! | edge | [`cli`] | arguments, environment, standard streams, signals |

pub mod api;
pub mod chain;
pub mod cli;
pub mod node;
pub mod p2p;
pub mod store;
pub mod sync;
