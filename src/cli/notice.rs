//! Lines for people beside a command's result, on standard error.

use std::io::Write as _;

use super::output::escape;
use super::progress;

/// Says something that is no error. Where standard error is gone, nobody is left to tell.
pub fn notice(text: &str) {
    progress::beside_bar(|| drop(writeln!(std::io::stderr(), "{}", escape(text))));
}
