//! Where a chain file comes from: a database that no node holds open, or a running node.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::api_address;
use super::archive_failure;
use super::args::{DEFAULT_URL, EvidenceArgs};
use super::evidence::Evidence;
use super::exit::{Code, Failure};
use super::offline;
use super::remote::Remote;
use super::signal::Unfinished;
use crate::chain::{Height, leaf_hash};
use crate::store::archive::{ArchiveError, ChainExport, ExportRange, RangeError};
use crate::store::{Opened, StoreError};

/// Where the bytes of a chain file come from.
pub trait ChainSource {
    /// Its name in an error.
    fn name(&self) -> &str;

    /// The bytes of a file with the blocks of these heights, both inclusive. Without `to`, or with
    /// one above the tip, the file ends with the tip.
    ///
    /// # Errors
    /// When the source has no such blocks, or cannot be read.
    fn open(&mut self, from: u64, to: Option<u64>) -> Result<Box<dyn Read>>;

    /// How many blocks [`ChainSource::open`] gives, `None` if that is not known.
    fn total(&self, from: u64, to: Option<u64>) -> Option<u64>;

    /// The height at which its chain ends now.
    ///
    /// # Errors
    /// When the source cannot say.
    fn tip(&self) -> Result<u64>;

    /// Whether its bytes come over a connection.
    fn may_break(&self) -> bool;
}

/// An opened database. It is locked while this lives.
#[derive(Debug)]
pub struct LocalSource {
    opened: Opened,
    name: String,
    has_own: bool,
    /// Of a private copy, which goes with its last clone.
    _copy: Option<Unfinished>,
}

impl LocalSource {
    /// Opens the database in `dir`; `command` is what reads the same from the running node
    /// at `URL`. Own records that wait, and the marks of own records, go with the blocks unless
    /// `no_pool` is set.
    ///
    /// # Errors
    /// When a node holds the database, or it cannot be opened.
    pub fn open(dir: &Path, no_pool: bool, command: &str) -> Result<Self> {
        let name = dir.display().to_string();
        match offline::open_any(dir) {
            Ok(opened) => Ok(Self { opened, name, has_own: !no_pool, _copy: None }),
            Err(error) => Err(in_use(dir, error, command)),
        }
    }

    /// As [`LocalSource::open`], without own records, and with `--read-only` from a private copy,
    /// which is removed with `unfinished`. Opening a copy must mend nothing. What opening creates
    /// is its owner's alone.
    ///
    /// # Errors
    /// As [`LocalSource::open`]; and when the copy cannot be made, or had to be mended.
    pub fn inspect(
        dir: &Path,
        args: &EvidenceArgs,
        unfinished: &Unfinished,
        command: &str,
    ) -> Result<Self> {
        super::privately(|| Self::inspect_privately(dir, args, unfinished, command))
    }

    fn inspect_privately(
        dir: &Path,
        args: &EvidenceArgs,
        unfinished: &Unfinished,
        command: &str,
    ) -> Result<Self> {
        let evidence = Evidence::of(dir, args, unfinished);
        let evidence = evidence.map_err(|error| match error.downcast::<StoreError>() {
            Ok(error) => in_use(dir, error, command),
            Err(error) => error,
        })?;
        let opened = match offline::open_any(evidence.dir()) {
            Ok(opened) => opened,
            Err(error @ StoreError::Locked { .. }) => return Err(in_use(dir, error, command)),
            Err(error) => return Err(evidence.explain(error)),
        };
        evidence.check_repairs(&opened.repairs)?;
        let (name, copy) = (dir.display().to_string(), Some(unfinished.clone()));
        Ok(Self { opened, name, has_own: false, _copy: copy })
    }

    /// The own records that wait, each once; perhaps some that are on the chain.
    fn pending(&self) -> Result<Vec<Arc<str>>, StoreError> {
        let (mut pending, mut seen) = (Vec::new(), HashSet::new());
        for record in self.opened.pending.iter().flat_map(|batch| &batch.records) {
            let id = leaf_hash(record.text.as_bytes());
            if self.opened.reader.is_own(&id)? && seen.insert(id) {
                pending.push(Arc::clone(&record.text));
            }
        }
        Ok(pending)
    }
}

