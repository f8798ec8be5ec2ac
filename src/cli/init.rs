//! `jenny init`: creates a data directory, or adds a user to one. Asks only at a terminal.

mod made;
mod questions;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use self::made::Made;
use super::args::InitArgs;
use super::chain_choice::{
    self, ChainWish, check_spec_out, keep_spec, key_of, to_create, write_spec_out,
};
use super::config::{self, CONFIG_FILE, template};
use super::exit::Failure;
use super::offline;
use super::users::{APPLIED, UsersFile};
use super::{password, signal, terminal};
use crate::api::User;
use crate::chain::Spec;
use crate::store::{Options, StoreError};

/// Runs the command. What was done is printed when all of it is done: a reader of standard
/// output that left must not keep a user from being added. The exit code tells of the work,
/// whether or not these lines reach anybody.
pub(super) fn run(args: &InitArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let unfinished = signal::exit_at_once()?;
    let users = config::users_file(&args.data_dir.path, None, env)?;
    let plan = if asks(args, &users)? { questions::ask(args, &users)? } else { Plan::of(args)? };
    // From here on an interruption waits until everything is made.
    let making = unfinished.hold();
    let done = make(args, &plan, &users)?;
    drop(making);
    drop(done.iter().try_for_each(|line| super::print(line)));
    Ok(())
}

/// What is to be made, with everything that the terminal was asked for.
struct Plan {
    chain: ChainWish,
    user: Option<User>,
    /// Settings that differ from the defaults: keys and values in TOML.
    settings: Vec<(&'static str, String)>,
}

impl Plan {
    /// What the flags say.
    fn of(args: &InitArgs) -> Result<Self> {
        let user = args.user.as_ref().map(|name| {
            let password = password::new(name, args.password_file.as_deref())?;
            password::user(name, &password, args.role.into())
        });
        Ok(Self { chain: ChainWish::of(args), user: user.transpose()?, settings: Vec::new() })
    }
}

/// Whether questions are asked: at a terminal, where no flag says anything and nothing is there
/// yet.
fn asks(args: &InitArgs, users: &UsersFile) -> Result<bool> {
    let InitArgs { data_dir, chain, new_chain, user, defaults, .. } = args;
    let is_told = *defaults || chain.is_some() || new_chain.is_some() || user.is_some();
    let has_settings = data_dir.path.join(CONFIG_FILE).exists();
    Ok(!is_told
        && terminal::is_there()
        && !has_settings
        && users.listed()?.is_empty()
        && stored_chain(&data_dir.path)?.is_none())
}

/// Does the work, and returns a line or two for each thing that was done. What fails leaves nothing
/// of it.
fn make(args: &InitArgs, plan: &Plan, users: &UsersFile) -> Result<Vec<String>> {
    let dir = &args.data_dir.path;
    let user = &plan.user;
    // All that can be wrong with the arguments is found before anything is written.
    if let Some(user) = user {
        users.with(user.clone())?;
    }
    let wanted = chain_choice::wanted(&plan.chain, SystemTime::now())?;
    let spec_out = check_spec_out(args)?;
    let stored = stored_chain(dir)?;
    let has_settings = dir.join(CONFIG_FILE).exists();
    if let Some(stored) = &stored {
        let is_other = match (stored, &wanted) {
            (Stored::Known(stored), Some(wanted)) => stored != wanted,
            _ => plan.chain.is_new(),
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
    let wish = Wish { spec: spec.as_ref(), is_new, has_settings, spec_out: spec_out.as_deref() };
    let mut made = Made::begin(dir, users)?;
    build(&mut made, &wish, plan, users).map_err(|error| made.undo(error, !is_new))
}

/// What a directory is to get, once all of it is known.
#[derive(Clone, Copy)]
struct Wish<'a> {
    /// Its chain, as far as it is known.
    spec: Option<&'a Spec>,
    /// Whether that is to be created.
    is_new: bool,
    has_settings: bool,
    /// Where the spec is to be written besides.
    spec_out: Option<&'a Path>,
}

/// Makes everything, the chain last: a directory must never be left with a chain and without its
/// user, or without the spec that the other nodes need, since neither can be made up for.
fn build(
    made: &mut Made<'_>,
    wish: &Wish<'_>,
    plan: &Plan,
    users: &UsersFile,
) -> Result<Vec<String>> {
    let (dir, Wish { spec, is_new, has_settings, spec_out }) = (made.directory(), *wish);
    made.create_directory()?;
    let mut written = Vec::new();
    if let (Some(spec), Some(file)) = (spec, spec_out) {
        written.push(write_spec_out(spec, file, &mut |path| made.file(path))?);
    }
    if let Some(user) = &plan.user {
        made.add_user(user.clone())?;
    }
    let mut done = Vec::new();
    if is_new || !has_settings {
        if let Some(spec) = spec {
            done.extend(keep_spec(dir, spec, &mut |path| made.file(path))?);
        }
        let chain = spec.map(|spec| ("chain", format!("\"{}\"", key_of(spec))));
        let settings: Vec<_> = chain.into_iter().chain(plan.settings.iter().cloned()).collect();
        done.push(write_settings(made, &settings)?);
    }
    if let Some(spec) = spec.filter(|_| is_new) {
        done.insert(0, create(dir, spec.clone())?);
    }
    done.extend(written);
    if plan.user.is_some() {
        let file = users.path().display();
        done.push(format!("added a user to {file}\n{APPLIED}"));
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

/// Writes the settings file: the directory's chain, if it is known, other settings, and every other
/// key commented out.
fn write_settings(made: &mut Made<'_>, settings: &[(&str, String)]) -> Result<String> {
    let config = made.directory().join(CONFIG_FILE);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&config) {
        Ok(mut file) => {
            made.file(&config);
            file.write_all(template(settings).as_bytes())
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
