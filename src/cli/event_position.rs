//! What `jenny events` takes for a position and for names of events.

/// Longest position: two numbers of 16 digits, a hash, and two hyphens.
const MAX_POSITION_BYTES: usize = 16 + 1 + 64 + 1 + 16;

/// Checks the characters of a position; what it means is for the node to say.
pub(super) fn check_position(text: &str) -> Result<String, String> {
    let is_known = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    if text.is_empty() || text.len() > MAX_POSITION_BYTES || !text.bytes().all(is_known) {
        return Err("a position is written HEIGHT-HASH-N".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn check_types(text: &str) -> Result<String, String> {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'.' | b',');
    if text.is_empty() || !text.bytes().all(is_known) {
        return Err("write names of events, separated by commas".to_owned());
    }
    Ok(text.to_owned())
}
