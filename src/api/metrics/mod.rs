//! What `GET /metrics` counts and how it is written down: `docs/metrics.md` lists every name.

pub(super) mod exposition;
pub(super) mod process;
pub(super) mod requests;
