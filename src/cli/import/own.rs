//! Own records and their marks, as an import takes them over.

use crate::node::PendingBackup;
use crate::store::{Opened, OwnMark, StoreError, TooManyWaiting};

/// Marks that are written together.
const MARKS_TOGETHER: usize = 1_024;

/// What was imported of own records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ImportedOwn {
    pub(super) marks: u64,
    /// Marks of blocks that the chain does not have.
    pub(super) ignored: u64,
    pub(super) pending: usize,
}

/// Takes own records and their marks over, behind the blocks.
pub(super) struct OwnPart {
    marks: Vec<OwnMark>,
    pending: PendingBackup,
    imported: ImportedOwn,
}

impl OwnPart {
    pub(super) fn new(opened: &Opened) -> Result<Self, StoreError> {
        let reader = &opened.reader;
        let pending = PendingBackup::new(&opened.pending, &mut |id| reader.is_own(id))?;
        Ok(Self { marks: Vec::new(), pending, imported: ImportedOwn::default() })
    }

    pub(super) fn mark(&mut self, opened: &mut Opened, mark: OwnMark) -> Result<(), StoreError> {
        self.marks.push(mark);
        if self.marks.len() < MARKS_TOGETHER { Ok(()) } else { self.write(opened) }
    }

    /// Writes the marks that are gathered, less those of blocks that the chain does not have.
    fn write(&mut self, opened: &mut Opened) -> Result<(), StoreError> {
        let view = opened.reader.view();
        let tip = view.tip().header.height;
        let mut known = Vec::with_capacity(self.marks.len());
        for mark in self.marks.drain(..) {
            match mark {
                OwnMark::Block(id) => match view.header(id.height)? {
                    Some(header) if header.hash == id.hash => known.push(mark),
                    _ => self.imported.ignored += 1,
                },
                OwnMark::UpTo(height) => known.push(OwnMark::UpTo(height.min(tip))),
                OwnMark::Record(_) => known.push(mark),
            }
        }
        opened.writer.put_own_marks(&known)?;
        opened.writer.commit()?;
        self.imported.marks += known.len() as u64;
        Ok(())
    }

    pub(super) fn pending(&mut self, text: String) -> Result<(), TooManyWaiting> {
        self.pending.add(text)
    }

    /// Writes what is left. It is durable with the next commit.
    pub(super) fn finish(mut self, opened: &mut Opened) -> Result<ImportedOwn, StoreError> {
        self.write(opened)?;
        self.imported.pending = self.pending.store(&mut opened.writer)?;
        Ok(self.imported)
    }
}
