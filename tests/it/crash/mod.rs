//! kill -9 at random moments: nothing acknowledged is lost, and the database opens.
//!
//! A few rounds by default; `JENNY_TEST_CRASH_ROUNDS` asks for more. The seed of a run is
//! printed, and `JENNY_TEST_SEED` repeats it.

mod importing;
mod mixed;
mod records;
mod rounds;
mod serving;
mod storing;
mod worker;

pub(crate) use rounds::rounds;
