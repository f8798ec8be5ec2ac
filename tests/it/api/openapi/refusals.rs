//! What any route refuses: hosts, origins, codings, callers, parameters and bodies.

use std::time::Duration;

use jenny_chain::api::{Role, Users};
use serde_json::Value;

use super::coverage::{Coverage, Operation};
use crate::support::{ApiNode, Request, user};

const ROLES: [Role; 4] = [Role::Monitor, Role::Reader, Role::Writer, Role::Operator];

/// A node with a user of each role, called like it.
async fn node() -> ApiNode {
    ApiNode::with(|setup| {
        let users = ROLES.map(|role| user(&role.to_string(), "secret", role));
        setup.api.users = Users::new(users.into()).unwrap();
        setup.api.limits.body_stall = Duration::from_millis(20);
    })
    .await
}

/// The request as a user with this name.
fn by(name: &str, request: Request) -> Request {
    request.auth(name, "secret")
}

/// The role that the document asks for, `None` if the operation is open.
fn role(said: &Value) -> Option<&str> {
    said["security"][0]["basic"][0].as_str()
}

fn has(said: &Value, status: &str) -> bool {
    said["responses"].get(status).is_some()
}

pub(super) async fn run(coverage: &Coverage) {
    let node = node().await;
    for (operation, said) in coverage.operations() {
        addressing(coverage, &node, &operation).await;
        callers(coverage, &node, &operation, said).await;
        parameters(coverage, &node, &operation, said).await;
        bodies(coverage, &node, &operation, said).await;
    }
    throttled(coverage).await;
}

async fn addressing(coverage: &Coverage, node: &ApiNode, operation: &Operation) {
    let request = || by("operator", coverage.example(operation));
    for (request, status) in [
        (request().host(Some("name@localhost")), 400),
        (request().host(Some("elsewhere.example")), 421),
        (Request::header(request(), "Transfer-Encoding", "gzip").chunked().body(""), 501),
    ] {
        coverage.ask(node, &request).await.expect(status);
    }
    if !["get", "options"].contains(&operation.0.as_str()) {
        let foreign = request().header("Origin", "https://elsewhere.example");
        coverage.ask(node, &foreign).await.expect_problem(403, "foreign-origin");
    }
}

/// The document's role is the lowest one that may.
async fn callers(coverage: &Coverage, node: &ApiNode, operation: &Operation, said: &Value) {
    let anonymous = coverage.ask(node, &coverage.example(operation)).await;
    let Some(lowest) = role(said) else {
        assert_ne!(anonymous.status, 401, "{operation:?}");
        return;
    };
    anonymous.expect(401);
    let place = ROLES.iter().position(|role| role.to_string() == lowest).unwrap();
    for (index, role) in ROLES.iter().enumerate() {
        let response =
            coverage.ask(node, &by(&role.to_string(), coverage.example(operation))).await;
        assert_eq!(response.status == 403, index < place, "{operation:?} by {role}");
    }
}

/// Every bound that the document gives is one of the node.
async fn parameters(coverage: &Coverage, node: &ApiNode, operation: &Operation, said: &Value) {
    for parameter in said["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let (schema, place) = (&parameter["schema"], parameter["in"].as_str().unwrap());
        let ask = async |value: Option<&str>| {
            let request = coverage.example_with(operation, &[(name, value)]);
            coverage.ask(node, &by("operator", request)).await
        };
        let mut invalid = Vec::new();
        if let (Some(low), Some(high)) = (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            invalid.push((high + 1).to_string());
            invalid.extend(low.checked_sub(1).map(|below| below.to_string()));
            // Of other parameters it depends on the chain what is valid.
            let valid = [low, high].into_iter().filter(|_| name == "limit");
            for value in valid.map(|value| value.to_string()) {
                assert_ne!(ask(Some(&value)).await.status, 400, "{operation:?} {name}={value}");
            }
        }
        if schema.get("pattern").is_some() || schema.get("enum").is_some() {
            invalid.push("no-such-value".to_owned());
        }
        for value in invalid {
            let field = ask(Some(&value)).await.expect_problem(400, "invalid-parameter");
            let field = field.unwrap();
            assert!(field == name || field == "block", "{operation:?} {name}: {field}");
        }
        if place == "query" && parameter["required"] == true {
            let field = ask(None).await.expect_problem(400, "invalid-parameter");
            assert_eq!(field.as_deref(), Some(name), "{operation:?}");
        }
    }
}

async fn bodies(coverage: &Coverage, node: &ApiNode, operation: &Operation, said: &Value) {
    let request = || by("operator", coverage.example(operation));
    if has(said, "415") {
        let coded = request().header("Content-Encoding", "gzip").body("x");
        coverage.ask(node, &coded).await.expect(415);
    }
    if has(said, "413") {
        let large = announcing(&request(), "9000000");
        coverage.ask(node, &large).await.expect_problem(413, "body-too-large");
    }
    if has(said, "408") {
        let pausing = announcing(&request(), "10");
        coverage.ask(node, &pausing).await.expect_problem(408, "request-timeout");
    }
    if said.get("requestBody").is_some() {
        let empty = request().body("");
        coverage.ask(node, &empty).await.expect_problem(400, "invalid-body");
    }
}

/// The request with a body that is announced and never sent.
fn announcing(request: &Request, length: &str) -> Request {
    let bare = by("operator", Request::new(request.method(), request.target()));
    bare.header("Content-Length", length)
}

/// An address with many wrong passwords. Without users none of them is verified, or waits for it.
async fn throttled(coverage: &Coverage) {
    let node = ApiNode::start().await;
    let wrong = |request: Request| request.auth("jenny", "wrong");
    while coverage.ask(&node, &wrong(Request::get("/"))).await.status == 401 {}
    for (operation, said) in coverage.operations() {
        if role(said).is_some() {
            let refused = coverage.ask(&node, &wrong(coverage.example(&operation))).await;
            refused.expect_problem(429, "too-many-wrong-passwords");
        }
    }
}
