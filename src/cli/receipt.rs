//! `jenny receipt`: receipts, checked without node or database, and renewed by a node.

pub(super) mod fetch;
mod refresh;

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::args::{ReceiptArgs, ReceiptCommand, ReceiptVerifyArgs};
use super::exit::Failure;
use super::output::time_text;
use super::signal;
use crate::chain::{
    BlockId, Consistency, Hash, MAX_RECEIPT_BYTES, Receipt, ReceiptError, Timestamp, Verified,
};

/// Runs the command.
pub(super) fn run(args: &ReceiptArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let unfinished = signal::exit_at_once()?;
    match &args.command {
        ReceiptCommand::Verify(args) => verify(args),
        ReceiptCommand::Refresh(args) => refresh::run(args, env, unfinished),
    }
}

fn verify(args: &ReceiptVerifyArgs) -> Result<()> {
    let receipt = read(&args.file)?;
    let consistency = args.consistency.as_deref().map(read).transpose()?;
    let checked = check(args, &receipt, consistency.as_deref());
    let (receipt, verified) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            let reason = error.to_string();
            super::say_no(
                args.json,
                &No { ok: false, sound: false, anchored: false, reason: &reason },
            );
            return Err(Failure::no(reason).hint(error.advice()).into());
        }
    };
    let is_enough = verified.is_anchored || args.unanchored;
    let report = Report { receipt: &receipt, verified: &verified, is_enough };
    if args.json {
        super::print(&report.json()?)?;
    } else if is_enough {
        super::print(&report.text())?;
    }
    if is_enough {
        return Ok(());
    }
    Err(Failure::no("the receipt is sound, but not anchored: anyone could have mined its blocks")
        .hint(format!("its tip is block {}", verified.tip))
        .hint("pass --tip HASH with the hash of a block that you trust, or --unanchored")
        .into())
}

fn check(
    args: &ReceiptVerifyArgs,
    receipt: &[u8],
    consistency: Option<&[u8]>,
) -> Result<(Receipt, Verified), ReceiptError> {
    let receipt = Receipt::parse(receipt)?;
    let verified = match consistency {
        None => receipt.verify(args.tip)?,
        Some(proof) => receipt.verify_later(&Consistency::parse(proof)?, args.tip)?,
    };
    Ok((receipt, verified))
}

/// Reads a file, or standard input for `-`: one byte more than a receipt has, at most.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let max = (MAX_RECEIPT_BYTES as u64).saturating_add(1);
    let done = if path == Path::new("-") {
        std::io::stdin().lock().take(max).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(max).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::usage(format!("reading {}", path.display())).because(error))?;
    Ok(bytes)
}

/// What a sound receipt proves.
struct Report<'a> {
    receipt: &'a Receipt,
    verified: &'a Verified,
    is_enough: bool,
}

impl Report<'_> {
    fn text(&self) -> String {
        let Verified { chain_id, record_id, block, time, tip, is_anchored } = self.verified;
        let anchored = if *is_anchored { "anchored" } else { "not anchored" };
        let mut out = format!("ok {anchored} height={}", block.height);
        let mut line = |name: &str, value: &str| {
            // Writing into memory cannot fail.
            let _ = write!(out, "\n{name:<7} {value}");
        };
        line("chain", &chain_id.to_string());
        line("record", &record_id.to_string());
        line("index", &self.receipt.record_index.to_string());
        line("block", &block.hash.to_string());
        line("time", &time_text(*time));
        line("tip", &format!("{} at height {}", tip.hash, tip.height));
        out
    }

    fn json(&self) -> Result<String> {
        let verified = self.verified;
        let yes = Yes {
            ok: self.is_enough,
            sound: true,
            anchored: verified.is_anchored,
            chain_id: verified.chain_id,
            record_id: verified.record_id,
            record_index: self.receipt.record_index,
            block: verified.block,
            time: verified.time,
            tip: verified.tip,
        };
        Ok(serde_json::to_string(&yes)?)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Yes {
    ok: bool,
    sound: bool,
    anchored: bool,
    chain_id: Hash,
    record_id: Hash,
    record_index: u64,
    block: BlockId,
    time: Timestamp,
    tip: BlockId,
}

#[derive(Serialize)]
struct No<'a> {
    ok: bool,
    sound: bool,
    anchored: bool,
    reason: &'a str,
}
