//! `jenny repair --into`: salvages a damaged database into a fresh directory.

use std::path::Path;

use anyhow::Result;

use super::folder::WorkFolder;
use super::report::Report;
use crate::chain::Spec;
use crate::cli::args::{DEFAULT_URL, RepairArgs};
use crate::cli::chain_choice::{SPEC_FILE, chain};
use crate::cli::config::{CONFIG_FILE, chain_key};
use crate::cli::evidence::tell_access;
use crate::cli::exit::{Code, Failure};
use crate::cli::progress::Progress;
use crate::cli::users::{USERS_FILE, USERS_LOCK_FILE};
use crate::cli::{api_address, offline, signal};
use crate::store::{Copied, RETURNED_FILE, Salvaged, StoreError, copy_stopped, salvage};

/// What a data directory has beside the database, and the new one gets.
const KEPT_SETTINGS: [&str; 4] = [CONFIG_FILE, SPEC_FILE, USERS_FILE, USERS_LOCK_FILE];

/// Room is required for a second database beside the copy.
const FRESH_DATABASES: u64 = 1;

/// Salvages what still checks. Everything is done beside `into`, which appears once it is complete.
pub(super) fn run(args: &RepairArgs, into: &Path) -> Result<()> {
    let unfinished = signal::exit_at_once()?;
    let dir = &args.data_dir.path;
    let named = args.chain.as_deref().map(chain).transpose()?;
    let folder = WorkFolder::begin(into, dir, &unfinished)?;
    tell_access(dir, &copy(dir, &folder).map_err(|error| explain(dir, &folder, error))?);
    let specs = specs(&folder.copy(), named);
    let salvaged = salvage_into(&folder, &specs).map_err(|error| explain(dir, &folder, error))?;
    let settings = folder.move_settings(&KEPT_SETTINGS)?;
    folder.finish(into)?;
    let report = Report { salvaged: &salvaged, into, settings: &settings };
    super::super::print(&if args.json { report.json()? } else { report.text() })?;
    if salvaged.is_whole() {
        return Ok(());
    }
    let failure = Failure::no("the database was salvaged in part")
        .hint(format!("{} is as it was: keep it until nothing of it is missed", dir.display()))
        .hint(
            "what is missing may be in a backup, and a node that starts with the new directory \
             gets blocks from its peers",
        );
    if salvaged.aside == 0 {
        return Err(failure.into());
    }
    let file = into.join(RETURNED_FILE);
    Err(failure
        .hint(format!(
            "send each line of {} to POST /v1/records once a node runs (docs/operations.md, Corruption)",
            file.display()
        ))
        .into())
}

fn copy(dir: &Path, folder: &WorkFolder) -> Result<Copied, StoreError> {
    let mut progress = None;
    copy_stopped(dir, &folder.copy(), &KEPT_SETTINGS, FRESH_DATABASES, &mut |done, total| {
        let begin = || Progress::of_things("copy", "MiB", Some(total >> 20));
        progress.get_or_insert_with(begin).at(done >> 20);
    })
}

fn salvage_into(folder: &WorkFolder, specs: &[Spec]) -> Result<Salvaged, StoreError> {
    let mut progress = None;
    offline::telling(folder.name(), |_, steps| {
        salvage(&folder.copy(), &folder.data(), specs, steps, &mut |height, end| {
            let begin = || Progress::start("salvage", Some(end.get()));
            progress.get_or_insert_with(begin).at(height.get());
        })
    })
}

/// The chains that the database may be of if it no longer says so: the named one, or those that its
/// settings name, or the built-in ones.
fn specs(copy: &Path, named: Option<Spec>) -> Vec<Spec> {
    if let Some(named) = named {
        return vec![named];
    }
    let own = chain(&copy.join(SPEC_FILE).to_string_lossy()).ok();
    let configured = chain_key(copy).ok().flatten().and_then(|name| chain(&name).ok());
    own.into_iter().chain(configured).chain([Spec::jenny(), Spec::dev()]).collect()
}

/// What to do where there is nothing to salvage, or nothing that opens.
fn explain(dir: &Path, folder: &WorkFolder, error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Locked { .. } => {
            let url = api_address::of_holder(dir, &error).unwrap_or_else(|| DEFAULT_URL.to_owned());
            Failure::new(Code::Locked, error.to_string())
                .hint(format!("stop the node first: {url} is its address"))
                .into()
        }
        StoreError::Damaged { what } => {
            Failure::new(Code::Damaged, format!("nothing can be salvaged: {what}"))
                .hint(format!("{} is as it was: keep it", dir.display()))
                .hint("put a backup in its place (docs/operations.md, Corruption)")
                .hint(
                    "or start with an empty directory: the node gets the blocks that its peers \
                     have; records that no block has are lost",
                )
                .into()
        }
        StoreError::NoRoom { what, free, needed, .. } => {
            let path = folder.name().to_owned();
            StoreError::NoRoom { path, what, free, needed }.into()
        }
        StoreError::Missing { .. } => StoreError::Missing { path: dir.to_owned() }.into(),
        error => error.into(),
    }
}
