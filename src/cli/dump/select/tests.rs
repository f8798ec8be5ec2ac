//! Tests of what fits the start of a hash.

use super::*;
use crate::cli::exit::{Code, code_of, text_of};

#[test]
fn one_block_fits_or_all_that_fit_are_named() {
    let prefix = HashPrefix("00".to_owned());
    let mut candidates = Candidates::default();
    assert_eq!(candidates.only(&prefix).unwrap(), None);
    candidates.add(Height::new(7), Hash::ZERO);
    assert_eq!(candidates.only(&prefix).unwrap(), Some((Height::new(7), Hash::ZERO)));
    for height in 8..30 {
        candidates.add(Height::new(height), Hash::ZERO);
    }
    let error = candidates.only(&prefix).unwrap_err();
    assert_eq!(code_of(&error), Code::Usage);
    let text = text_of(&error);
    assert!(text.contains("the hashes of 23 blocks begin with 00\n"), "{text}");
    assert!(text.contains(&format!("hint: block 8 is {}\n", Hash::ZERO)), "{text}");
    assert_eq!(text.lines().count(), 2 + MAX_CANDIDATES);
}
