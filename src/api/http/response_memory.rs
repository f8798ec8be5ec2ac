//! The memory of answers: one budget for all those above 64 KiB, held until they are sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryFutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use warp::reply::Response;

use super::problem::{Kind, Problem};
use super::reply;

/// Responses of up to this many bytes are not counted: the connections bound them.
pub(in crate::api) const SMALL_RESPONSE_BYTES: usize = 64 << 10;

/// Bytes of all larger answers that are built and not sent yet: 64 MiB.
const MAX_RESPONSES_BYTES: usize = 64 << 20;

/// Bytes of those to one user: a quarter, so that one user cannot keep the others out. The
/// largest answer is a batch of blocks, whose 2 MiB of records are at most 12 MiB of JSON.
const MAX_USER_RESPONSES_BYTES: usize = MAX_RESPONSES_BYTES / 4;

/// Users whose shares are remembered before those without an answer under way are dropped.
const MAX_SHARES: usize = 1_024;

/// How long an answer waits for its place in the budget.
pub(in crate::api) const RESPONSE_ROOM_WAIT: Duration = Duration::from_secs(10);

/// How long a client should wait after that.
const BUDGET_RETRY: Duration = Duration::from_secs(5);

/// The budget; cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::api) struct ResponseMemory {
    all: Arc<Semaphore>,
    shares: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// One user's share of the budget.
#[derive(Clone, Debug)]
pub(in crate::api) struct Share {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub(in crate::api) struct Reserved {
    bytes: usize,
    own: OwnedSemaphorePermit,
    all: OwnedSemaphorePermit,
}

/// The budget has no room for an answer of this many bytes. The answer was dropped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) struct NoRoom(usize);

/// A text that holds its part of the budget.
struct Counted {
    text: Vec<u8>,
    _reserved: Reserved,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl ResponseMemory {
    pub(in crate::api) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(MAX_RESPONSES_BYTES)), shares: Arc::default() }
    }

    /// The share of a user, who is known to exist.
    pub(in crate::api) fn share(&self, user: &str) -> Share {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= MAX_SHARES && !shares.contains_key(user) {
            shares.retain(|_, own| Arc::strong_count(own) > 1);
        }
        let new = || Arc::new(Semaphore::new(MAX_USER_RESPONSES_BYTES));
        let own = Arc::clone(shares.entry(user.to_owned()).or_insert_with(new));
        Share { all: Arc::clone(&self.all), own }
    }

    /// Bytes of the answers that are under way, and the most that there may be.
    pub(in crate::api) fn held(&self) -> (usize, usize) {
        let free = self.all.available_permits();
        (MAX_RESPONSES_BYTES.saturating_sub(free), MAX_RESPONSES_BYTES)
    }
}

impl Share {
    /// Reserves room for an answer of this many bytes.
    ///
    /// # Errors
    /// 503 when there is none within [`RESPONSE_ROOM_WAIT`].
    pub(in crate::api) async fn reserve(&self, bytes: usize) -> Result<Reserved, Problem> {
        self.reserve_until(bytes, Instant::now() + RESPONSE_ROOM_WAIT).await
    }

    async fn reserve_until(&self, bytes: usize, end: Instant) -> Result<Reserved, Problem> {
        let permits = permits(bytes);
        let reserving = async {
            // The own share first: what waits for it keeps nothing from others.
            let own = Arc::clone(&self.own).acquire_many_owned(permits).await.ok()?;
            let all = Arc::clone(&self.all).acquire_many_owned(permits).await.ok()?;
            Some(Reserved { bytes, own, all })
        };
        match timeout_at(end, reserving).await {
            Ok(Some(reserved)) => Ok(reserved),
            // The semaphores are never closed.
            Ok(None) => Err(Problem::internal()),
            Err(_) => {
                let detail = "too many large responses are waiting to be read; read the ones already requested, or try again later";
                Err(Problem::new(Kind::Busy, detail).retry_after(BUDGET_RETRY))
            }
        }
    }

