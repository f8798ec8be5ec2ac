//! `jenny verify`: checks every stored block.

use anyhow::{Context, Result};

use super::args::VerifyArgs;
use super::exit::Failure;
use super::progress::Progress;
use super::{offline, signal};
use crate::store::StoreError;

/// Runs the command.
pub(super) fn run(args: &VerifyArgs) -> Result<()> {
    let _unfinished = signal::exit_at_once()?;
    let opened = offline::open_any(&args.data_dir.path)?;
    let tip = opened.reader.tip();
    let blocks = tip.header.height.get().saturating_add(1);
    let mut progress = Progress::start("verify", Some(blocks));
    let checked = opened.reader.check_all(&mut |height| {
        progress.at(height.get().saturating_add(1));
        true
    });
    progress.finish();
    match checked {
        Ok(()) => {}
        Err(StoreError::Damaged { what }) => {
            if args.json {
                let what = serde_json::to_string(&what)?;
                super::print(&format!(r#"{{"ok":false,"damage":{what}}}"#))?;
            }
            let mut failure = Failure::no(format!("damage was found: {what}"));
            for advice in (StoreError::Damaged { what }).advice() {
                failure = failure.hint(advice);
            }
            return Err(failure.into());
        }
        Err(error) => return Err(error.into()),
    }
    let line = if args.json {
        let (height, hash) = (tip.header.height, tip.hash);
        format!(r#"{{"ok":true,"height":{height},"tip":"{hash}","blocks":{blocks}}}"#)
    } else {
        format!("ok height={} tip={} blocks={blocks}", tip.header.height, tip.hash)
    };
    super::print(&line).context("the result cannot be printed")
}
