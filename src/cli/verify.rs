//! `jenny verify`: checks every stored block.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use super::args::VerifyArgs;
use super::evidence::Evidence;
use super::exit::Failure;
use super::format::count;
use super::output::{escape_json, time_text};
use super::progress::Progress;
use super::{config, offline, signal};
use crate::chain::{BlockId, ChainHeader, Checkpoints, Hash, Height, Timestamp};
use crate::store::{Branches, Checked, Opened, Reader, StoreError};

/// Digits of a hash that are shown where a whole one does not fit the line.
const SHORT_HASH: usize = 16;

/// Runs the command. The verdict does not depend on whether somebody reads it: it is the exit
/// code.
pub(super) fn run(args: &VerifyArgs) -> Result<()> {
    let unfinished = signal::exit_at_once()?;
    let evidence = Evidence::of(&args.data_dir.path, &args.evidence, &unfinished)?;
    let dir = evidence.dir();
    let checkpoints = config::checkpoints(dir, args.config.as_deref())?;
    let opened = offline::open_any(dir).map_err(|error| evidence.explain(error))?;
    let report = match check(&opened, &checkpoints) {
        Err(StoreError::Damaged { what }) => {
            super::say_no(args.json, &No { ok: false, damage: Some(&what), ..No::default() });
            let mut failure = Failure::no(format!("damage was found: {what}"));
            for advice in (StoreError::Damaged { what }).advice() {
                failure = failure.hint(advice);
            }
            return Err(failure.into());
        }
        Err(error @ StoreError::Checkpoint { .. }) => {
            let reason = error.to_string();
            super::say_no(args.json, &No { checkpoint: Some(&reason), ..No::default() });
            return Err(Failure::no(reason)
                .hint("the stored data is not damaged, but this is not the pinned chain")
                .into());
        }
        checked => checked?,
    };
    let (height, hash) = (report.tip.header.height, report.tip.hash);
    if let Some(expected) = &args.expect_tip
        && (hash != expected.hash || expected.height.is_some_and(|expected| expected != height))
    {
        let expected = expected.to_string();
        let tip = format!("{height}:{hash}");
        let no = No { tip: Some(&tip), expected_tip: Some(&expected), ..No::default() };
        super::say_no(args.json, &no);
        return Err(Failure::no(format!("the tip is {tip}, not {expected}"))
            .hint("the stored data is valid, but the chain ends elsewhere")
            .into());
    }
    if let Err(finding) = evidence.check_repairs(&opened.repairs) {
        let repair = finding.to_string();
        super::say_no(args.json, &No { repair: Some(&repair), ..No::default() });
        return Err(finding);
    }
    super::print(&if args.json { report.json()? } else { report.text() })
}

/// What a sound database holds.
struct Report {
    name: String,
    id: String,
    tip: ChainHeader,
    checked: Checked,
    branches: Branches,
    /// Checkpoints up to the tip, all of which hold, and above it.
    pinned: (u64, u64),
}

fn check(opened: &Opened, checkpoints: &Checkpoints) -> Result<Report, StoreError> {
    let reader = &opened.reader;
    let tip = reader.tip();
    let mut progress = Progress::start("verify", Some(tip.header.height.get().saturating_add(1)));
    let checked = reader.check_all(&mut |height| {
        progress.at(height.get().saturating_add(1));
        true
    });
    progress.finish();
    let checked = checked?;
    let branches = reader.check_branches()?;
    reader.check_index()?;
    let pinned = check_pinned(reader, tip.header.height, checkpoints)?;
    let name = opened.spec.name().to_owned();
    let id = opened.spec.genesis().hash().to_string();
    Ok(Report { name, id, tip, checked, branches, pinned })
}

/// How many checkpoints hold, and how many are above the tip.
fn check_pinned(
    reader: &Reader,
    tip: Height,
    checkpoints: &Checkpoints,
) -> Result<(u64, u64), StoreError> {
    let (mut hold, mut above) = (0_u64, 0_u64);
    let view = reader.view();
    for (height, expected) in checkpoints.iter() {
        match view.header(height)? {
            Some(stored) if stored.hash != expected => {
                return Err(StoreError::Checkpoint { height, expected, found: stored.hash });
            }
            Some(_) => hold = hold.saturating_add(1),
            None if height > tip => above = above.saturating_add(1),
            None => {
                let what = format!("block {height} is missing below the tip {tip}");
                return Err(StoreError::Damaged { what });
            }
        }
    }
    Ok((hold, above))
}

impl Report {
    /// For people: one line that says it all, and what an auditor asks next.
    fn text(&self) -> String {
        let Checked { blocks, records, record_bytes, .. } = self.checked;
        let height = self.tip.header.height;
        let mut out = format!("ok height={height} blocks={blocks} records={records}");
        let mut line = |name: &str, value: &str| {
            // Writing into memory cannot fail.
            let _ = write!(out, "\n{name:<11} {value}");
        };
        line("chain", &self.name);
        line("id", &self.id);
        line("tip", &self.tip.hash.to_string());
        let (first, last) = self.times();
        line("time", &format!("{} to {}", time_text(first), time_text(last)));
        line("records", &format!("{}, {} bytes", count(records), count(record_bytes)));
        let Branches { blocks, count: branches, ends } = &self.branches;
        if *branches == 0 {
            line("branches", "none beside the main chain");
        } else {
            line("branches", &format!("{branches} beside the main chain, {blocks} blocks"));
        }
        for BlockId { height, hash } in ends {
            let hash = hash.to_string();
            let hash = hash.get(..SHORT_HASH).unwrap_or(&hash);
            line("", &format!("one ends at block {height}, {hash}.."));
        }
        match self.pinned {
            (0, 0) => line("checkpoints", "none configured"),
            (hold, 0) => line("checkpoints", &format!("{hold} hold")),
            (hold, above) => line("checkpoints", &format!("{hold} hold, {above} above the tip")),
        }
        out
    }

    fn json(&self) -> Result<String> {
        let (first, last) = self.times();
        let branches = &self.branches;
        let yes = Yes {
            ok: true,
            height: self.tip.header.height,
            tip: self.tip.hash,
            blocks: self.checked.blocks,
            chain: Chain { name: &self.name, id: &self.id },
            records: self.checked.records,
            record_bytes: self.checked.record_bytes,
            first_timestamp: first,
            last_timestamp: last,
            branches: BranchesJson {
                count: branches.count,
                blocks: branches.blocks,
                ends: &branches.ends,
            },
            checkpoints: Pinned { hold: self.pinned.0, above_tip: self.pinned.1 },
        };
        Ok(escape_json(&serde_json::to_string(&yes)?).into_owned())
    }

    /// The time of the first block above genesis, and of the last.
    fn times(&self) -> (Timestamp, Timestamp) {
        let last = self.tip.header.timestamp;
        (self.checked.first.unwrap_or(last), last)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Yes<'a> {
    ok: bool,
    height: Height,
    tip: Hash,
    blocks: u64,
    chain: Chain<'a>,
    records: u64,
    record_bytes: u64,
    first_timestamp: Timestamp,
    last_timestamp: Timestamp,
    branches: BranchesJson<'a>,
    checkpoints: Pinned,
}

#[derive(Serialize)]
struct Chain<'a> {
    name: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct BranchesJson<'a> {
    count: u64,
    blocks: u64,
    ends: &'a [BlockId],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pinned {
    hold: u64,
    above_tip: u64,
}

/// Why the answer is no; `ok` is always false.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct No<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repair: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_tip: Option<&'a str>,
}
