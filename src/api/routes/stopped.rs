//! The stopped node of which this one is a read-only view, as the status shows it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::chain::Timestamp;
use crate::node::StoppedNode;

/// What a read-only view shows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stopped {
    /// The data directory.
    directory: String,
    /// When it was read.
    read_at: Timestamp,
    /// What had to be mended to open it.
    repairs: Vec<String>,
}

impl Stopped {
    pub(super) fn of(stopped: &StoppedNode) -> Self {
        let StoppedNode { directory, read_at, repairs } = stopped.clone();
        Self { directory, read_at, repairs }
    }
}
