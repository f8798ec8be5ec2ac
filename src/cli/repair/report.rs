//! What `jenny repair --into` says of its work.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::chain::Hash;
use crate::cli::format::count;
use crate::cli::output::{escape, escape_json};
use crate::store::{Listed, LostBlock, LostRecord, RETURNED_FILE, Ranges, Salvaged};

/// Lines of one kind that are shown; --json lists up to 10,000.
const MAX_SHOWN_LOSSES: usize = 16;

/// Columns of a value beside its name, on a terminal of 80.
const VALUE_COLUMNS: usize = 69;

/// The result, for people or machines.
pub(super) struct Report<'a> {
    pub(super) salvaged: &'a Salvaged,
    pub(super) into: &'a Path,
    /// Files that were taken over beside the database.
    pub(super) settings: &'a [&'a str],
}

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let found = self.salvaged;
        let height = found.tip.header.height;
        let word = if found.is_whole() { "whole" } else { "partial" };
        let mut lines = Lines(format!("{word} height={height} records={}", found.records));
        lines.line("into", &self.into.display().to_string());
        lines.line("chain", found.spec.name());
        lines.line("tip", &found.tip.hash.to_string());
        if found.pending > 0 {
            lines.line("pending", &format!("{} records wait for a block", count(found.pending)));
        }
        if found.branch_blocks > 0 {
            lines.line("branches", &format!("{} blocks", count(found.branch_blocks)));
        }
        if !self.settings.is_empty() {
            lines.line("settings", &self.settings.join(", "));
        }
        for repair in &found.repairs {
            lines.line("repaired", repair);
        }
        self.losses(&mut lines);
        lines.0
    }

    fn losses(&self, lines: &mut Lines) {
        let found = self.salvaged;
        lines.list("lost", &found.lost, |LostBlock { height, records, why }| {
            let records = match records {
                Some(1) => ", 1 record".to_owned(),
                Some(records) => format!(", {records} records"),
                None => String::new(),
            };
            format!("block {height}{records}: {why}")
        });
        lines.ranges("left out", &found.unlinked);
        if found.returned > 0 {
            let text =
                format!("{} own records of these wait for a block again", count(found.returned));
            lines.line("", &text);
        }
        if found.aside > 0 {
            let text = format!(
                "{} more own records of these are in {}: too many to wait",
                count(found.aside),
                self.into.join(RETURNED_FILE).display()
            );
            lines.line("", &text);
        }
        if found.left_out > 0 {
            lines.line(
                "",
                &format!("{} other records of these are not kept", count(found.left_out)),
            );
        }
        lines.list("record", &found.lost_records, |LostRecord { height, position, prefix }| {
            format!("{prefix}.. is lost: block {height}, position {position}")
        });
        lines.list("own record", &found.lost_own, |id| format!("{id} is lost"));
        lines.list("pending", &found.lost_batches, |batch| format!("batch {batch} is lost"));
        if found.lost_branch_blocks > 0 {
            let text = format!("{} blocks are lost", count(found.lost_branch_blocks));
            lines.line("branches", &text);
        }
        if found.unlinked_branch_blocks > 0 {
            let text = format!("{} blocks lead to no block", count(found.unlinked_branch_blocks));
            lines.line("branches", &text);
        }
        for unread in &found.unread {
            lines.line("unread", unread);
        }
    }

    pub(super) fn json(&self) -> Result<String> {
        let found = self.salvaged;
        let json = Json {
            ok: found.is_whole(),
            into: self.into.display().to_string(),
            chain: found.spec.name(),
            height: found.tip.header.height.get(),
            tip: found.tip.hash,
            end: found.end.get(),
            records: found.records,
            pending: found.pending,
            branch_blocks: found.branch_blocks,
            settings: self.settings,
            repairs: &found.repairs,
            lost_blocks: Counted::of(&found.lost, |lost| LostBlockJson {
                height: lost.height.get(),
                records: lost.records,
                why: &lost.why,
            }),
            left_out: RangesJson::of(&found.unlinked),
            returned_records: found.returned,
            aside_records: found.aside,
            left_out_records: found.left_out,
            lost_records: Counted::of(&found.lost_records, |lost| LostRecordJson {
                height: lost.height.get(),
                position: lost.position,
                id_prefix: lost.prefix.to_string(),
            }),
            lost_own_records: Counted::of(&found.lost_own, |id| *id),
            lost_batches: Counted::of(&found.lost_batches, |batch| *batch),
            lost_branch_blocks: found.lost_branch_blocks,
            unlinked_branch_blocks: found.unlinked_branch_blocks,
            unread: &found.unread,
        };
        Ok(escape_json(&serde_json::to_string(&json)?).into_owned())
    }
}

