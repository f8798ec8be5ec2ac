//! The records of the latest blocks, for the time in which too many blocks are not indexed to find
//! all records: what was just mined is found nevertheless.

use super::Index;
use super::tail::Room;
use crate::chain::Hash;
use crate::node::StoreError;
use crate::store::{Reader, RecordLocation};

/// The latest blocks whose records are found whatever the index lacks.
const MAX_RECENT_BLOCKS: usize = 1_024;

/// Most records of these blocks, one larger block alone: with their blocks 0.6 MiB.
const MAX_RECENT_RECORDS: usize = 65_536;

/// Room for them.
const RECENT_ROOM: Room = Room { blocks: MAX_RECENT_BLOCKS, records: MAX_RECENT_RECORDS };

/// Places whose blocks are read at a time.
const RECENT_PAGE: usize = 16;

impl Index {
    /// Finds a record in the latest blocks of the main chain; `None` if none of these has it. An
    /// earlier block may have it too.
    pub(in crate::node) fn find_recent(
        &self,
        reader: &Reader,
        id: &Hash,
    ) -> Result<Option<RecordLocation>, StoreError> {
        let mut recent = self.recent();
        let view = reader.view();
        recent.follow_end(&view, RECENT_ROOM)?;
        let mut above = None;
        loop {
            let places = recent.places(id, above, RECENT_PAGE);
            let found = view.first_with_record(id, &places)?;
            above = places.last().copied();
            if found.is_some() || above.is_none() {
                return Ok(found);
            }
        }
    }
}
