//! `jenny init`: creates a data directory, or adds a user to one. Asks nothing.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use super::args::{InitArgs, Role};
use super::chain_choice::{self, check_spec_out, keep_spec, key_of, to_create, write_spec_out};
use super::config::{CONFIG_FILE, template};
use super::exit::Failure;
use super::offline;
use super::remote::read_password;
use super::users::UsersFile;
use crate::api::{self, User};
use crate::chain::Spec;
use crate::store::{Options, StoreError};

/// Runs the command. What was done is printed when all of it is done: a reader of standard
/// output that left must not keep a user from being added. The exit code tells of the work,
/// whether or not these lines reach anybody.
pub(super) fn run(args: &InitArgs) -> Result<()> {
    let done = make(args)?;
    drop(done.iter().try_for_each(|line| super::print(line)));
    Ok(())
}

/// Does the work, and returns a line or two for each thing that was done.
fn make(args: &InitArgs) -> Result<Vec<String>> {
    let dir = &args.data_dir.path;
    let users = UsersFile::of(dir);
    // All that can be wrong with the arguments is found before anything is written.
    let user = match (&args.user, &args.password_file) {
        (Some(name), Some(file)) => Some(new_user(name, file, args.role)?),
        _ => None,
    };
    if let Some(user) = &user {
        users.with(user.clone())?;
    }
    let wanted = chain_choice::wanted(args, SystemTime::now())?;
    let spec_out = check_spec_out(args)?;
    let stored = stored_chain(dir)?;
    let has_settings = dir.join(CONFIG_FILE).exists();
    if let Some(stored) = &stored {
        let is_other = match (stored, &wanted) {
            (Stored::Known(stored), Some(wanted)) => stored != wanted,
            _ => args.new_chain.is_some(),
        };
        if is_other || user.is_none() && has_settings {
            let message = format!("{} already holds a chain", dir.display());
            return Err(Failure::usage(message)
                .hint("start it with `jenny run`, or choose another --data-dir")
                .hint(users.advice())
                .into());
        }
    }
    // The chain, as far as it is known, and whether it is to be created.
    let (spec, is_new) = match stored {
        Some(Stored::Known(spec)) => (Some(spec), false),
        Some(Stored::InUse) => (None, false),
        None => (Some(to_create(dir, wanted)?), true),
    };
    let mut done = Vec::new();
    // Before the chain: a directory must never be left with a chain and without its user, or
    // without the spec that the other nodes need, since neither can be made up for.
    let written = match (&spec, &spec_out) {
        (Some(spec), Some(file)) => Some(write_spec_out(dir, spec, file)?),
        _ => None,
    };
    let added = user.is_some();
    let made = user.map_or(Ok(()), |user| users.add(user)).and_then(|()| match &spec {
        Some(spec) if is_new => create(dir, spec.clone()).map(Some),
        _ => Ok(None),
    });
    if let (Err(_), Some(file)) = (&made, &spec_out) {
        // It describes a chain that nobody has.
        drop(std::fs::remove_file(file));
    }
    done.extend(made?);
    if is_new || !has_settings {
        if let Some(spec) = &spec {
            done.extend(keep_spec(dir, spec)?);
        }
        done.push(write_settings(dir, spec.as_ref().map(key_of))?);
    }
    done.extend(written);
    if added {
        let file = users.path().display();
        done.push(format!("added a user to {file}; a running node reads it on SIGHUP"));
    }
    Ok(done)
}

/// A chain that a directory holds.
enum Stored {
    /// This one.
    Known(Spec),
    /// A running node has it open, so that it cannot be read.
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

fn create(dir: &Path, spec: Spec) -> Result<String> {
    let name = spec.name().to_owned();
    let options = Options { chain: Some(spec), min_free_bytes: 0, ..Options::default() };
    let opened = offline::open_with(dir, &options)?;
    let genesis = opened.reader.tip().hash;
    drop(opened);
    Ok(format!("created chain {name} in {}\ngenesis {genesis}", dir.display()))
}

/// Writes the settings file: the directory's chain, if it is known, and every other key commented
/// out.
fn write_settings(dir: &Path, chain: Option<&str>) -> Result<String> {
    let config = dir.join(CONFIG_FILE);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&config) {
        Ok(mut file) => {
            file.write_all(template(chain).as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("{} cannot be written", config.display()))?;
            Ok(format!("created {}", config.display()))
        }
        // Settings that were prepared before the chain are kept.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(format!("kept {}", config.display()))
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", config.display())),
    }
}

fn new_user(name: &str, password_file: &Path, role: Role) -> Result<User> {
    let password = read_password(password_file)?;
    api::check_password(&password).map_err(|error| {
        Failure::usage(format!("{}: {error}", password_file.display()))
            .hint("`openssl rand -base64 24` prints a good password")
    })?;
    let hash = api::hash_password(&password)?;
    let role = match role {
        Role::Monitor => api::Role::Monitor,
        Role::Reader => api::Role::Reader,
        Role::Writer => api::Role::Writer,
        Role::Operator => api::Role::Operator,
    };
    Ok(User { name: name.to_owned(), hash, role })
}
