//! A small ledger node: an append-only chain of records, agreed on by proof of work.

pub mod api;
pub mod chain;
pub mod node;
pub mod store;
