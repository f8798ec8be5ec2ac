//! What was said of a link already, so that it is said once.

use super::{LinkId, Note, Output};

/// One flag for each kind of [`Note`].
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each kind of note")]
pub(super) struct LogOnce {
    invalid: bool,
    not_higher: bool,
    above_cap: bool,
    clock: bool,
}

impl LogOnce {
    pub(super) const NOTHING: Self =
        Self { invalid: false, not_higher: false, above_cap: false, clock: false };

    /// Tells the operator, the first time.
    pub(super) fn tell(&mut self, link: LinkId, note: Note, out: &mut Vec<Output>) {
        let told = match note {
            Note::Invalid { .. } => &mut self.invalid,
            Note::NotHigher { .. } => &mut self.not_higher,
            Note::ChainAboveCap { .. } => &mut self.above_cap,
            Note::Clock { .. } => &mut self.clock,
            Note::Started { .. } | Note::Stalled { .. } | Note::Withheld { .. } => &mut false,
        };
        if !std::mem::replace(told, true) {
            out.push(Output::Log { link, note });
        }
    }
}
