//! The outermost layer: every answer leaves through here. It gets the request's id, problems get
//! a log line and their text, and HEAD loses its body.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tower::{BoxError, Service};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::body::TrackedBody;
use super::in_flight::{InFlight, UnderWay};
use super::problem::Problem;
use super::problem_counts::ProblemCounts;
use super::proxies::TrustedProxies;
use super::request_ids::{REQUEST_ID, RequestIds};

/// Characters of a method that are logged. A client may write any word.
const MAX_METHOD_CHARS: usize = 20;

/// Characters of a path that are logged.
const MAX_PATH_CHARS: usize = 200;

/// Who sent a request: the end of its connection, or the address that a trusted proxy at
/// that end names.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Client {
    connection: SocketAddr,
    forwarded: Option<IpAddr>,
}

impl Client {
    /// A client that no proxy names.
    #[cfg(test)]
    pub(in crate::api) const fn of(connection: SocketAddr) -> Self {
        Self { connection, forwarded: None }
    }

    /// The client's address.
    pub(in crate::api) fn ip(&self) -> IpAddr {
        self.forwarded.unwrap_or_else(|| self.connection.ip())
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.forwarded {
            Some(address) => address.fmt(f),
            None => self.connection.fmt(f),
        }
    }
}

/// An extension of a response whose body, if it is a stream, is cut once this is cancelled.
#[derive(Clone, Debug)]
pub(in crate::api) struct CutWhen(pub(in crate::api) CancellationToken);

/// The layer, for one connection.
#[derive(Clone, Debug)]
pub(super) struct Respond<S> {
    inner: S,
    connection: SocketAddr,
    proxies: Arc<TrustedProxies>,
    in_flight: InFlight,
    ids: RequestIds,
    problems: ProblemCounts,
}

impl<S> Respond<S> {
    /// For a connection of this address.
    pub(super) const fn new(
        inner: S,
        connection: SocketAddr,
        proxies: Arc<TrustedProxies>,
        in_flight: InFlight,
        ids: RequestIds,
        problems: ProblemCounts,
    ) -> Self {
        Self { inner, connection, proxies, in_flight, ids, problems }
    }
}

type Finishing<B> = Pin<Box<dyn Future<Output = Result<Response<Answer<B>>, Infallible>> + Send>>;

impl<S, B> Service<Request<Incoming>> for Respond<S>
where
    S: Service<Request<TrackedBody>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    type Response = Response<Answer<B>>;
    type Error = Infallible;
    type Future = Finishing<B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let under_way = self.in_flight.begin();
        let (mut parts, body) = request.into_parts();
        let (body, was_read) = TrackedBody::new(body, self.in_flight.clone());
        let asked = Asked {
            method: parts.method.clone(),
            path: parts.uri.clone(),
            is_anonymous: !parts.headers.contains_key(header::AUTHORIZATION),
        };
        let forwarded = self.proxies.client(self.connection.ip(), &parts.headers);
        let client = Client { connection: self.connection, forwarded };
        parts.extensions.insert(client);
        if parts.method == Method::HEAD {
            parts.method = Method::GET;
        }
        let id = self.ids.of(&parts.headers, self.proxies.contains(self.connection.ip()));
        let span = request_span(&id, &asked);
        let answer = span.in_scope(|| self.inner.call(Request::from_parts(parts, body)));
        let (in_flight, body_span) = (self.in_flight.clone(), span.clone());
        let problems = self.problems.clone();
        let responding = async move {
            let Ok(response) = answer.await;
            let (mut head, body) = response.into_parts();
            let cut = head.extensions.remove::<CutWhen>();
            // A body whose length is known is in memory, and sent soon.
            let cut = cut.filter(|_| body.size_hint().exact().is_none());
            let cut = cut.map(|CutWhen(token)| Box::pin(token.cancelled_owned()));
            let content = Either::Left(body);
            let mut body = Answer { content, cut, span: body_span, _under_way: under_way };
            let status = head.status;
            let problem = head.extensions.remove::<Problem>().or_else(|| {
                let failed = status.is_client_error() || status.is_server_error();
                failed.then(|| Problem::of_status(status))
            });
            if let Some(problem) = problem {
                problems.count(problem.kind);
                log(&problem, &asked, client);
                head.status = problem.status();
                head.headers.remove(header::CONTENT_LENGTH);
                problem.put_headers(&mut head.headers);
                body.content = Either::Right(Full::new(problem.to_json(&id)));
            }
            harden(&mut head.headers);
            if let Ok(id) = HeaderValue::from_str(&id) {
                head.headers.insert(REQUEST_ID, id);
            }
            if !was_read.get() {
                in_flight.leave_unread();
                head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            if asked.method == Method::HEAD {
                // A 304 has no length of its own (RFC 9110 section 8.6).
                let length = body.size_hint().exact();
                if let Some(length) = length.filter(|_| status != StatusCode::NOT_MODIFIED) {
                    head.headers.insert(header::CONTENT_LENGTH, length.into());
                }
                body.content = Either::Right(Full::default());
            }
            Ok(Response::from_parts(head, body))
        };
        Box::pin(responding.instrument(span))
    }
}

/// What the log lines of a request carry. The routes fill in the rest. Its level is that of no
/// line: it is there for the lines of every level.
fn request_span(id: &str, asked: &Asked) -> Span {
    let method = asked.method();
    tracing::error_span!("request", request_id = id, method, route = Empty, user = Empty)
}

/// No browser may take an answer for anything but data, unless it says under which policy it is
/// a page.
fn harden(headers: &mut HeaderMap) {
    const NOTHING: HeaderValue =
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
}

struct Asked {
    method: Method,
    path: http::Uri,
    /// Whether the request brought no credentials.
    is_anonymous: bool,
}

impl Asked {
    /// The method, cut off. It holds no odd characters.
    fn method(&self) -> &str {
        let method = self.method.as_str();
        method.get(..MAX_METHOD_CHARS).unwrap_or(method)
    }
}

/// The path as the client wrote it, with anything odd escaped and not without end.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.path();
        let shown: String = path.chars().take(MAX_PATH_CHARS).collect();
        write!(f, "{} {shown:?}", self.method())
    }
}

/// A client's mistake is told, a failure of the node is a warning. What a stranger is refused, or
/// is told of readiness, is of interest when somebody looks for it.
fn log(problem: &Problem, asked: &Asked, client: Client) {
    let (status, kind, _) = problem.kind.parts();
    // 501 is of what the client sent.
    let is_failure = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    let is_unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
    let (status, detail) = (status.as_u16(), problem.detail.as_ref());
    if asked.is_anonymous && (!is_failure || is_unavailable) {
        tracing::debug!(status, kind, %client, %asked, detail, "request refused");
    } else if is_failure {
        tracing::warn!(status, kind, %client, %asked, detail, "request failed");
    } else {
        tracing::info!(status, kind, %client, %asked, detail, "request refused");
    }
}

/// The body of an answer; the request is under way as long as it lives.
#[derive(Debug)]
pub(super) struct Answer<B> {
    content: Either<B, Full<Bytes>>,
    /// Of the request: what is logged while the body is made carries its id.
    span: Span,
    cut: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    _under_way: UnderWay,
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for Answer<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { content, span, cut, .. } = &mut *self;
        let _entered = span.enter();
        if cut.as_mut().is_some_and(|cut| cut.as_mut().poll(context).is_ready()) {
            *cut = None;
            return Poll::Ready(Some(Err("the user may no longer call".into())));
        }
        Pin::new(content).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}
