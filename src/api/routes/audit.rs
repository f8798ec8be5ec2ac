//! Who changed what, for the log.

use std::sync::{Arc, OnceLock};

use http::request::Parts;
use http::{Method, StatusCode, Uri};

use crate::api::auth::access::{Access, WRITERS};
use crate::api::http::problem::Problem;
use crate::api::http::respond::Client;
use crate::node::{AUDIT, AUDIT_RECORDS};

/// Characters that are kept of what a request is about: a peer's address may be any text.
const MAX_SUBJECT_CHARS: usize = 256;

/// A request that may change something: by whom, from where, and by which route.
#[derive(Clone, Debug)]
pub(super) struct Change {
    user: String,
    client: Client,
    method: Method,
    uri: Uri,
    /// Whether it sends records, and changes nothing else.
    is_of_records: bool,
}

/// What a request is about beside its path, such as the block that it mined. The handler says
/// it, at most once.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject(Arc<OnceLock<String>>);

/// A change under way. Dropped before its end it is logged too: the client left, and the change
/// may have been made.
#[derive(Debug)]
pub(super) struct Audit {
    change: Change,
    subject: Subject,
    is_logged: bool,
}

/// How a change ended.
#[derive(Clone, Copy, Debug)]
enum End {
    Made,
    Failed,
    ClientLeft,
}

impl Change {
    /// Of a request that passed; `None` if its method changes nothing.
    ///
    /// # Errors
    /// When the request has no client, which is a defect.
    pub(super) fn of(
        request: &Parts,
        user: String,
        access: Access,
    ) -> Result<Option<Self>, Problem> {
        if request.method.is_safe() {
            return Ok(None);
        }
        let client = *request.extensions.get::<Client>().ok_or_else(Problem::internal)?;
        let (method, uri) = (request.method.clone(), request.uri.clone());
        Ok(Some(Self { user, client, method, uri, is_of_records: access == WRITERS }))
    }

    pub(super) const fn begin(self, subject: Subject) -> Audit {
        Audit { change: self, subject, is_logged: false }
    }
}

impl Subject {
    /// Notes what the request is about.
    pub(super) fn note(&self, text: &str) {
        // A second note is a handler's mistake, of which the first one stays.
        drop(self.0.set(text.chars().take(MAX_SUBJECT_CHARS).collect()));
    }

    fn text(&self) -> &str {
        self.0.get().map_or("", String::as_str)
    }
}

impl Audit {
    /// Logs the change, unless it was refused.
    pub(super) fn end(mut self, status: StatusCode) {
        self.is_logged = true;
        if status.is_success() {
            self.log(End::Made);
        } else if status.is_server_error() {
            self.log(End::Failed);
        }
    }

    fn log(&self, end: End) {
        let Change { user, client, method, uri, is_of_records } = &self.change;
        let (path, about) = (uri.path(), self.subject.text());
        // A line of its own for each end: one that is frequent does not suppress the others.
        macro_rules! log {
            ($message:literal) => {
                if *is_of_records {
                    tracing::info!(target: AUDIT_RECORDS, user, %client, %method, path, about, $message);
                } else {
                    tracing::info!(target: AUDIT, user, %client, %method, path, about, $message);
                }
            };
        }
        match end {
            End::Made => log!("changed by a request"),
            End::Failed => log!("a request failed that may have changed something"),
            End::ClientLeft => log!("a client left whose request may have changed something"),
        }
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        if !self.is_logged {
            self.log(End::ClientLeft);
        }
    }
}
