//! `GET /explorer/`: the web page, and the files that it is made of.

use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName,
    LOCATION, REFERRER_POLICY, VARY,
};
use http::{Response as HttpResponse, StatusCode};
use warp::reply::Response;

use super::call::Call;
use crate::api::explorer::{Depth, EXPLORER, File};
use crate::api::http::coding::Coding;
use crate::api::http::etag::{self, IfNoneMatch};
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;

/// What the page may load and do: its own files, and requests to this node. No text becomes
/// markup or script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// To the address with a slash, from which relative paths lead to the files.
pub(super) fn redirect() -> Response {
    let mut response = reply::nothing();
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("explorer/"));
    response
}

/// The overview.
pub(super) fn overview(call: &Call) -> Result<Response, Problem> {
    shell(call, Depth::Page)
}

/// A page. Which one it is, and whether there is such a page, the page itself finds out.
pub(super) fn page(call: &Call) -> Result<Response, Problem> {
    let [page] = call.parameters()?;
    // What has a dot is meant to be a file.
    if page.contains('.') { Err(no_file()) } else { shell(call, Depth::Page) }
}

/// A page about one block or record.
pub(super) fn item(call: &Call) -> Result<Response, Problem> {
    let [page, item] = call.parameters()?;
    if page.contains('.') || item.contains('.') { Err(no_file()) } else { shell(call, Depth::Item) }
}

/// A file of the page.
pub(super) fn file(call: &Call) -> Result<Response, Problem> {
    let [version, name] = call.parameters()?;
    respond(call, version, name)
}

/// A file in a folder.
pub(super) fn file_in_folder(call: &Call) -> Result<Response, Problem> {
    let [version, folder, name] = call.parameters()?;
    respond(call, version, &format!("{folder}/{name}"))
}

fn respond(call: &Call, version: &str, name: &str) -> Result<Response, Problem> {
    let file = EXPLORER.file(version, name).ok_or_else(no_file)?;
    let mut response = body(call, file);
    // Another version of the file has another name.
    let caching = HeaderValue::from_static("private, max-age=31536000, immutable");
    response.headers_mut().insert(CACHE_CONTROL, caching);
    Ok(response)
}

fn shell(call: &Call, depth: Depth) -> Result<Response, Problem> {
    let tag = etag::weak(EXPLORER.digest())?;
    let mut response = if IfNoneMatch::of(&call.headers).has(EXPLORER.digest()) {
        reply::not_modified()
    } else {
        body(call, EXPLORER.shell(depth))
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

fn body(call: &Call, file: &File) -> Response {
    let (bytes, coding) = file.bytes(Coding::preferred(&call.headers));
    let mut response = HttpResponse::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, coding.name());
    }
    response
}

fn no_file() -> Problem {
    let detail = "the explorer has no such file; if the node was updated, load the page again";
    Problem::new(Kind::NotFound, detail)
}
