//! Where a chain file comes from: a database that no node holds open, or a running node.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use crate::chain::{Height, leaf_hash};
use crate::cli::api_address;
use crate::cli::args::DEFAULT_URL;
use crate::cli::exit::{Code, Failure};
use crate::cli::offline;
use crate::cli::remote::Remote;
use crate::store::archive::{ChainExport, ExportRange, RangeError};
use crate::store::{Opened, StoreError};

/// Where the bytes of a chain file come from.
pub(super) trait Source {
    /// Its name in an error.
    fn name(&self) -> &str;

    /// The bytes of a file that begins with this block.
    fn open(&mut self, from: u64) -> Result<Box<dyn Read>>;

    /// How many blocks there are from this one on, `None` if that is not known.
    fn total(&self, from: u64) -> Option<u64>;

    /// The height at which its chain ends now.
    fn tip(&self) -> Result<u64>;

    /// Whether its bytes come over a connection.
    fn may_break(&self) -> bool;
}

/// An opened database. It is locked while this lives.
pub(super) struct LocalSource {
    opened: Opened,
    name: String,
    to: u64,
    has_own: bool,
}

impl LocalSource {
    pub(super) fn open(dir: &Path, to: u64, no_pool: bool) -> Result<Self> {
        let name = dir.display().to_string();
        match offline::open_any(dir) {
            Ok(opened) => Ok(Self { opened, name, to, has_own: !no_pool }),
            Err(error @ StoreError::Locked { .. }) => {
                let url = api_address::of_holder(dir, &error);
                let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned());
                Err(Failure::new(Code::Locked, error.to_string())
                    .hint(format!("export from the running node: jenny export --url {url} -o FILE"))
                    .into())
            }
            Err(error) => Err(error.into()),
        }
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

impl Source for LocalSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&mut self, from: u64) -> Result<Box<dyn Read>> {
        let reader = self.opened.reader.clone();
        let pending = self.has_own.then(|| self.pending()).transpose()?;
        let range = ExportRange { from: Height::new(from), to: Height::new(self.to) };
        let export = ChainExport::new(reader.clone(), reader.view(), range, pending);
        let export = export.map_err(|error| match error {
            RangeError::Store(error) => anyhow::Error::from(error),
            error => Failure::no(error.to_string()).into(),
        })?;
        Ok(Box::new(Bytes { export, ready: Vec::new(), used: 0 }))
    }

    fn total(&self, from: u64) -> Option<u64> {
        let tip = self.opened.reader.tip().header.height.get();
        Some(tip.min(self.to).saturating_add(1).saturating_sub(from))
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
pub(super) struct RemoteSource {
    remote: Remote,
    to: Option<u64>,
    no_pool: bool,
}

impl RemoteSource {
    pub(super) const fn new(remote: Remote, to: Option<u64>, no_pool: bool) -> Self {
        Self { remote, to, no_pool }
    }
}

impl Source for RemoteSource {
    fn name(&self) -> &str {
        self.remote.name()
    }

    fn open(&mut self, from: u64) -> Result<Box<dyn Read>> {
        let to = self.to.map_or_else(String::new, |to| format!("&to={to}"));
        let own = if self.no_pool { "&own=false" } else { "" };
        let body = self.remote.stream(&format!("/v1/export?from={from}{to}{own}"))?;
        let body = body.ok_or_else(|| {
            Failure::no(format!("{} has no /v1/export: it is an older node", self.name()))
                .hint("stop the node and export from its data directory")
        })?;
        Ok(Box::new(body))
    }

    fn total(&self, _: u64) -> Option<u64> {
        None
    }

    fn tip(&self) -> Result<u64> {
        let status = self.remote.parse(&self.remote.status()?)?;
        let height = status["tip"]["height"].as_u64();
        let wrong = || Failure::no(format!("{} sent a status without a tip", self.name()));
        Ok(height.ok_or_else(wrong)?)
    }

    fn may_break(&self) -> bool {
        true
    }
}
