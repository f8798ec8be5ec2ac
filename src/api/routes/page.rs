//! What a page of the main chain is to hold, as a query says it.

use std::fmt;
use std::time::UNIX_EPOCH;

use super::query::{Query, invalid, plain_number};
use crate::api::http::problem::Problem;
use crate::chain::{BlockId, Height, MAX_SAFE_INTEGER, Timestamp};
use crate::node::{StoreError, View};

/// Entries of a page whose query names no limit.
pub(super) const DEFAULT_LIMIT: u64 = 100;

/// In which direction pages go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// Where the first page starts, or how the pages go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Start {
    /// At the end of the chain from which the pages lead away.
    End,
    At(Height),
    /// Behind a block that the client has, which must still be on the main chain.
    After(BlockId),
}

/// What a page is to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PageQuery {
    start: Start,
    since: Option<Timestamp>,
    pub(super) order: Order,
    pub(super) limit: u64,
}

/// The heights that pages are taken from, `first` first; both ends belong to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Span {
    pub(super) first: Height,
    pub(super) last: Height,
}

/// The block of a cursor is not on the main chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct OffChain(pub(super) BlockId);

/// The last block of a page, as text: its height and hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Cursor(pub(super) BlockId);

impl PageQuery {
    /// Reads `from` or `cursor`, `limit`, `order` and `since`.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(super) fn of(query: &Query, max: u64) -> Result<Self, Problem> {
        let limit = query.number("limit", 1..=max)?.unwrap_or(DEFAULT_LIMIT);
        let order = match query.get("order")? {
            None | Some("asc") => Order::Ascending,
            Some("desc") => Order::Descending,
            Some(_) => return Err(invalid("order", "`order` must be `asc` or `desc`")),
        };
        let since = query.get("since")?.map(since).transpose()?;
        let from = query.number("from", 0..=MAX_SAFE_INTEGER)?;
        let start = match (from, query.get("cursor")?) {
            (None, None) => Start::End,
            (Some(height), None) => Start::At(Height::new(height)),
            (None, Some(text)) => Start::After(Cursor::parse(text)?.0),
            (Some(_), Some(_)) => {
                return Err(invalid("cursor", "`cursor` and `from` exclude each other"));
            }
        };
        Ok(Self { start, since, order, limit })
    }

    /// Returns the heights of this page and all that follow it, `None` if there is none.
    ///
    /// # Errors
    /// As [`View::header`]; `OffChain` within.
    pub(super) fn span(&self, view: &View) -> Result<Result<Option<Span>, OffChain>, StoreError> {
        if let Start::After(id) = self.start
            && view.header(id.height)?.is_none_or(|header| header.hash != id.hash)
        {
            return Ok(Err(OffChain(id)));
        }
        let lowest = match self.since {
            None => Height::GENESIS,
            Some(time) => match view.first_since(time)? {
                Some(height) => height,
                None => return Ok(Ok(None)),
            },
        };
        Ok(Ok(self.between(lowest, view.tip().header.height)))
    }

    fn between(&self, lowest: Height, tip: Height) -> Option<Span> {
        match self.order {
            Order::Ascending => {
                let first = match self.start {
                    Start::End => lowest,
                    Start::At(height) => height.max(lowest),
                    Start::After(id) => id.height.next().max(lowest),
                };
                (first <= tip).then_some(Span { first, last: tip })
            }
            Order::Descending => {
                let first = match self.start {
                    Start::End => tip,
                    Start::At(height) => height.min(tip),
                    Start::After(id) => id.height.parent()?.min(tip),
                };
                (first >= lowest).then_some(Span { first, last: lowest })
            }
        }
    }
}

impl Order {
    /// Returns the height behind `height`, `None` at the end of the span.
    pub(super) fn after(self, height: Height, span: Span) -> Option<Height> {
        match self {
            _ if height == span.last => None,
            Self::Ascending => Some(height.next()),
            Self::Descending => height.parent(),
        }
    }
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, Problem> {
        let id = text.split_once('-').and_then(|(height, hash)| {
            Some(BlockId { height: Height::new(plain_number(height)?), hash: hash.parse().ok()? })
        });
        id.map(Self).ok_or_else(|| {
            invalid("cursor", "`cursor` must be the height and the hash of a block, HEIGHT-HASH, such as `next` of a page")
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.height, self.0.hash)
    }
}

/// Milliseconds since the epoch, or the form of RFC 3339 in UTC.
fn since(text: &str) -> Result<Timestamp, Problem> {
    let parsed = || {
        let time = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(time.as_millis()).ok()
    };
    let millis = plain_number(text).or_else(parsed);
    millis.map(Timestamp::from_millis).ok_or_else(|| {
        invalid("since", "`since` must be milliseconds since the epoch, or a time in UTC such as 2026-01-31T12:00:00Z")
    })
}

#[cfg(test)]
mod tests;
