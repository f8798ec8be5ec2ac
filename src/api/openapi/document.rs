//! The OpenAPI document.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::description::{Body, Group};
use super::documented::Documented;
use super::parameter::Parameter;
use super::success::{Content, Header, Named, Success, gather, reference};
use crate::api::auth::access::Access;
use crate::api::http::problem::{Document as ProblemJson, Kind};

/// What the document says of the API as a whole.
const DOCUMENT_INTRODUCTION: &str = "\
Every path but /livez and /readyz requires HTTP Basic credentials, and each route a role: \
monitor, reader, writer or operator, each of which includes those before it. \
HEAD is supported wherever GET is. \
Unknown parameters of a query and unknown members of a body are ignored. \
Objects of a response may gain members. \
Every response has an X-Request-Id, which the node's log has as well. \
Every error is a Problem, an application/problem+json document (RFC 9457), \
whose type says what happened and never changes.";

/// Returns the document of these routes.
pub(in crate::api) fn document(routes: &[Documented]) -> Value {
    let (mut paths, mut responses) = (Map::new(), Map::new());
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route, &mut responses);
    }
    let tags = Group::ALL.map(|group| json!({"name": group.title(), "description": group.text()}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "jenny",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DOCUMENT_INTRODUCTION,
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas(routes),
            "responses": responses,
            "securitySchemes": {
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The name and the password of a user, in UTF-8.",
                },
            },
        },
    })
}

/// Returns the schemas that the routes refer to, by name.
///
/// # Panics
/// If two schemas have one name.
pub(in crate::api) fn schemas(routes: &[Documented]) -> BTreeMap<String, Value> {
    let mut named = Vec::new();
    gather::<ProblemJson<'_>>(&mut named);
    for route in routes {
        let contents = route.description.successes.iter().filter_map(|it| it.content.as_ref());
        for content in contents {
            (content.gather)(&mut named);
        }
    }
    let mut schemas = BTreeMap::new();
    for (name, schema) in named.into_iter().map(written) {
        let before = schemas.insert(name.clone(), schema);
        assert!(before.is_none_or(|before| before == schemas[&name]), "two schemas named {name}");
    }
    schemas
}

#[expect(clippy::expect_used, reason = "a schema holds no maps with odd keys")]
fn written((name, schema): Named) -> (String, Value) {
    (name, serde_json::to_value(schema).expect("a schema"))
}

fn operation(route: &Documented, components: &mut Map<String, Value>) -> Value {
    let description = &route.description;
    let (role, security) = match route.access {
        Access::Everyone => ("No credentials are needed.".to_owned(), json!([])),
        Access::AtLeast(role) => (
            format!("Requires the role {role}, or one that includes it."),
            json!([{"basic": [role.to_string()]}]),
        ),
    };
    let detail = [role.as_str()].into_iter().chain(description.detail.iter().copied());
    let mut responses = Map::new();
    for success in &description.successes {
        responses.insert(success.status.to_string(), success_response(success));
    }
    for (status, kinds) in route.problems() {
        let name = component_name(status, &kinds);
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        components.entry(name).or_insert_with(|| problem_response(status, &kinds));
        responses.insert(status.to_string(), reference);
    }
    let mut operation = json!({
        "operationId": description.id,
        "tags": [description.group.title()],
        "summary": description.summary,
        "description": detail.collect::<Vec<_>>().join("\n\n"),
        "security": security,
        "responses": responses,
    });
    if !description.parameters.is_empty() {
        operation["parameters"] = description.parameters.iter().map(parameter).collect();
    }
    if let Body::Needed(contents) = &description.body {
        let content = contents.iter().map(content).collect::<Map<_, _>>();
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

fn parameter(parameter: &Parameter) -> Value {
    let mut value = json!({
        "name": parameter.name,
        "in": parameter.place.name(),
        "required": parameter.is_required,
        "description": parameter.text,
        "schema": parameter.schema,
    });
    if let Some(example) = &parameter.example {
        // The text of an integer is one in JSON too.
        let is_integer = parameter.schema["type"] == "integer";
        let number = example.parse::<u64>().ok().filter(|_| is_integer);
        value["example"] = number.map_or_else(|| example.as_str().into(), Value::from);
    }
    value
}

fn content(content: &Content) -> (String, Value) {
    let mut value = json!({"schema": content.schema});
    if let Some(example) = &content.example {
        value["example"] = example.clone();
    }
    (content.media_type.to_owned(), value)
}

fn success_response(success: &Success) -> Value {
    let mut value = json!({"description": success.text});
    if let Some(body) = &success.content {
        value["content"] = [content(body)].into_iter().collect::<Map<_, _>>().into();
    }
    put_headers(&mut value, &success.headers);
    value
}

fn put_headers(response: &mut Value, headers: &[Header]) {
    let headers = headers.iter().map(|Header { name, text, is_required }| {
        let schema = json!({"type": "string"});
        let header = json!({"description": text, "schema": schema, "required": is_required});
        ((*name).to_owned(), header)
    });
    let headers: Map<_, _> = headers.collect();
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
}

/// Names a response by what it is: equal ones are one component.
fn component_name(status: u16, kinds: &[Kind]) -> String {
    let slugs = kinds.iter().map(|kind| format!(".{}", kind.slug()));
    slugs.fold(status.to_string(), |name, slug| name + &slug)
}

fn problem_response(status: u16, kinds: &[Kind]) -> Value {
    let line = |kind: &Kind| format!("`{}`: {}.", kind.uri(), kind.title());
    let types = kinds.iter().map(|kind| kind.uri());
    let is_one_of = json!({"properties": {"type": {"enum": types.collect::<Vec<_>>()}}});
    let schema = json!({"allOf": [reference::<ProblemJson<'_>>(), is_one_of]});
    let description = kinds.iter().map(line).collect::<Vec<_>>().join("\n\n");
    let mut value = json!({
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    });
    put_headers(&mut value, problem_headers(status));
    value
}

/// Headers that every problem of a status has.
fn problem_headers(status: u16) -> &'static [Header] {
    const CHALLENGE: Header = Header {
        name: "WWW-Authenticate",
        text: "Asks for Basic credentials, except for wrong ones from the script of a web page: a browser would open a dialog.",
        is_required: true,
    };
    const WAIT: Header = Header {
        name: "Retry-After",
        text: "After how many seconds to try again.",
        is_required: true,
    };
    match StatusCode::from_u16(status) {
        Ok(StatusCode::UNAUTHORIZED) => &[CHALLENGE],
        Ok(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => &[WAIT],
        _ => &[],
    }
}
