//! `jenny record add --file`: one record a line, in requests that are repeated until they are
//! taken.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::chain::leaf_hash;
use crate::cli::exit::{self, Failure};
use crate::cli::progress::Progress;
use crate::cli::remote::Remote;
use crate::store::HashPrefix;

/// Lines of one request.
const MAX_LINES: usize = 1_000;

/// Bytes of one request's lines, one longer line excepted: 1 MiB, at most six times that as JSON.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// Longest line: no chain takes a longer record. 1 MiB.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// Different lines that are remembered to count those that repeat one, 8 bytes each: 64 MiB with
/// the tree.
const MAX_REMEMBERED: usize = 4_000_000;

/// How often a request is repeated, after 1 s, 2 s and so on up to [`MAX_RETRY_PAUSE`]: 4 minutes.
const MAX_ATTEMPTS: u32 = 12;

/// Longest pause before a request is repeated.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(30);

/// What became of the lines.
#[derive(Debug, Default, Eq, PartialEq)]
struct Summary {
    lines: u64,
    included: u64,
    repeated: u64,
}

/// Sends the lines from `from_line` on, the first of which is 1.
pub(super) fn add(
    remote: &Remote,
    path: &Path,
    number_lines: bool,
    from_line: u64,
    as_json: bool,
) -> Result<()> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be read", path.display())).because(error)
    };
    let input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
    };
    let mut lines = Lines { input, number: 0, is_numbered: number_lines };
    let mut progress = Progress::counting("sending", "lines");
    let (mut summary, mut seen) = (Summary::default(), BTreeSet::new());
    loop {
        let first = lines.number.saturating_add(1);
        let request = lines.request(from_line, &mut seen, &mut summary.repeated);
        let request = request.map_err(|error| resume(first.max(from_line)).because(error))?;
        if request.is_empty() {
            break;
        }
        let answer = send(remote, &request);
        let answer = answer.map_err(|error| resume(first.max(from_line)).because(error))?;
        let taken = answer.as_array().cloned().unwrap_or_default();
        summary.lines = summary.lines.saturating_add(request.len() as u64);
        let included = taken.iter().filter(|record| record["state"] == "included").count();
        summary.included = summary.included.saturating_add(included as u64);
        progress.at(summary.lines);
    }
    progress.finish();
    if as_json {
        let Summary { lines, included, repeated } = summary;
        let all = json!({ "lines": lines, "included": included, "repeated": repeated });
        return crate::cli::print(&all.to_string());
    }
    crate::cli::print(&summary.text(number_lines))
}

/// What to do about lines that were not sent.
fn resume(line: u64) -> Failure {
    Failure::no(format!("not all lines were sent: line {line} and those after it are left"))
        .hint(format!("send the rest with --from-line {line}; what was sent twice is taken once"))
}

fn send(remote: &Remote, lines: &[String]) -> Result<Value> {
    let body = json!({ "data": lines }).to_string();
    let (mut attempt, mut pause) = (1, Duration::from_secs(1));
    loop {
        match remote.change(Method::POST, "/v1/records", Some(body.clone())) {
            Ok(answer) => return remote.parse(&answer),
            Err(error) if attempt >= MAX_ATTEMPTS || !exit::may_pass(&error) => return Err(error),
            Err(_) => std::thread::sleep(pause),
        }
        attempt += 1;
        pause = pause.saturating_mul(2).min(MAX_RETRY_PAUSE);
    }
}

/// The lines of a text, as records.
struct Lines<R> {
    input: R,
    /// Of the line that was read last.
    number: u64,
    is_numbered: bool,
}

impl<R: BufRead> Lines<R> {
    /// The records of the next request; none at the end.
    fn request(
        &mut self,
        from_line: u64,
        seen: &mut BTreeSet<HashPrefix>,
        repeated: &mut u64,
    ) -> Result<Vec<String>> {
        let (mut request, mut bytes) = (Vec::new(), 0_usize);
        while request.len() < MAX_LINES && bytes < MAX_REQUEST_BYTES {
            let Some(line) = self.next()? else { break };
            if self.number < from_line {
                continue;
            }
            bytes = bytes.saturating_add(line.len());
            let prefix = HashPrefix::of(&leaf_hash(line.as_bytes()));
            if seen.contains(&prefix) {
                *repeated = repeated.saturating_add(1);
            } else if seen.len() < MAX_REMEMBERED {
                seen.insert(prefix);
            }
            request.push(line);
        }
        Ok(request)
    }

    /// The next line without its end, numbered if that was asked for.
    fn next(&mut self) -> Result<Option<String>> {
        let mut bytes = Vec::new();
        let number = self.number.saturating_add(1);
        let read = (&mut self.input)
            .take(MAX_LINE_BYTES.saturating_add(2))
            .read_until(b'\n', &mut bytes)
            .map_err(|error| Failure::no(format!("line {number} cannot be read")).because(error))?;
        if read == 0 {
            return Ok(None);
        }
        self.number = number;
        if bytes.pop_if(|last| *last == b'\n').is_some() {
            bytes.pop_if(|last| *last == b'\r');
        }
        if bytes.len() as u64 > MAX_LINE_BYTES {
            return Err(
                Failure::no(format!("line {number} is longer than any record may be")).into()
            );
        }
        let line = String::from_utf8(bytes)
            .map_err(|_| Failure::no(format!("line {number} is not UTF-8 text")))?;
        Ok(Some(if self.is_numbered { format!("{number}: {line}") } else { line }))
    }
}

impl Summary {
    fn text(&self, number_lines: bool) -> String {
        // Writing into memory cannot fail.
        let Self { lines, included, repeated } = self;
        let mut text = format!("sent {lines} lines");
        if *included > 0 {
            let _ = write!(text, ", {included} of them in blocks already");
        }
        if *repeated > 0 {
            let _ = write!(
                text,
                "\n{repeated} lines repeat an earlier line: equal records are one record"
            );
            if !number_lines {
                text.push_str("; --number-lines keeps them apart");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests;
