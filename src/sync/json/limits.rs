//! How often and how much: every number of the dialect.

use std::time::Duration;

use crate::sync::Time;
use crate::sync::step::Step;

/// How often type 0 is sent on a link: a seed-like node relays nothing, so only asking finds what lies
/// behind it.
pub(super) const ASK_EVERY: Duration = Duration::from_secs(15);

/// How long the first type 0 of a link waits for the peer's first type 1.
pub(super) const FIRST_RESPONSE: Duration = Duration::from_secs(1);

/// Most blocks of an extension that are announced one by one; more are a stream.
pub(super) const MAX_ANNOUNCED: u64 = 16;

/// Blocks of a stream between two acknowledgements.
pub(super) const STREAM_BATCH: u64 = 128;

/// How long a stream waits for an acknowledgement before the link is closed.
pub(super) const ACK_WITHIN: Duration = Duration::from_secs(30);

/// How long after a stream's end a block that it sent already starts no other one: a seed-like node
/// answers every block that it holds with its whole chain.
pub(super) const QUIET: Duration = Duration::from_secs(30);

/// Shortest time between two whole chains, and between two answers to a fork, on a link.
pub(super) const CHAIN_RESPONSE_EVERY: Duration = Duration::from_secs(30);

/// The same while our chain is below [`SMALL_CHAIN`].
pub(super) const SMALL_CHAIN_RESPONSE_EVERY: Duration = Duration::from_secs(2);

/// How long a peer whose branch was refused for its depth is not answered: each answer would draw
/// its whole chain.
pub(super) const DEEP_PAUSE: Duration = Duration::from_secs(600);

/// JSON bytes of a chain that is cheap to send: 1 MiB.
pub(super) const SMALL_CHAIN: u64 = 1 << 20;

/// Whether something that may be done every so often, and was done then, may not yet be done
/// again.
pub(super) fn is_too_soon(step: &Step<'_>, last: Option<Time>) -> bool {
    let is_small = step.ours.json_bytes < SMALL_CHAIN;
    let pause = if is_small { SMALL_CHAIN_RESPONSE_EVERY } else { CHAIN_RESPONSE_EVERY };
    last.is_some_and(|last| step.now < last.plus(pause))
}
