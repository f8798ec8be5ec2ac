//! The mark of a run in its data directory, from when the directory is held until the run ends in
//! order. A start that finds one follows a failure, a kill or a power failure.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cli::api_address;

/// How long an end waits for a disk that is stuck.
const MARK_WAIT: Duration = Duration::from_millis(500);

/// The mark of this run.
#[derive(Clone, Debug)]
pub(super) struct RunMark {
    dir: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The directory is not held yet.
    Absent,
    Left {
        /// Whether the run before had left its own.
        was_there: bool,
    },
    /// This run ended: it leaves no mark any more.
    Ended,
}

impl RunMark {
    pub(super) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), state: Arc::new(Mutex::new(State::Absent)) }
    }

    /// The data directory.
    pub(super) fn directory(&self) -> &Path {
        &self.dir
    }

    /// Leaves the mark, unless the run has ended meanwhile. To be called while the directory is
    /// held.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        if matches!(*state, State::Absent) {
            let was_there = api_address::is_left(&self.dir);
            *state = State::Left { was_there };
            api_address::leave(&self.dir, None);
        }
    }

    /// Whether the run before this one did not end in order.
    pub(super) fn is_unclean(&self) -> bool {
        matches!(*self.lock(), State::Left { was_there: true })
    }

    /// The run was refused or stopped before it served anything, which is no failure. The mark of
    /// the run before stays for the next start to tell.
    pub(super) async fn withdraw(&self) {
        self.end(false).await;
    }

    /// The run ended in order.
    pub(super) async fn remove(&self) {
        self.end(true).await;
    }

    async fn end(&self, in_order: bool) {
        let mark = self.clone();
        let ending = tokio::task::spawn_blocking(move || {
            let mut state = mark.lock();
            if let State::Left { was_there } = *state
                && (in_order || !was_there)
            {
                api_address::remove(&mark.dir);
            }
            *state = State::Ended;
        });
        // What a stuck disk keeps is told by the next start.
        drop(tokio::time::timeout(MARK_WAIT, ending).await);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
