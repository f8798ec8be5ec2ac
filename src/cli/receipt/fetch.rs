//! Receipts from a running node.

use std::path::Path;

use anyhow::Result;

use crate::chain::{Hash, MAX_RECEIPT_BYTES, Receipt, ReceiptError, leaf_hash};
use crate::cli::args::ReceiptTipName;
use crate::cli::exit::Failure;
use crate::cli::remote::Remote;
use crate::cli::signal::Unfinished;
use crate::cli::target::Target;

/// Gets the receipt of a record, as text and read. It is sound.
///
/// # Errors
/// When the node has none, or what it sends is not the record's receipt.
pub(in crate::cli) fn receipt(
    remote: &Remote,
    id: &Hash,
    tip: Option<&ReceiptTipName>,
) -> Result<(Vec<u8>, Receipt)> {
    let query = tip.map_or_else(String::new, |tip| format!("?tip={}", tip.as_str()));
    let text = remote.get(&format!("/v1/records/{id}/receipt{query}"), MAX_RECEIPT_BYTES as u64)?;
    let text = text.ok_or_else(|| {
        Failure::no(format!("{} has no record {id}", remote.name()))
            .hint("`jenny record id TEXT` prints the id of a text")
            .hint("it may be another chain's node, or a reorg disconnected the record")
    })?;
    let receipt = Receipt::parse(&text).map_err(|error| unsound(remote, &error))?;
    receipt.verify(None).map_err(|error| unsound(remote, &error))?;
    if leaf_hash(receipt.record.as_bytes()) != *id {
        return Err(Failure::no(format!("{} sent the receipt of another record", remote.name()))
            .hint("do not rely on this node")
            .into());
    }
    Ok((text, receipt))
}

/// A proof of the node that proves nothing.
pub(super) fn unsound(remote: &Remote, error: &ReceiptError) -> Failure {
    Failure::no(format!("{} sent a proof that is not sound: {error}", remote.name()))
        .hint("do not rely on this node")
}

/// Writes a receipt. Of a file that is complete, prints what the receipt is for.
///
/// # Errors
/// When it cannot be written.
pub(in crate::cli) fn write(
    output: Option<&Path>,
    text: &[u8],
    receipt: &Receipt,
    unfinished: Unfinished,
) -> Result<()> {
    let mut target = Target::open(output, unfinished)?;
    target.write(text)?;
    if output.is_none() {
        target.write(b"\n")?;
    }
    target.finish()?;
    let Some(path) = output else { return Ok(()) };
    let (block, tip) = (receipt.header.height, receipt.tip.id());
    crate::cli::print(&format!("wrote {}\nblock  {block}\ntip    {tip}", path.display()))
}
