//! `jenny receipt refresh`: a receipt for a later tip, from a node whose history continues that of
//! the old one's tip.

use std::path::Path;

use anyhow::Result;

use super::fetch;
use crate::chain::{Consistency, Height, MAX_RECEIPT_BYTES, Receipt, leaf_hash};
use crate::cli::args::ReceiptRefreshArgs;
use crate::cli::exit::Failure;
use crate::cli::remote::Remote;
use crate::cli::signal::Unfinished;
use crate::cli::target::STDOUT;

/// Runs the command.
pub(super) fn run(
    args: &ReceiptRefreshArgs,
    env: &dyn Fn(&str) -> Option<String>,
    unfinished: Unfinished,
) -> Result<()> {
    let old = Receipt::parse(&super::read(&args.file)?);
    let old = old.and_then(|old| old.verify(None).map(|_| old));
    let old = old.map_err(|error| Failure::no(error.to_string()).hint(error.advice()))?;
    let remote = Remote::new(&args.node.url, &args.node.remote, env)?;
    let id = leaf_hash(old.record.as_bytes());
    let (text, new) = fetch::receipt(&remote, &id, args.new.tip.as_ref())?;
    let (from, to) = (old.tip.height, new.tip.height);
    if from > to {
        let what = format!("the new tip, at height {to}, is below the receipt's, at height {from}");
        return Err(Failure::no(what)
            .hint("use a node that is not behind, or a later --tip")
            .into());
    }
    let proof = consistency(&remote, from, to)?;
    old.verify_renewed(&new, &proof).map_err(|error| {
        let name = remote.name();
        let what = format!("the chain of {name} does not continue the receipt's: {error}");
        Failure::no(what)
            .hint("it is another chain, or a reorg disconnected the receipt's tip")
            .hint(format!("`jenny record receipt {id}` gets the receipt for the node's chain"))
    })?;
    let output = args.new.output.as_deref().unwrap_or(&args.file);
    let output = Some(output).filter(|path| *path != Path::new(STDOUT));
    fetch::write(output, &text, &new, unfinished)
}

fn consistency(remote: &Remote, from: Height, to: Height) -> Result<Consistency> {
    let path = format!("/v1/consistency?from={from}&to={to}");
    let proof = remote.get_known(&path, MAX_RECEIPT_BYTES as u64)?;
    Ok(Consistency::parse(&proof).map_err(|error| fetch::unsound(remote, &error))?)
}
