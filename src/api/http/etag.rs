//! Entity tags: the hash of a block, as a weak tag (RFC 9110 section 8.8.3).

use http::HeaderValue;
use http::header::{HeaderMap, IF_NONE_MATCH};

use super::problem::Problem;
use crate::chain::Hash;

/// What the client says it holds: `If-None-Match` (RFC 9110 section 13.1.2), with
/// weak comparison.
#[derive(Clone)]
pub(in crate::api) struct IfNoneMatch {
    any: bool,
    hashes: Vec<Hash>,
}

impl IfNoneMatch {
    /// Reads the header; tags that are not ours match nothing.
    pub(in crate::api) fn of(headers: &HeaderMap) -> Self {
        let mut held = Self { any: false, hashes: Vec::new() };
        for value in headers.get_all(IF_NONE_MATCH) {
            // Our tags hold no comma, so that a split finds all of them.
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                held.any |= tag == "*";
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                held.hashes.extend(quoted.and_then(|tag| tag.parse::<Hash>().ok()));
            }
        }
        held
    }

    /// Whether the client holds what this hash names.
    pub(in crate::api) fn has(&self, hash: &Hash) -> bool {
        self.any || self.hashes.contains(hash)
    }
}

/// Returns the tag of what this hash names.
///
/// # Errors
/// None: hexadecimal digits in quotes are a header's value.
pub(in crate::api) fn weak(hash: &Hash) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(format!("W/\"{hash}\"")).map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests;
