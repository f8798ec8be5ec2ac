//! Passwords: which may be set, and their hashes.

use argon2::password_hash::try_generate_salt;
use argon2::{Argon2, PasswordHasher};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Fewest characters of a password that is set.
pub const MIN_PASSWORD_CHARS: usize = 12;

/// Longest password that is set, in bytes: with the longest name it fits the
/// `Authorization` header that the API takes.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// Why a password cannot be set.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It is guessed too easily.
    #[error("the password has {found} characters; it needs at least {MIN_PASSWORD_CHARS}")]
    TooShort {
        /// How many characters it has.
        found: usize,
    },
    /// No client could send it.
    #[error("the password has {found} bytes; the limit is {MAX_PASSWORD_BYTES}")]
    TooLong {
        /// How many bytes it has.
        found: usize,
    },
    /// Basic authentication cannot carry it (RFC 7617 section 2).
    #[error(
        "the password contains a line break or another control character; it must be one line of text"
    )]
    Control,
}

/// The password could not be hashed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(String);

/// Checks that a password may be set.
///
/// # Errors
/// When it is too short, too long, or holds a control character.
pub fn check_password(password: &str) -> Result<(), PasswordError> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::TooLong { found: password.len() });
    }
    if password.contains(char::is_control) {
        return Err(PasswordError::Control);
    }
    let found = password.chars().count();
    if found < MIN_PASSWORD_CHARS {
        return Err(PasswordError::TooShort { found });
    }
    Ok(())
}

/// Returns a new password of 128 random bits, 22 letters and digits and `+` and `/`.
///
/// # Errors
/// When the system gives no random numbers.
pub fn random_password() -> Result<String, HashError> {
    let random = try_generate_salt().map_err(|error| HashError(error.to_string()))?;
    Ok(STANDARD_NO_PAD.encode(random))
}

/// Hashes a password with argon2id, its default costs (19 MiB, about 50 ms) and a
/// fresh salt.
///
/// # Errors
/// When the system gives no random numbers.
pub fn hash_password(password: &str) -> Result<String, HashError> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| HashError(error.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests;
