//! A small ledger node: an append-only chain of records, agreed on by proof of work.
//!
//! # Layers
//!
//! Each layer names only layers above it in this table, as `tests/it/architecture.rs` enforces.
//! The table is also a good order for reading; `ARCHITECTURE.md` has the details.
//!
//! | layer | module | may touch |
//! | --- | --- | --- |
//! | rules | [`chain`] | nothing: pure functions over values |
//! | TLS | [`tls`] | certificates and keys in files |
//! | dialects | [`sync`] | nothing: a state machine over values |
//! | disk | [`store`] | the data directory |
//! | state | [`node`] | threads, the clock |
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
pub mod tls;
