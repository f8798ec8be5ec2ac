//! Opens the database of a stopped node.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::notice::notice;
use crate::store::{Opened, Options, StoreError, open};

/// A step that is done sooner is not worth a line.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Steps that wait to be told. When it is full the next ones are not told.
const WAITING_STEPS: usize = 16;

/// Opens whatever chain the directory holds. A step that lasts is told on standard error.
pub(super) fn open_with(dir: &Path, options: &Options) -> Result<Opened, StoreError> {
    telling(dir, |dir, progress| open(dir, options, progress))
}

/// Does something with a data directory. A step of it that lasts is told on standard error.
pub(super) fn telling<T>(
    dir: &Path,
    code: impl FnOnce(&Path, &mut dyn FnMut(&str)) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let owner = dir.metadata().map_or(0, |found| found.uid());
    if let Some(warning) = warning_of_owner(dir, owner, rustix::process::geteuid().as_raw()) {
        notice(&warning);
    }
    let (send, receive) = sync_channel::<String>(WAITING_STEPS);
    std::thread::scope(|scope| {
        let teller = std::thread::Builder::new().name("steps".to_owned());
        // Without the thread nothing is told, which stops nothing.
        let _ = teller.spawn_scoped(scope, move || tell(dir, &receive));
        // The closure takes the sender, and the other thread ends when it is dropped.
        let mut progress = move |step: &str| drop(send.try_send(step.to_owned()));
        code(dir, &mut progress)
    })
}

/// What root is told of the directory of another account.
fn warning_of_owner(dir: &Path, owner: u32, own: u32) -> Option<String> {
    let name = dir.display();
    (own == 0 && owner != 0).then(|| {
        format!(
            "warning: {name} belongs to another account, whose node cannot start with files that \
             root makes in it; run this as that account, or afterwards `chown -R --reference={name} {name}`"
        )
    })
}

fn tell(dir: &Path, steps: &Receiver<String>) {
    let mut last: Option<String> = None;
    loop {
        match steps.recv_timeout(WORTH_TELLING) {
            Ok(step) => last = Some(step),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(step) = last.take() {
                    // Where standard error is gone, nobody is left to tell.
                    drop(writeln!(std::io::stderr(), "{}: {step}", dir.display()));
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Opens whatever chain the directory holds, only to read: without checkpoints, which are for
/// the node to hold, and without the guard of free space, for nothing is added.
pub(super) fn open_any(dir: &Path) -> Result<Opened, StoreError> {
    open_with(dir, &Options { min_free_bytes: 0, ..Options::default() })
}

#[cfg(test)]
mod tests;
