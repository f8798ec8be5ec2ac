//! The first frame of a chain file: which chain it holds, and from which block on.

use crate::chain::{BlockId, Hash, Height, MAX_SAFE_INTEGER, Spec};

/// Own records and marks may follow the blocks.
const HAS_OWN: u8 = 1;

/// Which chain a file holds, and from where on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Start {
    /// The chain.
    pub spec: Spec,
    /// The block before the first one; `None` when the file begins with genesis.
    pub parent: Option<BlockId>,
    /// Whether own records and marks follow the blocks.
    pub has_own: bool,
}

impl Start {
    /// The height of the first block.
    pub fn from(&self) -> Height {
        self.parent.map_or(Height::GENESIS, |parent| parent.height.next())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![if self.has_own { HAS_OWN } else { 0 }];
        out.extend_from_slice(self.spec.genesis().hash().as_bytes());
        out.extend_from_slice(&self.from().get().to_be_bytes());
        let parent = self.parent.map_or(Hash::ZERO, |parent| parent.hash);
        out.extend_from_slice(parent.as_bytes());
        out.extend_from_slice(self.spec.canonical_text().as_bytes());
        out
    }

    /// Reads what [`Start::encode`] wrote; else says what is wrong.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let parts = bytes.split_first().and_then(|(flags, rest)| {
            let (id, rest) = rest.split_first_chunk::<{ Hash::BYTES }>()?;
            let (from, rest) = rest.split_first_chunk()?;
            let (parent, spec) = rest.split_first_chunk::<{ Hash::BYTES }>()?;
            Some((*flags, Hash::new(*id), u64::from_be_bytes(*from), Hash::new(*parent), spec))
        });
        let (flags, id, from, parent, spec) = parts.ok_or("the first frame is too short")?;
        if flags > HAS_OWN {
            return Err("the first frame has unknown flags".to_owned());
        }
        let spec = std::str::from_utf8(spec).map_err(|_| "the chain spec is not UTF-8")?;
        let spec = Spec::from_canonical(spec).map_err(|error| error.to_string())?;
        if spec.genesis().hash() != id {
            return Err("the chain id is not that of the chain spec".to_owned());
        }
        if from > MAX_SAFE_INTEGER || from == 0 && parent != Hash::ZERO {
            return Err("the first block's place is impossible".to_owned());
        }
        let below = |height| BlockId { height, hash: parent };
        Ok(Self { spec, parent: Height::new(from).parent().map(below), has_own: flags == HAS_OWN })
    }
}