struct Lines(String);

impl Lines {
    /// A name and its value, which goes on below itself where the line is full.
    fn line(&mut self, name: &str, value: &str) {
        // Writing into memory cannot fail.
        let _ = write!(self.0, "\n{name:<11}");
        let mut columns = 0_usize;
        for word in escape(value).split(' ') {
            let wider = columns.saturating_add(word.chars().count()).saturating_add(1);
            if columns > 0 && wider > VALUE_COLUMNS {
                let _ = write!(self.0, "\n{:<11}", "");
                columns = 0;
            }
            let _ = write!(self.0, " {word}");
            columns = columns.saturating_add(word.chars().count()).saturating_add(1);
        }
    }

    fn list<T>(&mut self, name: &str, list: &Listed<T>, text: impl Fn(&T) -> String) {
        for item in list.items.iter().take(MAX_SHOWN_LOSSES) {
            self.line(name, &text(item));
        }
        self.rest(list.total);
    }

    fn ranges(&mut self, name: &str, ranges: &Ranges) {
        for (first, last) in ranges.ranges.iter().take(MAX_SHOWN_LOSSES) {
            let heights = if first == last {
                format!("block {first} checks, but a block below it is lost")
            } else {
                format!("blocks {first} to {last} check, but a block below them is lost")
            };
            self.line(name, &heights);
        }
        self.rest(ranges.ranges.len() as u64);
    }

    /// How many there are that are not shown.
    fn rest(&mut self, total: u64) {
        let rest = total.saturating_sub(MAX_SHOWN_LOSSES as u64);
        if rest > 0 {
            self.line("", &format!("and {} more, which --json lists", count(rest)));
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    ok: bool,
    into: String,
    chain: &'a str,
    height: u64,
    tip: Hash,
    /// Where the damaged chain ended.
    end: u64,
    records: u64,
    pending: u64,
    branch_blocks: u64,
    settings: &'a [&'a str],
    repairs: &'a [String],
    lost_blocks: Counted<LostBlockJson<'a>>,
    left_out: RangesJson,
    returned_records: u64,
    /// In the file `returned-records.jsonl`.
    aside_records: u64,
    left_out_records: u64,
    lost_records: Counted<LostRecordJson>,
    lost_own_records: Counted<Hash>,
    lost_batches: Counted<u64>,
    lost_branch_blocks: u64,
    unlinked_branch_blocks: u64,
    unread: &'a [&'static str],
}

#[derive(Serialize)]
struct Counted<T> {
    total: u64,
    /// The first 10,000.
    items: Vec<T>,
}

impl<T> Counted<T> {
    fn of<'a, S>(list: &'a Listed<S>, item: impl FnMut(&'a S) -> T) -> Self {
        Self { total: list.total, items: list.items.iter().map(item).collect() }
    }
}

#[derive(Serialize)]
struct RangesJson {
    total: u64,
    /// First and last height of each range.
    ranges: Vec<(u64, u64)>,
}

impl RangesJson {
    fn of(ranges: &Ranges) -> Self {
        let pairs = ranges.ranges.iter().map(|(first, last)| (first.get(), last.get()));
        Self { total: ranges.total, ranges: pairs.collect() }
    }
}

#[derive(Serialize)]
struct LostBlockJson<'a> {
    height: u64,
    records: Option<u32>,
    why: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LostRecordJson {
    height: u64,
    position: u32,
    id_prefix: String,
}
