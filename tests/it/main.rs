//! One integration-test binary; each module is a tier.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod golden;
