//! The OpenAPI document against a node: every response is as documented, and every documented
//! status is seen.

mod coverage;
mod refusals;
mod schema;
mod statuses;

use std::collections::BTreeSet;

use coverage::Coverage;

/// What takes minutes to bring about.
const BUSY: &str = "many passwords are verified for ten seconds, or many large responses not read";

/// Statuses that no test of this file gives rise to, for all paths or for one, and why.
const EXCEPTIONS: &[(&str, Option<&str>, &str)] = &[
    ("500", None, "a defect of the node, or a disk that fails"),
    ("503", Some("/"), BUSY),
    ("503", Some("/addToPeer"), BUSY),
    ("503", Some("/docs/"), BUSY),
    ("503", Some("/explorer"), BUSY),
    ("503", Some("/explorer/"), BUSY),
    ("503", Some("/explorer/a/{version}/{file}"), BUSY),
    ("503", Some("/explorer/a/{version}/{folder}/{file}"), BUSY),
    ("503", Some("/explorer/{page}"), BUSY),
    ("503", Some("/explorer/{page}/{item}"), BUSY),
    ("503", Some("/metrics"), BUSY),
    ("503", Some("/openapi.json"), BUSY),
    ("503", Some("/peers"), BUSY),
    ("503", Some("/v1/bans"), BUSY),
    ("503", Some("/v1/bans/{address}"), BUSY),
    ("503", Some("/v1/chain"), BUSY),
    ("503", Some("/v1/forks/{hash}/accept"), BUSY),
    ("503", Some("/v1/log-level"), BUSY),
    ("503", Some("/v1/peers"), BUSY),
    ("503", Some("/v1/records"), BUSY),
    ("503", Some("/v1/status"), BUSY),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_response_is_documented_and_every_documented_status_is_seen() {
    let coverage = Coverage::new().await;
    refusals::run(&coverage).await;
    statuses::run(&coverage).await;
    let (mut unseen, mut used) = (coverage.unseen(), BTreeSet::new());
    unseen.retain(|((_, path), status)| {
        let exception = EXCEPTIONS.iter().position(|(excepted, place, _)| {
            excepted == status && place.is_none_or(|place| place == path)
        });
        used.extend(exception);
        exception.is_none()
    });
    assert!(unseen.is_empty(), "never seen: {unseen:#?}");
    assert_eq!(used.len(), EXCEPTIONS.len(), "only {used:?} of the exceptions are needed");
}

#[tokio::test]
async fn every_example_is_as_its_schema_says() {
    let coverage = Coverage::new().await;
    let mut count = 0;
    let mut check = |about: &str, content: &serde_json::Value| {
        if let Some(example) = content.get("example") {
            count += 1;
            let checked = coverage.schemas().check(&content["schema"], example);
            checked.unwrap_or_else(|error| panic!("{about}: {error}"));
        }
    };
    for ((method, path), said) in coverage.operations() {
        let about = format!("{method} {path}");
        let parameters = said["parameters"].as_array().into_iter().flatten();
        for parameter in parameters {
            check(&about, parameter);
        }
        let responses = said["responses"].as_object().unwrap().values();
        let bodies = responses.chain(said.get("requestBody"));
        for body in bodies.map(|body| coverage.schemas().resolve(body)) {
            let contents = body["content"].as_object().into_iter().flatten();
            for (_, content) in contents {
                check(&about, content);
            }
        }
    }
    assert!(count > 40, "only {count} examples are seen");
}
