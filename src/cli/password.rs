//! Where a password comes from: a file, standard input, or somebody at the terminal.

use std::io::{Read as _, Result as IoResult};
use std::path::Path;

use anyhow::Result;

use super::args::Role;
use super::exit::Failure;
use super::output::escape;
use super::{terminal, text_file};
use crate::api::{self, User};

/// The name of a file that means standard input.
const STDIN: &str = "-";

/// Most bytes that are read of standard input: more than the longest password.
const MAX_STDIN_BYTES: u64 = 8 << 10;

/// How often a new password is asked for.
const MAX_TRIES: usize = 3;

const HINT: &str = "`openssl rand -base64 24` prints a good password";

/// The password in a file, or on standard input if the file is `-`: all of it but a byte order
/// mark and one line end at its end.
pub(super) fn read(file: &Path) -> Result<String> {
    let is_stdin = file == Path::new(STDIN);
    let name =
        if is_stdin { "standard input".to_owned() } else { format!("file {}", file.display()) };
    let text = if is_stdin { read_stdin() } else { text_file::read(file) };
    let text = text.map_err(|error| {
        let failure = Failure::usage(format!("the password {name} cannot be read"));
        let is_text = error.kind() != std::io::ErrorKind::InvalidData;
        let failure = failure.because(error);
        if is_text { failure } else { failure.hint("save it as UTF-8") }
    })?;
    // Some editors put a byte order mark in front.
    let password = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let password = password.strip_suffix('\n').unwrap_or(password);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::usage(format!("the password {name} is empty")).into());
    }
    Ok(password.to_owned())
}

fn read_stdin() -> IoResult<String> {
    let mut text = String::new();
    std::io::stdin().lock().take(MAX_STDIN_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// A new password for a user: that of a file, or else asked for twice.
///
/// # Errors
/// When it cannot be set, or when nobody can be asked.
pub(super) fn new(name: &str, file: Option<&Path>) -> Result<String> {
    if let Some(file) = file {
        return of_file(file);
    }
    if !terminal::is_there() {
        return Err(Failure::usage(format!("no password for user `{name}`"))
            .hint("give --password-file FILE; `-` reads standard input")
            .into());
    }
    ask_new(name)
}

/// A new password, that of a file or of standard input.
///
/// # Errors
/// When it cannot be read, or cannot be set.
pub(super) fn of_file(file: &Path) -> Result<String> {
    let password = read(file)?;
    api::check_password(&password).map_err(|error| {
        let place = file.display().to_string();
        let place = if place == STDIN { "standard input".to_owned() } else { place };
        Failure::usage(format!("{place}: {error}")).hint(HINT)
    })?;
    Ok(password)
}

/// Asks for a new password until it may be set and was typed twice in the same way.
fn ask_new(name: &str) -> Result<String> {
    let password = ask_twice(&format!("password for {}: ", escape(name)))?;
    password.ok_or_else(|| Failure::usage("no password was typed; nothing was changed").into())
}

/// As [`ask_new`]; returns `None` if nothing is typed, which gives what `default` says.
pub(super) fn ask_new_or_empty(name: &str, default: &str) -> Result<Option<String>> {
    ask_twice(&format!("password for {} {default}: ", escape(name)))
}

fn ask_twice(question: &str) -> Result<Option<String>> {
    for _ in 0..MAX_TRIES {
        let password = terminal::ask_secret(question)?;
        if password.is_empty() {
            return Ok(None);
        }
        if let Err(error) = api::check_password(&password) {
            terminal::tell(&format!("{error}\n"));
            continue;
        }
        if terminal::ask_secret("the same again: ")? == password {
            return Ok(Some(password));
        }
        terminal::tell("the two passwords differ\n");
    }
    Err(Failure::usage(format!("no valid password in {MAX_TRIES} tries; nothing was changed"))
        .hint(HINT)
        .into())
}

/// A user with the hash of a password.
pub(super) fn user(name: &str, password: &str, role: api::Role) -> Result<User> {
    Ok(User { name: name.to_owned(), hash: api::hash_password(password)?, role })
}

impl From<Role> for api::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Monitor => Self::Monitor,
            Role::Reader => Self::Reader,
            Role::Writer => Self::Writer,
            Role::Operator => Self::Operator,
        }
    }
}

#[cfg(test)]
mod tests;
