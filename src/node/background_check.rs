//! The background check: every stored block, once after the start, slowly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::StoreError;
use super::shared::{Shared, guarded};

/// How long the check works before it rests.
const WORK: Duration = Duration::from_millis(5);

/// Rest, in times of the work before: a quarter of one core is used.
const REST: u32 = 3;

/// The longest part of a rest that goes by without a look at whether the node stops.
const NAP: Duration = Duration::from_millis(20);

/// Checks the database up to where the chain ends now: later blocks were checked on
/// their way in. Damage ends the node.
pub(super) fn run(shared: &Arc<Shared>) {
    let end = shared.tip().header.height;
    let mut since = Instant::now();
    let checked = guarded(|| {
        shared.reader.check_all(&mut |height| {
            shared.set_checked(Some(height.min(end)));
            if height >= end {
                return false;
            }
            let worked = since.elapsed();
            if worked >= WORK {
                rest(shared, worked.saturating_mul(REST));
                since = Instant::now();
            }
            !shared.is_over()
        })
    });
    match checked.and_then(|checked| checked) {
        Ok(_) if shared.is_over() => {}
        Ok(_) => {
            shared.set_checked(None);
            tracing::info!("background check: every stored block is valid");
        }
        Err(error) => shared.end(&explain(error).into()),
    }
}

fn rest(shared: &Shared, time: Duration) {
    let started = Instant::now();
    while let Some(left) = time.checked_sub(started.elapsed()) {
        if left.is_zero() || shared.is_over() {
            return;
        }
        std::thread::sleep(left.min(NAP));
    }
}

/// Names the command that finds out more.
fn explain(error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged { what } => StoreError::Damaged {
            what: format!(
                "{what} (found by the background check; `jenny verify` names the first bad block)"
            ),
        },
        error => error,
    }
}

#[cfg(test)]
mod tests;
