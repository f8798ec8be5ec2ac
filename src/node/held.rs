//! A block of any branch, by height and hash.

use super::{HeldBlock, StoreError};
use crate::chain::BlockId;
use crate::store::Reader;

/// Looks at a block that a reorg may move from one place to the other meanwhile.
const FIND_ATTEMPTS: usize = 8;

/// The block, on any branch; `None` if it is not held. Whether a reorg disconnected it is
/// for the caller to add.
pub(super) fn find(reader: &Reader, id: BlockId) -> Result<Option<HeldBlock>, StoreError> {
    for _ in 0..FIND_ATTEMPTS {
        let view = reader.view();
        let main = view.header(id.height)?.map(|header| header.hash);
        if main == Some(id.hash) {
            if let Some(block) = view.block(id.height)? {
                return Ok(Some(HeldBlock {
                    block,
                    is_main: true,
                    replaced_by: None,
                    disconnected: None,
                }));
            }
        } else if let Some(block) = reader.branch_block(id)? {
            return Ok(Some(HeldBlock {
                block,
                is_main: false,
                replaced_by: main,
                disconnected: None,
            }));
        }
        if view.is_main() {
            break;
        }
    }
    Ok(None)
}