    /// Counts a text until its last byte was sent. `reserved` is what was set aside for it.
    ///
    /// # Errors
    /// When there is no room now: the text is dropped, to be built again with room reserved.
    pub(in crate::api) fn count(
        &self,
        mut text: Vec<u8>,
        reserved: Option<Reserved>,
    ) -> Result<Bytes, NoRoom> {
        if text.len() <= SMALL_RESPONSE_BYTES {
            return Ok(text.into());
        }
        text.shrink_to_fit();
        let bytes = text.len();
        let reserved = match reserved.filter(|reserved| reserved.bytes >= bytes) {
            Some(reserved) => reserved,
            None => self.try_reserve(bytes).ok_or(NoRoom(bytes))?,
        };
        Ok(Bytes::from_owner(Counted { text, _reserved: reserved }))
    }

    /// As [`Share::count`], of what `encode` makes of the text, which must not be longer.
    ///
    /// # Errors
    /// Those of `encode`, which runs only when there is room.
    pub(in crate::api) fn count_encoded<E>(
        &self,
        text: &[u8],
        reserved: Option<Reserved>,
        encode: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Result<Bytes, NoRoom>, E> {
        let bytes = text.len();
        let reserved = match reserved.filter(|reserved| reserved.bytes >= bytes) {
            Some(reserved) => reserved,
            None => match self.try_reserve(bytes) {
                Some(reserved) => reserved,
                None => return Ok(Err(NoRoom(bytes))),
            },
        };
        let mut text = encode(text)?;
        text.shrink_to_fit();
        let reserved = reserved.shrink(text.len());
        Ok(Ok(Bytes::from_owner(Counted { text, _reserved: reserved })))
    }

    fn try_reserve(&self, bytes: usize) -> Option<Reserved> {
        let permits = permits(bytes);
        let own = Arc::clone(&self.own).try_acquire_many_owned(permits).ok()?;
        let all = Arc::clone(&self.all).try_acquire_many_owned(permits).ok()?;
        Some(Reserved { bytes, own, all })
    }

    /// Builds an answer that passes through [`Share::count`], again with room reserved when
    /// there was none. So nothing is held while it waits.
    ///
    /// # Errors
    /// Those of `build`; 503 when there is no room for too long.
    pub(in crate::api) async fn build<T, E, F, B>(
        &self,
        wait: Duration,
        build: B,
    ) -> Result<T, Problem>
    where
        B: Fn(Option<Reserved>) -> F,
        F: Future<Output = Result<Result<T, NoRoom>, E>>,
        Problem: From<E>,
    {
        let end = Instant::now() + wait;
        let mut reserved = None;
        loop {
            match build(reserved.take()).await? {
                Ok(answer) => return Ok(answer),
                Err(NoRoom(bytes)) => reserved = Some(self.reserve_until(bytes, end).await?),
            }
        }
    }

    /// Responds with the JSON text that `write` builds.
    ///
    /// # Errors
    /// Those of `write`; 503 when there is no room for too long.
    pub(in crate::api) async fn json<F>(&self, write: impl Fn() -> F) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Vec<u8>, Problem>>,
    {
        self.text(write).await.map(reply::json_text)
    }

    /// Returns the text that `write` builds, counted until its last byte was sent.
    ///
    /// # Errors
    /// As [`Share::json`].
    pub(in crate::api) async fn text<F>(&self, write: impl Fn() -> F) -> Result<Bytes, Problem>
    where
        F: Future<Output = Result<Vec<u8>, Problem>>,
    {
        let build = |reserved| write().map_ok(|text| self.count(text, reserved));
        self.build(RESPONSE_ROOM_WAIT, build).await
    }
}

impl Reserved {
    /// Gives back what is more than this many bytes.
    fn shrink(mut self, bytes: usize) -> Self {
        let unused = permits(self.bytes).saturating_sub(permits(bytes));
        let unused = usize::try_from(unused).unwrap_or(usize::MAX);
        // What is split off is given back as it is dropped.
        drop((self.own.split(unused), self.all.split(unused)));
        self.bytes = self.bytes.min(bytes);
        self
    }
}

/// What an answer counts as. None is larger than a share.
fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes.min(MAX_USER_RESPONSES_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
