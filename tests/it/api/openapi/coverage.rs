//! What of the document was seen in responses of a node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::Value;

use super::schema::Schemas;
use crate::support::{ApiNode, Request, Response};

/// An operation: its method, in lower case, and the pattern of its path.
pub(super) type Operation = (String, String);

/// The document, and which statuses of each operation were seen.
pub(super) struct Coverage {
    pub(super) document: Value,
    seen: Mutex<BTreeSet<(Operation, String)>>,
}

impl Coverage {
    pub(super) async fn new() -> Self {
        let node = ApiNode::start().await;
        let document = node.get("/openapi.json").await.expect(200).json();
        Self { document, seen: Mutex::default() }
    }

    pub(super) const fn schemas(&self) -> Schemas<'_> {
        Schemas(&self.document)
    }

    /// Every operation, with what the document says of it.
    pub(super) fn operations(&self) -> BTreeMap<Operation, &Value> {
        let paths = self.document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, said)| ((method.clone(), path.clone()), said))
        });
        operations.collect()
    }

    /// Sends a request, and compares the response with the document.
    pub(super) async fn ask(&self, node: &ApiNode, request: &Request) -> Response {
        let response = node.ask(request).await;
        self.compare(request, &response);
        response
    }

    /// Compares a response with the document, and notes its status.
    pub(super) fn compare(&self, request: &Request, response: &Response) {
        let operation = self.operation(request);
        let status = response.status.to_string();
        let about = format!("{} {} {status}", request.method(), request.target());
        let responses = &self.operations()[&operation]["responses"];
        let said = responses.get(&status).unwrap_or_else(|| {
            panic!("{about} is not documented: {}", String::from_utf8_lossy(&response.body))
        });
        let said = self.schemas().resolve(said);
        for (name, header) in said["headers"].as_object().into_iter().flatten() {
            let value = response.header(&name.to_ascii_lowercase());
            assert!(value.is_some() || header["required"] == false, "{about} has no {name}");
        }
        match said["content"].as_object() {
            None => assert!(response.body.is_empty(), "{about} has a body"),
            Some(content) => {
                let (media_type, content) = content.iter().next().unwrap();
                assert_eq!(response.header("content-type"), Some(media_type.as_str()), "{about}");
                let value = if media_type.ends_with("json") {
                    serde_json::from_slice(&response.body).unwrap()
                } else {
                    String::from_utf8_lossy(&response.body).into()
                };
                let checked = self.schemas().check(&content["schema"], &value);
                checked.unwrap_or_else(|error| panic!("{about}: {error}"));
            }
        }
        self.seen.lock().unwrap().insert((operation, status));
    }

    /// The operation that a request is for: of two patterns that match the one with fewer
    /// parameters.
    fn operation(&self, request: &Request) -> Operation {
        let path = request.target().split('?').next().unwrap();
        let matches = |pattern: &str| {
            let (parts, own): (Vec<_>, Vec<_>) =
                (pattern.split('/').collect(), path.split('/').collect());
            let mut pairs = parts.iter().zip(&own);
            parts.len() == own.len()
                && pairs.all(|(part, own)| part.starts_with('{') || part == own)
        };
        let method = request.method().to_ascii_lowercase();
        let operations = self.operations().into_keys();
        let fitting = operations.filter(|(own, pattern)| *own == method && matches(pattern));
        let operation = fitting.min_by_key(|(_, pattern)| pattern.matches('{').count());
        operation.unwrap_or_else(|| panic!("{method} {path} is not documented"))
    }

    /// Documented statuses that were not seen.
    pub(super) fn unseen(&self) -> BTreeSet<(Operation, String)> {
        let seen = self.seen.lock().unwrap();
        let operations = self.operations().into_iter();
        let documented = operations.flat_map(|(operation, said)| {
            let statuses = said["responses"].as_object().unwrap().keys();
            statuses.map(move |status| (operation.clone(), status.clone()))
        });
        documented.filter(|pair| !seen.contains(pair)).collect()
    }

    /// The request that the document gives as an example.
    pub(super) fn example(&self, operation: &Operation) -> Request {
        self.example_with(operation, &[])
    }

    /// As [`Coverage::example`], with other parameters, by name; `None` leaves one out.
    pub(super) fn example_with(
        &self,
        operation: &Operation,
        others: &[(&str, Option<&str>)],
    ) -> Request {
        let said = self.operations()[operation];
        let (mut path, mut query, mut headers) = (operation.1.clone(), Vec::new(), Vec::new());
        for parameter in said["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let other = others.iter().find(|(other, _)| *other == name);
            let example = parameter.get("example").map(as_text);
            let value = other.map_or(example, |(_, value)| value.map(str::to_owned));
            let Some(value) = value else { continue };
            match parameter["in"].as_str().unwrap() {
                "path" => path = path.replace(&format!("{{{name}}}"), &value),
                "query" => query.push(format!("{name}={value}")),
                _ => headers.push((name, value)),
            }
        }
        let separator = if query.is_empty() { "" } else { "?" };
        let target = format!("{path}{separator}{}", query.join("&"));
        let mut request = Request::new(&operation.0.to_ascii_uppercase(), &target);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let content = said["requestBody"]["content"].as_object();
        match content.and_then(|content| content.get("application/json")) {
            Some(content) => request.json(content["example"].to_string()),
            None => request,
        }
    }
}

/// A value as a path or a query has it.
fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
