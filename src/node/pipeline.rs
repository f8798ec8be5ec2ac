//! The way from the writer to the syncer: one group at the syncer, and one that waits for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::StoreError;
use super::group::Group;
use crate::chain::TipState;
use crate::store::Sealed;

/// What was applied and is not durable.
#[derive(Debug)]
pub(super) struct Unsynced {
    pub(super) group: Group,
    /// The end of the group.
    pub(super) sealed: Sealed,
    /// The state of the chain there.
    pub(super) state: TipState,
}

/// Hands groups from the writer to the syncer. What is applied while a group is being synced
/// gathers in one group, up to a group's bounds; above them the writer waits.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Option<Unsynced>,
    is_syncing: bool,
    /// The writer has ended: nothing more comes.
    is_closed: bool,
    /// The syncer has ended: nothing more is taken.
    is_over: bool,
    /// Threads that sleep, so that nobody pays for waking them when none does.
    asleep: usize,
}

impl Pipeline {
    /// Hands over what was applied after everything handed over before. Waits while a group
    /// waits into which it does not fit.
    ///
    /// # Errors
    /// When the syncer has ended.
    pub(super) fn put(&self, later: Unsynced) -> Result<(), StoreError> {
        let mut state = self.wait_while(|state| !state.is_over && !state.has_room_for(&later));
        state.check()?;
        match &mut state.waiting {
            Some(Unsynced { group, sealed, state }) => {
                group.append(later.group);
                (*sealed, *state) = (later.sealed, later.state);
            }
            waiting => *waiting = Some(later),
        }
        self.wake(state);
        Ok(())
    }

    /// Whether everything that was handed over is durable and answered.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.is_idle() && !state.is_over
    }

    /// Waits until everything that was handed over is durable and answered.
    ///
    /// # Errors
    /// When the syncer has ended.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        self.wait_while(|state| !state.is_over && !state.is_idle()).check()
    }

    /// Hands over no more, and waits until the syncer has ended.
    pub(super) fn join(&self) {
        self.close();
        drop(self.wait_while(|state| !state.is_over));
    }

    /// Hands over no more: the syncer ends when it has taken what waits.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        self.wake(state);
    }

    /// The syncer's next group, once there is one; `None` if no more will come. What it took
    /// before is durable and answered.
    pub(super) fn take(&self) -> Option<Unsynced> {
        let mut state = self.lock();
        state.is_syncing = false;
        if state.waiting.is_none() {
            // The writer may wait until nothing is on its way.
            self.wake(state);
            state = self.wait_while(|state| state.waiting.is_none() && !state.is_closed);
        }
        let next = state.waiting.take();
        state.is_syncing = next.is_some();
        // The writer may wait until there is room.
        self.wake(state);
        next
    }

    /// The syncer takes no more. What waits is dropped.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_over = true;
        let waiting = state.waiting.take();
        self.wake(state);
        drop(waiting);
    }

    /// Whether a group waits for the syncer.
    #[cfg(test)]
    pub(super) fn is_waiting(&self) -> bool {
        self.lock().waiting.is_some()
    }

    /// Threads that wait for the other side.
    #[cfg(test)]
    pub(super) fn asleep(&self) -> usize {
        self.lock().asleep
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, is_early: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while is_early(&state) {
            state.asleep += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep -= 1;
        }
        state
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        let asleep = state.asleep;
        drop(state);
        if asleep > 0 {
            self.changed.notify_all();
        }
    }
}

impl State {
    const fn is_idle(&self) -> bool {
        self.waiting.is_none() && !self.is_syncing
    }

    fn has_room_for(&self, later: &Unsynced) -> bool {
        self.waiting.as_ref().is_none_or(|waiting| waiting.group.has_room_for(&later.group))
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_over {
            let what = "the thread that makes blocks durable has ended".to_owned();
            return Err(StoreError::WriteFailed(what));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
