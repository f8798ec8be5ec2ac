//! `GET /v1/blocks/{block}/records` and `GET /v1/blocks/{block}/header`: the parts of a block.

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::block_json::BLOCK_JSON_BYTES;
use super::block_pages::MAX_PAGE_BYTES;
use super::block_response::{Written, respond};
use super::block_selector::BlockSelector;
use super::call::Call;
use super::query::Query;
use crate::api::http::problem::Problem;
use crate::chain::{Hash, MAX_SAFE_INTEGER, Spec, leaf_hash, write_header_json};
use crate::node::StoredBlock;

/// Records of a page.
pub(super) const MAX_PAGE_RECORDS: u64 = 1_000;

/// Records of a page whose query names no limit.
pub(super) const DEFAULT_PAGE_RECORDS: u64 = 100;

#[derive(Serialize, ToSchema)]
#[schema(as = BlockRecord)]
pub(super) struct Record<'a> {
    /// The hash that names the record: that of its leaf in the block's tree.
    #[schema(value_type = Hash)]
    id: String,
    index: usize,
    data: &'a str,
}

/// Which records of a block.
#[derive(Clone, Copy, Debug)]
struct RecordPage {
    from: u64,
    limit: u64,
}

/// The header alone.
pub(super) async fn header(call: Call) -> Result<Response, Problem> {
    let [block] = call.parameters()?;
    let selector = BlockSelector::of(block)?;
    let write = |spec: &Spec, block: &StoredBlock| {
        let mut text = Vec::with_capacity(BLOCK_JSON_BYTES);
        write_header_json(&mut text, spec, &block.header, &block.hash);
        Written::from(text)
    };
    respond(call, selector, write).await
}

/// A page of the records.
pub(super) async fn records(call: Call) -> Result<Response, Problem> {
    let [block] = call.parameters()?;
    let selector = BlockSelector::of(block)?;
    let query = Query::parse(&call.query);
    let page = RecordPage {
        from: query.number("from", 0..=MAX_SAFE_INTEGER)?.unwrap_or(0),
        limit: query.number("limit", 1..=MAX_PAGE_RECORDS)?.unwrap_or(DEFAULT_PAGE_RECORDS),
    };
    let write = move |_: &Spec, block: &StoredBlock| page.write(selector, block);
    respond(call, selector, write).await
}

impl RecordPage {
    fn write(self, selector: BlockSelector, block: &StoredBlock) -> Written {
        let (mut text, mut next) = (vec![b'['], None);
        let from = usize::try_from(self.from).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        for (index, data) in block.records.iter().enumerate().skip(from) {
            let before = text.len();
            if index > from {
                text.push(b',');
            }
            let id = leaf_hash(data.as_bytes()).to_string();
            // Writing strings and a number into memory cannot fail.
            drop(serde_json::to_writer(&mut text, &Record { id, index, data }));
            let is_full = index.saturating_sub(from) >= limit || text.len() >= MAX_PAGE_BYTES;
            if is_full && index > from {
                text.truncate(before);
                next = Some(index);
                break;
            }
        }
        text.push(b']');
        Written { text, link: next.map(|next| self.link(selector, block, next)) }
    }

    /// The next page, of the same block: the tip may be another one then.
    fn link(self, selector: BlockSelector, block: &StoredBlock, next: usize) -> String {
        let name = match selector {
            BlockSelector::Height(height) => height.to_string(),
            BlockSelector::Hash(_) | BlockSelector::Tip => block.hash.to_string(),
        };
        let limit = self.limit;
        format!("</v1/blocks/{name}/records?from={next}&limit={limit}>; rel=\"next\"")
    }
}

#[cfg(test)]
mod tests;
