//! The disconnected blocks that have a record.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::http::problem::Problem;
use crate::chain::{BlockId, Hash, Timestamp};
use crate::node::NodeHandle;

/// A block that has a record, and that a reorg disconnected.
#[derive(Serialize, ToSchema)]
#[schema(as = DisconnectedPlace)]
pub(super) struct Place {
    #[serde(flatten)]
    pub(super) block: BlockId,
    time: Timestamp,
}

/// Returns the disconnected blocks of each of these records, the latest first.
pub(super) async fn places(
    node: &NodeHandle,
    ids: impl IntoIterator<Item = Hash>,
) -> Result<Vec<Vec<Place>>, Problem> {
    let places = node.disconnected_places(ids.into_iter().collect()).await?;
    let of_one = places.into_iter().map(|places| {
        let places = places.iter().map(|place| Place { block: place.block, time: place.time });
        places.collect()
    });
    Ok(of_one.collect())
}
