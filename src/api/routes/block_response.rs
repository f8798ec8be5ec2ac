//! The response to a request for something of one block.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, ETAG, LINK};
use warp::reply::Response;

use super::block_selector::{BlockSelector, Located};
use super::call::Call;
use crate::api::http::etag::{self, IfNoneMatch};
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::api::http::response_memory::{NoRoom, RESPONSE_ROOM_WAIT, Reserved, Share};
use crate::chain::{Hash, Spec};
use crate::node::{StoreError, StoredBlock, View};

/// What is said of a block.
pub(super) struct Written {
    pub(super) text: Vec<u8>,
    /// `Link`: where the rest is (RFC 8288).
    pub(super) link: Option<String>,
}

impl From<Vec<u8>> for Written {
    fn from(text: Vec<u8>) -> Self {
        Self { text, link: None }
    }
}

/// A block that is there: the text, unless the client holds it.
struct Found {
    hash: Hash,
    text: Option<Bytes>,
    link: Option<String>,
}

/// Responds with what `write` makes of the block, with its entity tag, or with 304. The text must
/// follow from the block and the path alone: by hash it may be kept for ever.
pub(super) async fn respond(
    call: Call,
    selector: BlockSelector,
    write: impl Fn(&Spec, &StoredBlock) -> Written + Clone + Send + 'static,
) -> Result<Response, Problem> {
    let (node, share) = (&call.context.node, &call.share);
    let held = IfNoneMatch::of(&call.headers);
    let located = selector.locate(node).await?;
    let view = Arc::new(node.view());
    let tip = view.tip();
    let found = if selector == BlockSelector::Tip && held.has(&tip.hash) {
        Some(Found { hash: tip.hash, text: None, link: None })
    } else {
        let read = |reserved| {
            let (view, spec) = (Arc::clone(&view), node.spec().clone());
            let (share, held, write) = (share.clone(), held.clone(), write.clone());
            let find =
                move || find(&view, located, &held, |block| write(&spec, block), &share, reserved);
            node.read(find)
        };
        share.build(RESPONSE_ROOM_WAIT, read).await?
    };
    let found = found.ok_or_else(|| selector.not_found(tip.header.height))?;
    let mut response = found.text.map_or_else(reply::not_modified, reply::json_text);
    response.headers_mut().insert(CACHE_CONTROL, selector.caching());
    response.headers_mut().insert(ETAG, etag::weak(&found.hash)?);
    if let Some(link) = found.link {
        let link = HeaderValue::try_from(link).map_err(|_| Problem::internal())?;
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

fn find(
    view: &View,
    located: Located,
    held: &IfNoneMatch,
    write: impl Fn(&StoredBlock) -> Written,
    share: &Share,
    reserved: Option<Reserved>,
) -> Result<Result<Option<Found>, NoRoom>, StoreError> {
    let Some(block) = located.read(view)? else { return Ok(Ok(None)) };
    if held.has(&block.hash) {
        return Ok(Ok(Some(Found { hash: block.hash, text: None, link: None })));
    }
    let Written { text, link } = write(&block);
    let text = share.count(text, reserved);
    Ok(text.map(|text| Some(Found { hash: block.hash, text: Some(text), link })))
}
