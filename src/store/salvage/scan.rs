//! Reading a tree from both ends to where it is damaged.

use crate::store::StoreError;
use crate::store::sled::errors::{guarded, read_error};

/// What is told of an entry's key and value.
type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'a;

/// Gives the entries of a tree whose keys begin with `prefix` to `each`: in order to the first
/// damage, and then from the end down to it. Returns whether all of them were read.
///
/// # Errors
/// That of `each`.
pub(super) fn scan(
    tree: &sled::Tree,
    prefix: &[u8],
    each: &mut Visit<'_>,
) -> Result<bool, StoreError> {
    let mut last = None;
    let mut forward = guarded(|| Ok(tree.scan_prefix(prefix)));
    let is_whole = loop {
        let Ok(iter) = &mut forward else { break false };
        match guarded(|| iter.next().transpose().map_err(read_error)) {
            Ok(Some((key, value))) => {
                each(&key, &value)?;
                last = Some(key);
            }
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    if is_whole {
        return Ok(true);
    }
    let Ok(mut backward) = guarded(|| Ok(tree.scan_prefix(prefix))) else { return Ok(false) };
    while let Ok(Some((key, value))) =
        guarded(|| backward.next_back().transpose().map_err(read_error))
    {
        if last.as_ref().is_some_and(|last| key <= *last) {
            break;
        }
        each(&key, &value)?;
    }
    Ok(false)
}
