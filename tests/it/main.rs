//! One integration-test binary; each module is a tier, or what tiers share.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and may say what it saw"
)]

mod answers;
mod api;
mod architecture;
mod circles;
mod cli;
mod crash;
mod damage;
mod descriptors;
mod documents;
mod golden;
mod migration;
mod p2p;
mod persistence;
mod process;
mod real_text;
mod receipts;
mod salvage;
mod sim;
mod support;
mod tls;
mod words;
