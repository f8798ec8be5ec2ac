//! The records of a request, as JSON or line by line.

use std::borrow::Cow;

use http::header::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;

use crate::api::http::body::{MAX_RECORDS_BYTES, check_json_type, is_ndjson};
use crate::api::http::json_body;
use crate::api::http::problem::{Kind, Problem};
use crate::api::routes::call::Call;

/// Most records of a request.
pub(in crate::api::routes) const MAX_REQUEST_RECORDS: usize = 10_000;

/// What a client should do whose records are of another type.
const TYPES: &str = "send Content-Type: application/json or application/x-ndjson, or none for JSON";

/// How the records are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    /// `{"data": ".."}` or `{"data": ["..", ..]}`.
    Json,
    /// A JSON string or `{"data": ".."}` on each line.
    Lines,
}

impl Format {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if is_ndjson(headers) { Self::Lines } else { Self::Json }
    }

    /// Names a record of the request by its index.
    pub(super) fn field(self, index: usize) -> Cow<'static, str> {
        match self {
            Self::Json => format!("data[{index}]").into(),
            Self::Lines => format!("record {index}").into(),
        }
    }
}

/// The records of a request.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) texts: Vec<String>,
    /// Their place among large bodies, to be kept until the pool has them.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// Reads the records of a request.
///
/// # Errors
/// 415 when they are in no known form, 400 when they are malformed, 413 when there are too many.
pub(super) async fn records(call: &mut Call) -> Result<Records, Problem> {
    let format = Format::of(&call.headers);
    if format == Format::Json {
        check_json_type(&call.headers).map_err(|mut problem| {
            problem.detail = TYPES.into();
            problem
        })?;
    }
    let body = call.body(MAX_RECORDS_BYTES).await?;
    let texts = match format {
        Format::Json => {
            let strings = json_body::one_or_more(body.as_bytes(), "data", MAX_REQUEST_RECORDS)?;
            if strings.count > MAX_REQUEST_RECORDS {
                return Err(too_many());
            }
            strings.kept
        }
        Format::Lines => lines(body.as_bytes())?,
    };
    Ok(Records { texts, place: body.into_place() })
}

fn too_many() -> Problem {
    let detail = format!("send at most {MAX_REQUEST_RECORDS} records in one request");
    Problem::new(Kind::TooManyRecords, detail).at("data")
}

/// Reads a record of each line that is not blank.
fn lines(body: &[u8]) -> Result<Vec<String>, Problem> {
    let mut records = Vec::new();
    for (number, line) in (1_usize..).zip(body.split(|&byte| byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if records.len() >= MAX_REQUEST_RECORDS {
            return Err(too_many());
        }
        records.push(record(line).map_err(|problem| {
            let detail = problem.detail.into_owned();
            Problem::new(problem.kind, detail).at(format!("line {number}"))
        })?);
    }
    Ok(records)
}

fn record(line: &[u8]) -> Result<String, Problem> {
    if !line.starts_with(b"\"") {
        return json_body::string(line, "data");
    }
    serde_json::from_slice(line).map_err(|error| Problem::new(Kind::InvalidBody, error.to_string()))
}

#[cfg(test)]
mod tests;
