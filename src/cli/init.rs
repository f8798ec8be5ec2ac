//! `jenny init`: creates a data directory, or adds a user to one. Asks nothing.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::{InitArgs, Role};
use super::config::{CONFIG_FILE, USERS_FILE, template};
use super::exit::Failure;
use super::offline;
use super::remote::read_password;
use super::signal::Unfinished;
use crate::api::{self, User, Users};
use crate::chain::Spec;
use crate::store::{Options, StoreError};

/// Runs the command.
pub(super) fn run(args: &InitArgs) -> Result<()> {
    let dir = &args.data_dir.path;
    // All that can be wrong with the arguments is found before anything is written.
    let user = match (&args.user, &args.password_file) {
        (Some(name), Some(file)) => Some(new_user(name, file, args.role)?),
        _ => None,
    };
    let users_file = dir.join(USERS_FILE);
    let users = user.map(|user| with_user(&users_file, user)).transpose()?;
    let wanted = args.chain.as_deref().map(chain).transpose()?;
    if let Some(stored) = stored_chain(dir)? {
        let is_other = matches!((&stored, &wanted), (Stored::Known(a), Some(b)) if a != b);
        let has_settings = dir.join(CONFIG_FILE).exists();
        if is_other || users.is_none() && has_settings {
            let dir = dir.display();
            return Err(Failure::usage(format!("{dir} holds a chain already"))
                .hint("start it with `jenny run`, or choose another --data-dir")
                .hint(format!(
                    "`jenny init --data-dir {dir} --user NAME --password-file FILE` adds a user"
                ))
                .into());
        }
        if !has_settings {
            write_settings(dir)?;
        }
    } else {
        create(dir, wanted.unwrap_or_else(Spec::jenny))?;
    }
    if let Some(users) = users {
        write_users(&users_file, &users)?;
        let file = users_file.display();
        super::print(&format!("added a user to {file}; a running node reads it on SIGHUP"))?;
    }
    Ok(())
}

/// The chain that `--chain` names.
pub(super) fn chain(name: &str) -> Result<Spec> {
    match name {
        "jenny" => Ok(Spec::jenny()),
        "dev" => Ok(Spec::dev()),
        file => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Failure::usage(format!("the chain spec {file} cannot be read"))
                    .because(error)
                    .hint("--chain takes `jenny`, `dev` or the name of a file")
            })?;
            Spec::parse(&text).map_err(|error| Failure::usage(format!("{file}: {error}")).into())
        }
    }
}

/// A chain that a directory holds.
enum Stored {
    /// This one.
    Known(Spec),
    /// A running node has it open, so that it cannot be looked at.
    InUse,
}

fn stored_chain(dir: &Path) -> Result<Option<Stored>> {
    match offline::open_any(dir) {
        Ok(opened) => Ok(Some(Stored::Known(opened.spec))),
        Err(StoreError::Locked { .. }) => Ok(Some(Stored::InUse)),
        Err(StoreError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn create(dir: &Path, spec: Spec) -> Result<()> {
    let name = spec.name().to_owned();
    let options = Options { chain: Some(spec), min_free_bytes: 0, ..Options::default() };
    let opened = offline::open_with(dir, &options)?;
    let genesis = opened.reader.tip().hash;
    drop(opened);
    super::print(&format!("created chain {name} in {}, genesis {genesis}", dir.display()))?;
    write_settings(dir)
}

/// Writes the settings file with every key commented out.
fn write_settings(dir: &Path) -> Result<()> {
    let config = dir.join(CONFIG_FILE);
    match OpenOptions::new().write(true).create_new(true).open(&config) {
        Ok(mut file) => {
            file.write_all(template().as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("{} cannot be written", config.display()))?;
            super::print(&format!("created {}", config.display()))
        }
        // Settings that were prepared before the chain are kept.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            super::print(&format!("kept {}", config.display()))
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", config.display())),
    }
}

fn new_user(name: &str, password_file: &Path, role: Role) -> Result<User> {
    let hash = api::hash_password(&read_password(password_file)?)?;
    let role = match role {
        Role::Reader => api::Role::Reader,
        Role::Operator => api::Role::Operator,
    };
    Ok(User { name: name.to_owned(), hash, role })
}

/// The users of a file; none when there is no file.
pub(super) fn read_users(file: &Path) -> Result<Users> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Users::default()),
        Err(error) => {
            let message = format!("the users' file {} cannot be read", file.display());
            return Err(Failure::usage(message).because(error).into());
        }
    };
    Users::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())).into())
}

fn with_user(file: &Path, user: User) -> Result<Users> {
    let users = read_users(file)?;
    if users.as_slice().iter().any(|known| known.name == user.name) {
        let message = format!("{} lists a user `{}` already", file.display(), user.name);
        return Err(Failure::usage(message)
            .hint("remove that entry first, or choose another name")
            .into());
    }
    let mut list = users.as_slice().to_vec();
    list.push(user);
    Users::new(list).map_err(|error| Failure::usage(error.to_string()).into())
}

/// Replaces the file in one step, readable by its owner alone.
fn write_users(file: &Path, users: &Users) -> Result<()> {
    let text = users.to_toml()?;
    let write = || -> std::io::Result<()> {
        let temporary = PathBuf::from(format!("{}.{}.part", file.display(), std::process::id()));
        let unfinished = Unfinished::default();
        unfinished.set(temporary.clone());
        let mut part =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        part.write_all(text.as_bytes())?;
        part.sync_all()?;
        unfinished.keep_as(file)?;
        file.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    write().with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests;
