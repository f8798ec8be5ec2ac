//! What somebody else wrote, in a sentence of this node's.

/// The text between backticks, with every character escaped that does not print.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('`');
    for character in text.chars() {
        if matches!(character, '"' | '\'' | '\\') {
            out.push(character);
        } else {
            out.extend(character.escape_debug());
        }
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests;
