//! Who may call: names, password hashes and roles, as `users.toml` lists them.

use std::collections::HashSet;
use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::quoted::quoted;

/// Most users in a file. A user costs about 200 bytes, and 80 more once verified.
pub const MAX_USERS: usize = 1_024;

/// Longest user name, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// What a user may do; each role may also what the ones before it may.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Watch the node: its status.
    Monitor,
    /// Read: every GET.
    Reader,
    /// Add records to the chain.
    Writer,
    /// Change the node: its peers, bans and forks.
    Operator,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Monitor => "monitor",
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Operator => "operator",
        })
    }
}

/// One user.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name; not empty, without `:` and control characters.
    pub name: String,
    /// Argon2id hash of the password in PHC form, `$argon2id$v=19$..`.
    pub hash: String,
    /// What the user may do.
    pub role: Role,
}

/// All users. With none, the API's default credentials count.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Users(Vec<User>);

/// Why a text is no list of users.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// Not TOML, or a key is unknown, missing or of another type.
    #[error("{0}")]
    Toml(String),
    /// A name that Basic authentication cannot carry, or that is too long.
    #[error(
        "user {}: a name has 1 to {MAX_NAME_BYTES} bytes and neither `:` nor control characters",
        quoted(name)
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A hash that is not argon2id in PHC form.
    #[error(
        "user {}: `hash` must be an argon2id hash in PHC form; write it with `jenny user passwd NAME`",
        quoted(name)
    )]
    Hash {
        /// The user's name.
        name: String,
    },
    /// The same name twice.
    #[error("user {} is listed twice; remove one of the entries", quoted(name))]
    Repeated {
        /// The name.
        name: String,
    },
    /// More users than are held.
    #[error("there are {found} users; the limit is {MAX_USERS}")]
    TooMany {
        /// How many.
        found: usize,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    user: Vec<User>,
}

impl Users {
    /// Checks and wraps a list.
    ///
    /// # Errors
    /// The first invalid entry, or too many of them.
    pub fn new(users: Vec<User>) -> Result<Self, UsersError> {
        if users.len() > MAX_USERS {
            return Err(UsersError::TooMany { found: users.len() });
        }
        let mut names = HashSet::new();
        for user in &users {
            user.check()?;
            if !names.insert(user.name.as_str()) {
                return Err(UsersError::Repeated { name: user.name.clone() });
            }
        }
        Ok(Self(users))
    }

    /// Reads the text of `users.toml`: `[[user]]` tables of `name`, `hash`, `role`.
    ///
    /// # Errors
    /// When the text is not that, with its line, or as [`Users::new`].
    pub fn parse(text: &str) -> Result<Self, UsersError> {
        let file: File =
            toml::from_str(text).map_err(|error| UsersError::Toml(error.to_string()))?;
        Self::new(file.user)
    }

    /// The text that [`Users::parse`] reads.
    ///
    /// # Errors
    /// Never, for names and hashes that [`Users::new`] took.
    pub fn to_toml(&self) -> Result<String, UsersError> {
        toml::to_string(&File { user: self.0.clone() })
            .map_err(|error| UsersError::Toml(error.to_string()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The users, in the file's order.
    pub fn as_slice(&self) -> &[User] {
        &self.0
    }
}

impl User {
    fn check(&self) -> Result<(), UsersError> {
        let name = || self.name.clone();
        let is_sound = (1..=MAX_NAME_BYTES).contains(&self.name.len())
            && !self.name.contains(|c: char| c == ':' || c.is_control());
        if !is_sound {
            return Err(UsersError::Name { name: name() });
        }
        let is_argon2id = PasswordHash::new(&self.hash)
            .is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some());
        if !is_argon2id {
            return Err(UsersError::Hash { name: name() });
        }
        Ok(())
    }
}

/// The hash is no secret like the password, but it does not belong in logs.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