impl ChainSource for LocalSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&mut self, from: u64, to: Option<u64>) -> Result<Box<dyn Read>> {
        let reader = self.opened.reader.clone();
        let pending = self.has_own.then(|| self.pending()).transpose()?;
        let range =
            ExportRange { from: Height::new(from), to: Height::new(to.unwrap_or(u64::MAX)) };
        let export = ChainExport::new(reader.clone(), reader.view(), range, pending);
        let export = export.map_err(|error| match error {
            RangeError::Store(error) => anyhow::Error::from(error),
            error => {
                Failure::no(error.to_string()).hint("begin at a block that the chain has").into()
            }
        })?;
        Ok(Box::new(Bytes { export, ready: Vec::new(), used: 0 }))
    }

    fn total(&self, from: u64, to: Option<u64>) -> Option<u64> {
        let tip = self.opened.reader.tip().header.height.get();
        Some(tip.min(to.unwrap_or(tip)).saturating_add(1).saturating_sub(from))
    }

    fn tip(&self) -> Result<u64> {
        Ok(self.opened.reader.tip().header.height.get())
    }

    fn may_break(&self) -> bool {
        false
    }
}

/// The bytes of an export.
struct Bytes {
    export: ChainExport,
    ready: Vec<u8>,
    used: usize,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.ready.len() {
            self.ready = self.export.read().map_err(io::Error::other)?;
            self.used = 0;
        }
        let count = self.ready.get(self.used..).unwrap_or_default().read(buffer)?;
        self.used += count;
        Ok(count)
    }
}

/// A running node.
#[derive(Debug)]
pub struct RemoteSource {
    remote: Remote,
    no_pool: bool,
}

impl RemoteSource {
    /// Own records that wait, and the marks of own records, go with the blocks unless `no_pool` is
    /// set or the user is no operator.
    pub const fn new(remote: Remote, no_pool: bool) -> Self {
        Self { remote, no_pool }
    }
}

impl ChainSource for RemoteSource {
    fn name(&self) -> &str {
        self.remote.name()
    }

    fn open(&mut self, from: u64, to: Option<u64>) -> Result<Box<dyn Read>> {
        let to = to.map_or_else(String::new, |to| format!("&to={to}"));
        let own = if self.no_pool { "&own=false" } else { "" };
        let body = self.remote.stream(&format!("/v1/export?from={from}{to}{own}"))?;
        let body = body.ok_or_else(|| {
            Failure::no(format!("{} has no /v1/export: it is an older node", self.name()))
                .hint("stop the node and export from its data directory")
        })?;
        Ok(Box::new(body))
    }

    fn total(&self, _: u64, _: Option<u64>) -> Option<u64> {
        None
    }

    fn tip(&self) -> Result<u64> {
        let status = self.remote.parse(&self.remote.status()?)?;
        let height = status["tip"]["height"].as_u64();
        let wrong = || {
            Failure::no(format!("{} sent a status without a tip", self.name()))
                .hint(self.remote.no_node_hint())
        };
        Ok(height.ok_or_else(wrong)?)
    }

    fn may_break(&self) -> bool {
        true
    }
}

/// The database of a running node, which can be asked over REST.
fn in_use(dir: &Path, error: StoreError, command: &str) -> anyhow::Error {
    if !matches!(error, StoreError::Locked { .. }) {
        return error.into();
    }
    let url = api_address::of_holder(dir, &error).unwrap_or_else(|| DEFAULT_URL.to_owned());
    Failure::new(Code::Locked, error.to_string())
        .hint(format!("export from the running node: {}", command.replace("URL", &url)))
        .into()
}

/// What it means that a chain file from this source cannot be read on. It may pass if a connection
/// broke.
pub fn broken(source: &str, may_break: bool, error: ArchiveError) -> anyhow::Error {
    let ended = |error: ArchiveError| {
        let cause = match error {
            ArchiveError::Io(error) => anyhow::Error::from(error),
            error => error.into(),
        };
        Failure::no(format!("the response of {source} ended early"))
            .because(cause)
            .may_pass()
            .hint("start the export again")
            .into()
    };
    match error {
        ArchiveError::Io(error) => match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) if may_break => ended(error.into()),
            Err(error) => error.into(),
        },
        error @ ArchiveError::Truncated { .. } if may_break => ended(error),
        error if may_break => wrong(source, &error).into(),
        error => archive_failure::failure(source, error).into(),
    }
}

/// What it means that a node sent something else than a chain file.
fn wrong(source: &str, error: &ArchiveError) -> Failure {
    let what = format!("what {source} sent cannot be used: {error}");
    match error {
        ArchiveError::Newer { .. } => {
            Failure::new(Code::Newer, what).hint("use the version of the node, or a newer one")
        }
        ArchiveError::NotArchive => Failure::no(what)
            .hint("check that a node responds there, and that no proxy changes what it sends"),
        _ => Failure::no(what)
            .hint("check that no proxy changes what the node sends, and start the export again")
            .hint("`jenny verify` tells whether its database is whole, once it is stopped"),
    }
}
