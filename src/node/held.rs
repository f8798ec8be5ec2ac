//! A block of any branch, by height and hash.

use super::{HeldBlock, StoreError};
use crate::chain::{Hash, Height};
use crate::store::Reader;

/// Looks at a block that a reorg may move from one place to the other meanwhile.
const LOOKS: usize = 8;

/// The block, on any branch; `None` if it is not held. Whether a reorg disconnected it is
/// for the caller to add.
pub(super) fn find(
    reader: &Reader,
    height: Height,
    hash: &Hash,
) -> Result<Option<HeldBlock>, StoreError> {
    for _ in 0..LOOKS {
        let view = reader.view();
        let main = view.header(height)?.map(|header| header.hash);
        if main == Some(*hash) {
            if let Some(block) = view.block(height)? {
                return Ok(Some(HeldBlock {
                    block,
                    is_main: true,
                    replaced_by: None,
                    disconnected: None,
                }));
            }
        } else if let Some(block) = reader.branch_block(height, hash)? {
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
