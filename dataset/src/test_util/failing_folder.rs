//! A folder that fails.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use crate::folder::{Finished, Folder, NewFile};

/// A folder whose steps fail from one on, as on a full disk, or as if the process were killed.
pub(crate) struct FailingFolder<F> {
    inner: F,
    steps: Arc<Steps>,
    /// How often the manifest was replaced.
    pub(crate) commits: usize,
    /// What happens before its files are listed for the first time.
    before_list: RefCell<Option<Box<dyn FnOnce()>>>,
}

/// Counts steps.
struct Steps {
    /// Steps that are left.
    left: AtomicUsize,
}

struct FailingFile {
    inner: Box<dyn NewFile>,
    steps: Arc<Steps>,
}

impl<F> FailingFolder<F> {
    /// Lets this number of steps succeed.
    pub(crate) fn after(steps: usize, inner: F) -> Self {
        let steps = Arc::new(Steps { left: AtomicUsize::new(steps) });
        Self { inner, steps, commits: 0, before_list: RefCell::default() }
    }

    /// Lets every step succeed, and does something before the files are listed for the first time.
    pub(crate) fn listing(inner: F, before_list: impl FnOnce() + 'static) -> Self {
        let folder = Self::after(usize::MAX, inner);
        *folder.before_list.borrow_mut() = Some(Box::new(before_list));
        folder
    }
}

impl Steps {
    fn step(&self) -> io::Result<()> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl<F: Folder> Folder for FailingFolder<F> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn advice(&self, error: &anyhow::Error) -> String {
        self.inner.advice(error)
    }

    fn manifest(&mut self) -> Result<Option<Vec<u8>>> {
        self.inner.manifest()
    }

    fn commit(&mut self, manifest: &[u8]) -> Result<()> {
        self.steps.step()?;
        self.inner.commit(manifest)?;
        self.commits += 1;
        Ok(self.steps.step()?)
    }

    fn create(&mut self, file: &str) -> Result<Box<dyn NewFile>> {
        self.steps.step()?;
        let inner = self.inner.create(file)?;
        Ok(Box::new(FailingFile { inner, steps: Arc::clone(&self.steps) }))
    }

    fn read(&self, file: &str) -> Result<Option<Box<dyn Read>>> {
        self.inner.read(file)
    }

    fn tables(&self) -> Result<Vec<String>> {
        if let Some(before) = self.before_list.take() {
            before();
        }
        self.inner.tables()
    }
}

impl Write for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.steps.step()?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl NewFile for FailingFile {
    fn finish(self: Box<Self>) -> Result<Finished> {
        self.steps.step()?;
        let finished = self.inner.finish()?;
        self.steps.step()?;
        Ok(finished)
    }
}
