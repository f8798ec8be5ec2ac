//! The miner's view of a header: one SHA-256 compression per attempt.

use sha2::block_api::compress256;

use super::{Hash, Header};

/// SHA-256's initial state (FIPS 180-4 section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A header's length in bits, the last word of SHA-256's padding.
const BIT_LENGTH: [u8; 8] = (132_u64 * 8).to_be_bytes();

/// The state of SHA-256 after a header's first 128 bytes.
///
/// Only the nonce's low 32 bits lie behind them, so one midstate serves 2^32
/// attempts.
#[derive(Clone, Copy, Debug)]
pub struct Midstate {
    state: [u32; 8],
    block: [u8; 64],
}

impl Midstate {
    /// Hashes everything of `header` but the nonce's low 32 bits, which are ignored.
    pub fn of(header: &Header) -> Self {
        let bytes = header.encode();
        let (blocks, _) = bytes.as_chunks::<64>();
        let mut state = INITIAL;
        compress256(&mut state, blocks);

        let mut block = [0; 64];
        block[4] = 0x80;
        block[56..].copy_from_slice(&BIT_LENGTH);
        Self { state, block }
    }

    /// The block hash with these low 32 bits of the nonce.
    pub fn hash(&mut self, nonce_low: u32) -> Hash {
        self.block[..4].copy_from_slice(&nonce_low.to_be_bytes());
        let mut state = self.state;
        compress256(&mut state, &[self.block]);
        let mut bytes = [0; 32];
        for (word, out) in state.iter().zip(bytes.as_chunks_mut::<4>().0) {
            *out = word.to_be_bytes();
        }
        Hash::new(bytes)
    }
}

#[cfg(test)]
mod tests;
