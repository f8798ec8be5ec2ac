//! `GET /v1/consistency`.

use jenny_chain::chain::test_util::{chain, consistency};
use jenny_chain::chain::{Consistency, Hash, Spec, verify_consistency};
use serde_json::Value;

use crate::support::ApiNode;

async fn node(blocks: usize) -> (ApiNode, Vec<jenny_chain::chain::Block>) {
    let node = ApiNode::start().await;
    let bodies = vec![["a record"].as_slice(); blocks];
    let blocks = chain(&Spec::dev(), &bodies, 1);
    node.handle.import(blocks[1..].to_vec()).await.unwrap();
    (node, blocks)
}

#[tokio::test]
async fn every_two_histories_are_consistent() {
    let (node, blocks) = node(6).await;
    for to in 0..=6 {
        for from in 0..=to {
            let answer = node.get(&format!("/v1/consistency?from={from}&to={to}")).await;
            let answer = answer.expect(200);
            assert_eq!(answer.header("cache-control"), Some("no-cache"));
            let read = Consistency::parse(answer.text().as_bytes()).unwrap();
            assert_eq!(read, consistency(&blocks, from, to));
            let json: Value = answer.json();
            let hash = |value: &Value| value.as_str().unwrap().parse::<Hash>().unwrap();
            let proof: Vec<_> = json["proof"].as_array().unwrap().iter().map(hash).collect();
            assert_eq!(proof.is_empty(), from == 0 || from == to);
            let (old, new) = (hash(&json["fromRoot"]), hash(&json["toRoot"]));
            assert_eq!(verify_consistency(from as u64, to as u64, &old, &new, &proof), Ok(()));
            assert_eq!((&json["from"], &json["to"]), (&from.into(), &to.into()));
            assert_eq!(json["header"]["hash"], blocks[to].header.hash().to_string());
        }
    }
}

#[tokio::test]
async fn heights_are_given_once_in_order_and_on_the_chain() {
    let (node, _) = node(3).await;
    for (query, field) in [
        ("", "from"),
        ("from=1", "to"),
        ("to=1", "from"),
        ("from=&to=1", "from"),
        ("from=01&to=1", "from"),
        ("from=-1&to=1", "from"),
        ("from=1&to=2.0", "to"),
        ("from=1&to=tip", "to"),
        ("from=1&to=9007199254740992", "to"),
        ("from=1&from=1&to=2", "from"),
        ("from=1&to=2&to=2", "to"),
        ("from=2&to=1", "from"),
        ("from=1&to=4", "to"),
        ("from=4&to=4", "to"),
    ] {
        let answer = node.get(&format!("/v1/consistency?{query}")).await;
        let named = answer.expect_problem(400, "invalid-parameter");
        assert_eq!(named.as_deref(), Some(field), "{query}");
    }
    node.get("/v1/consistency?other=x&to=3&from=1&flag").await.expect(200);
}
