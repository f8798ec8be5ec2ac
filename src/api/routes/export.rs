//! `GET /v1/export?from=&to=&own=`: the chain as a portable file.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use tokio::sync::OwnedSemaphorePermit;
use warp::Reply;
use warp::reply::Response;

use super::call::Call;
use super::pages::{self, Page, Pages, StreamPlaces};
use super::query::{Query, invalid};
use crate::api::auth::users::Role;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::response_memory::Share;
use crate::chain::{Height, MAX_SAFE_INTEGER};
use crate::node::{ChainExport, ExportRange, NodeHandle, RangeError};

/// The media type of a chain file.
pub(super) const EXPORT_MEDIA_TYPE: &str = "application/octet-stream";

pub(super) async fn export(call: Call) -> Result<Response, Problem> {
    let (range, has_own) = parameters(&call)?;
    let Call { context, caller, share, .. } = call;
    let long = context.long_requests.take(&caller.user)?;
    let places = StreamPlaces::take(&context.streams, long)?;
    let own_place = has_own.then(|| pages::place(&context.own_exports)).transpose()?;
    let node = context.node.clone();
    let handle = node.clone();
    let begin = move || match handle.export(range, has_own) {
        Ok(export) => Ok(Ok(export)),
        Err(RangeError::Store(error)) => Err(error),
        Err(error) => Ok(Err(invalid("from", error.to_string()))),
    };
    let export = node.read(begin).await??;
    let (name, last) = (node.spec().name(), export.last().height);
    let name = format!("attachment; filename=\"{name}-{}-{last}.chain\"", range.from);
    let source =
        Source { node, share, export: Arc::new(Mutex::new(Export::new(export, own_place))) };
    let read = move |(), wait| {
        let source = source.clone();
        async move { source.page(wait).await }
    };
    let mut response = warp::reply::stream(Pages::start((), places, read).await?).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EXPORT_MEDIA_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = HeaderValue::try_from(name).map_err(|_| Problem::internal())?;
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// The range, and whether own records go with it.
fn parameters(call: &Call) -> Result<(ExportRange, bool), Problem> {
    let query = Query::parse(&call.query);
    let from = query.number("from", 0..=MAX_SAFE_INTEGER)?.unwrap_or(0);
    let to = query.number("to", 0..=MAX_SAFE_INTEGER)?.unwrap_or(MAX_SAFE_INTEGER);
    // A client that has all blocks up to `to` already asks for what follows them.
    if to.saturating_add(1) < from {
        return Err(invalid("to", "`to` must be `from` - 1 at least"));
    }
    let is_operator = call.caller.role == Some(Role::Operator);
    let has_own = match query.get("own")? {
        None => is_operator,
        Some("false") => false,
        Some("true") if is_operator => true,
        Some("true") => {
            let detail =
                "own records are exported to users with the role operator; leave out `own`";
            return Err(Problem::new(Kind::ForbiddenRole, detail).at("own"));
        }
        Some(_) => return Err(invalid("own", "`own` must be true or false")),
    };
    Ok((ExportRange { from: Height::new(from), to: Height::new(to) }, has_own))
}

/// Where the pages come from.
#[derive(Clone)]
struct Source {
    node: NodeHandle,
    share: Share,
    export: Arc<Mutex<Export>>,
}

/// An export, and the bytes of it that wait for room.
struct Export {
    chain: ChainExport,
    ready: Vec<u8>,
    _own_place: Option<OwnedSemaphorePermit>,
}

impl Export {
    const fn new(chain: ChainExport, own_place: Option<OwnedSemaphorePermit>) -> Self {
        Self { chain, ready: Vec::new(), _own_place: own_place }
    }
}

impl Source {
    /// Reads the next bytes on a blocking thread; none at the end.
    async fn page(&self, wait: Duration) -> Result<Page<()>, Problem> {
        let read = |reserved| {
            let (export, share) = (Arc::clone(&self.export), self.share.clone());
            self.node.read(move || {
                let mut export = export.lock().unwrap_or_else(PoisonError::into_inner);
                if export.ready.is_empty() {
                    export.ready = export.chain.read()?;
                }
                let is_last = export.ready.is_empty();
                let counted = share.count(export.ready.clone(), reserved);
                if counted.is_ok() {
                    export.ready.clear();
                }
                Ok(counted.map(|text| Page { text, next: (!is_last).then_some(()) }))
            })
        };
        self.share.build(wait, read).await
    }
}
