//! `jenny init`: creates a data directory, or adds a user to one. Asks only at a terminal.

mod made;
mod questions;

use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use self::made::{Made, explained};
use super::args::InitArgs;
use super::chain_choice::{
    self, ChainWish, check_spec_out, keep_spec, key_of, to_create, write_spec_out,
};
use super::config::{self, CONFIG_FILE, template};
use super::exit::{Code, Failure};
use super::new_file::write_new;
use super::offline;
use super::users::{APPLIED, UsersFile};
use super::{password, signal, terminal};
use crate::api::User;
use crate::chain::Spec;
use crate::store::{Opened, Options, StoreError};

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
        && stored_chain(offline::open_any(&data_dir.path))?.is_none())
}

/// Does the work, and returns a line or two for each thing that was done. What fails leaves nothing
/// of it.
fn make(args: &InitArgs, plan: &Plan, users: &UsersFile) -> Result<Vec<String>> {
    let dir = &args.data_dir.path;
    // All that can be wrong with the arguments is found before anything is written.
    if let Some(user) = &plan.user {
        let is_first = users.listed()?.is_empty();
        users.with(user.clone()).map_err(|error| {
            if is_first {
                return error;
            }
            // Users without a chain are those of a call that was killed.
            explained(error, "without --user, this creates the chain if there is none".to_owned())
        })?;
    }
    let wanted = chain_choice::wanted(&plan.chain, SystemTime::now())?;
    let spec_out = check_spec_out(args)?;
    let mut made = Made::begin(dir, users)?;
    let done = made.hold().and_then(|()| {
        let wish = wish(&mut made, wanted, plan, users)?;
        build(&mut made, &wish, spec_out.as_deref(), plan, users)
    });
    done.map_err(|error| made.undo(error))
}

/// What the directory is to get, now that it is held.
fn wish(made: &mut Made<'_>, wanted: Option<Spec>, plan: &Plan, users: &UsersFile) -> Result<Wish> {
    let dir = made.directory();
    let has_settings = dir.join(CONFIG_FILE).exists();
    let Some(stored) = made.stored_chain()? else {
        return Ok(Wish { spec: Some(to_create(dir, wanted)?), is_new: true, has_settings });
    };
    let is_other = match (&stored, &wanted) {
        (Stored::Known(stored), Some(wanted)) => stored != wanted,
        _ => plan.chain.is_new(),
    };
    if is_other || plan.user.is_none() && has_settings {
        let message = format!("{} already holds a chain", dir.display());
        return Err(Failure::usage(message)
            .hint("start it with `jenny run`, or choose another --data-dir")
            .hint(users.advice())
            .into());
    }
    let spec = match stored {
        Stored::Known(spec) => Some(spec),
        // Its settings cannot name its chain.
        Stored::InUse(_) if plan.user.is_some() => None,
        Stored::InUse(by_whom) => {
            return Err(Failure::new(Code::Locked, by_whom)
                .hint("stop that process, then run this again: it writes the settings file")
                .into());
        }
    };
    Ok(Wish { spec, is_new: false, has_settings })
}

/// What a directory is to get, once all of it is known.
struct Wish {
    /// Its chain, unless another process has that open.
    spec: Option<Spec>,
    /// Whether that is to be created.
    is_new: bool,
    has_settings: bool,
}

/// Makes everything, the chain last: a directory must never be left with a chain and without its
/// user, or without the spec that the other nodes need, since neither can be made up for.
fn build(
    made: &mut Made<'_>,
    wish: &Wish,
    spec_out: Option<&Path>,
    plan: &Plan,
    users: &UsersFile,
) -> Result<Vec<String>> {
    let dir = made.directory();
    let spec = wish.spec.as_ref();
    let mut written = Vec::new();
    if let (Some(spec), Some(file)) = (spec, spec_out) {
        written.push(write_spec_out(spec, file, &mut |path| made.file(path))?);
    }
    if let Some(user) = &plan.user {
        made.add_user(user.clone())?;
    }
    let mut done = Vec::new();
    if let Some(spec) = spec.filter(|_| wish.is_new || !wish.has_settings) {
        done.extend(keep_spec(dir, spec, &mut |path| made.file(path))?);
        let chain = ("chain", format!("\"{}\"", key_of(spec)));
        let settings: Vec<_> = [chain].into_iter().chain(plan.settings.iter().cloned()).collect();
        done.push(write_settings(made, &settings)?);
    }
    if let Some(spec) = spec.filter(|_| wish.is_new) {
        done.insert(0, create(made, spec.clone())?);
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
    /// Another process has it open, as these words say, so that it cannot be read.
    InUse(String),
}

fn stored_chain(opened: Result<Opened, StoreError>) -> Result<Option<Stored>> {
    match opened {
        Ok(opened) => Ok(Some(Stored::Known(opened.spec))),
        Err(error @ StoreError::Locked { .. }) => Ok(Some(Stored::InUse(error.to_string()))),
        Err(StoreError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn create(made: &Made<'_>, spec: Spec) -> Result<String> {
    let name = spec.name().to_owned();
    let options = Options { chain: Some(spec), min_free_bytes: 0, ..Options::default() };
    let opened = made.open(&options)?;
    let genesis = opened.reader.tip().hash;
    drop(opened);
    Ok(format!("created chain {name} in {}\ngenesis {genesis}", made.directory().display()))
}

/// Writes the settings file: the directory's chain, if it is known, other settings, and every other
/// key commented out.
fn write_settings(made: &mut Made<'_>, settings: &[(&str, String)]) -> Result<String> {
    let config = made.directory().join(CONFIG_FILE);
    match write_new(&config, &template(settings), 0o600) {
        Ok(()) => {
            made.file(&config);
            Ok(format!("created {}", config.display()))
        }
        // Settings that were prepared before the chain are kept.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(format!("kept {}", config.display()))
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", config.display())),
    }
}
