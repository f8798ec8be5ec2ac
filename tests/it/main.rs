//! One integration-test binary; each module is a tier, or what tiers share.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod api;
mod architecture;
mod golden;
mod harness;
