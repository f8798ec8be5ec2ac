//! `GET /v1/blocks` and `GET /v1/headers`: the main chain page by page.

use std::sync::Arc;

use bytes::Bytes;
use warp::reply::Response;

use super::block_json::{BLOCK_JSON_BYTES, longest_json};
use super::call::Call;
use super::page::{Cursor, OffChain, Order, PageQuery, Span};
use super::query::Query;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::api::http::response_memory::RESPONSE_ROOM_WAIT;
use crate::chain::{BlockId, ChainHeader, Height, Spec, write_block_json, write_header_json};
use crate::node::{StoreError, StoredBlock, View};

/// Blocks of a page.
pub(super) const MAX_PAGE_BLOCKS: u64 = 1_000;

/// Headers of a page.
pub(super) const MAX_PAGE_HEADERS: u64 = 2_000;

/// Bytes of a page's JSON, a longer block alone excepted: 4 MiB.
pub(super) const MAX_PAGE_BYTES: usize = 4 << 20;

/// What a page lists.
trait Entry: Sized {
    /// The name of the list.
    const KEY: &'static str;

    /// Reads consecutive entries, at least one.
    fn read(view: &View, from: Height, to: Height) -> Result<Vec<Self>, StoreError>;

    fn id(&self) -> BlockId;

    /// The most bytes that it has as JSON, about.
    fn longest_json(&self) -> usize;

    fn write(&self, spec: &Spec, out: &mut Vec<u8>);
}

impl Entry for StoredBlock {
    const KEY: &'static str = "blocks";

    fn read(view: &View, from: Height, to: Height) -> Result<Vec<Self>, StoreError> {
        view.blocks(from, to)
    }

    fn id(&self) -> BlockId {
        BlockId { height: self.header.height, hash: self.hash }
    }

    fn longest_json(&self) -> usize {
        longest_json(&self.records)
    }

    fn write(&self, spec: &Spec, out: &mut Vec<u8>) {
        write_block_json(out, spec, &self.header, &self.hash, &self.records);
    }
}

impl Entry for ChainHeader {
    const KEY: &'static str = "headers";

    fn read(view: &View, from: Height, to: Height) -> Result<Vec<Self>, StoreError> {
        view.headers(from, to)
    }

    fn id(&self) -> BlockId {
        Self::id(self)
    }

    fn longest_json(&self) -> usize {
        BLOCK_JSON_BYTES
    }

    fn write(&self, spec: &Spec, out: &mut Vec<u8>) {
        write_header_json(out, spec, &self.header, &self.hash);
    }
}

/// A page of blocks.
pub(super) async fn blocks(call: Call) -> Result<Response, Problem> {
    page::<StoredBlock>(call, MAX_PAGE_BLOCKS).await
}

/// A page of headers.
pub(super) async fn headers(call: Call) -> Result<Response, Problem> {
    page::<ChainHeader>(call, MAX_PAGE_HEADERS).await
}

async fn page<E: Entry>(call: Call, max: u64) -> Result<Response, Problem> {
    let query = PageQuery::of(&Query::parse(&call.query), max)?;
    let (node, share) = (&call.context.node, &call.share);
    let view = Arc::new(node.view());
    let read = |reserved| {
        let (view, spec, share) = (Arc::clone(&view), node.spec().clone(), share.clone());
        node.read(move || {
            Ok(match write_page::<E>(&view, &spec, query)? {
                Ok(text) => share.count(text, reserved).map(Ok),
                Err(off_chain) => Ok(Err(off_chain)),
            })
        })
    };
    let text: Result<Bytes, OffChain> = share.build(RESPONSE_ROOM_WAIT, read).await?;
    text.map(reply::json_text).map_err(cursor_off_chain)
}

fn cursor_off_chain(OffChain(id): OffChain) -> Problem {
    let BlockId { height, hash } = id;
    let detail = format!(
        "block {height} with the hash {hash} is not on the main chain, so a reorg may have disconnected the blocks that you hold; discard those for which GET /v1/blocks/{{height}}/{{hash}} shows `onMainChain` false, and continue from the last one that is left"
    );
    Problem::new(Kind::CursorOffChain, detail).at("cursor")
}

fn write_page<E: Entry>(
    view: &View,
    spec: &Spec,
    query: PageQuery,
) -> Result<Result<Vec<u8>, OffChain>, StoreError> {
    let span = match query.span(view)? {
        Ok(span) => span,
        Err(off_chain) => return Ok(Err(off_chain)),
    };
    let mut text = format!("{{\"{}\":[", E::KEY).into_bytes();
    let last = match span {
        Some(span) => write_entries::<E>(&mut text, view, spec, query, span)?,
        None => None,
    };
    text.extend_from_slice(b"],\"next\":");
    // What lies behind the last entry of the span is not there yet.
    match last.filter(|id| span.is_some_and(|span| id.height != span.last)) {
        Some(id) => text.extend_from_slice(format!("\"{}\"}}", Cursor(id)).as_bytes()),
        None => text.extend_from_slice(b"null}"),
    }
    Ok(Ok(text))
}

/// Writes the first entries of the span, as many as the page may hold. Returns the last one.
fn write_entries<E: Entry>(
    text: &mut Vec<u8>,
    view: &View,
    spec: &Spec,
    query: PageQuery,
    span: Span,
) -> Result<Option<BlockId>, StoreError> {
    let (mut next, mut count, mut last) = (Some(span.first), 0, None);
    while let Some(from) = next {
        for entry in read_on::<E>(view, query, from, span, query.limit - count)? {
            if last.is_some() {
                if text.len().saturating_add(entry.longest_json()) > MAX_PAGE_BYTES {
                    return Ok(last);
                }
                text.push(b',');
            }
            entry.write(spec, text);
            last = Some(entry.id());
            count += 1;
        }
        next = last
            .filter(|_| count < query.limit)
            .and_then(|last| query.order.after(last.height, span));
    }
    Ok(last)
}

/// Reads entries of the span from `from` on, at most `max`.
fn read_on<E: Entry>(
    view: &View,
    query: PageQuery,
    from: Height,
    span: Span,
    max: u64,
) -> Result<Vec<E>, StoreError> {
    match query.order {
        Order::Ascending => E::read(view, from, from.ahead(max.saturating_sub(1)).min(span.last)),
        // A batch is cut at its upper end: downwards each block is read by itself.
        Order::Descending => E::read(view, from, from),
    }
}
