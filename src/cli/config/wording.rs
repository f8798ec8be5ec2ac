//! What the reader of TOML expects, in the words of somebody who writes it.

/// The message of an error, without the names of types of the program.
pub(super) fn in_words(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let expected = match expected.trim_end() {
        "u64" | "usize" => "a whole number",
        "a string" | "string" => "a text in quotes",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list in brackets",
        other if other.starts_with("struct ") => "a table",
        other => other,
    };
    format!("{found}, expected {expected}")
}
