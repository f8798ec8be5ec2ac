//! One integration-test binary; each module is a tier, or what tiers share.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and may say what it saw"
)]

mod abuse;
mod answers;
mod api;
mod architecture;
mod binary;
mod binary_sim;
mod cli_dump;
mod cli_init;
mod cli_log;
mod cli_peer;
mod cli_remote;
mod cli_repair;
mod cli_run;
mod cli_status;
mod cli_verify;
mod cluster;
mod crash;
mod damage;
mod descriptors;
mod golden;
mod harness;
mod migration;
mod peers;
mod persistence;
mod process;
mod proxy;
mod real_text;
mod seed;
mod simulation;
