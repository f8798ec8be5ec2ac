//! `GET /v1/chain` and `GET /v1/reorgs`.

use jenny_chain::chain::{Checkpoints, Hash, Height, Spec, leaf_hash, parse_block};
use serde_json::json;

use crate::support::{ApiNode, mined};

#[tokio::test]
async fn a_client_can_check_the_chain_from_its_description() {
    let node = ApiNode::start().await;
    let chain = node.get("/v1/chain").await.expect(200).json();
    let genesis = parse_block(chain["genesis"].to_string().as_bytes()).unwrap();
    assert_eq!(chain["id"], genesis.hash().to_string());
    assert_eq!(chain["id"], node.handle.chain_id().to_string());
    let spec = Spec::from_canonical(&genesis.block().records[0]).unwrap();
    assert_eq!(spec, Spec::dev());
    assert_eq!(Spec::parse(&chain["spec"].to_string()).unwrap(), spec);
    assert_eq!(chain["name"], "dev");
    assert_eq!((&chain["checkpoints"], &chain["maxReorgDepth"]), (&json!([]), &json!(null)));
    let limits = json!({
        "mineBodyBytes": 8 << 20, "pageBlocks": 1_000, "pageHeaders": 2_000, "pageRecords": 1_000,
        "pageBytes": 4 << 20,
    });
    assert_eq!(chain["limits"], limits);
}

#[tokio::test]
async fn the_description_names_what_the_operator_pinned() {
    let node = ApiNode::with(|setup| {
        let pinned = (Height::new(9), Hash::ZERO);
        setup.node.checkpoints = Checkpoints::from_iter([pinned]);
    })
    .await;
    let chain = node.get("/v1/chain").await.expect(200).json();
    let expected = json!([{ "height": 9, "hash": "0".repeat(64) }]);
    assert_eq!(chain["checkpoints"], expected);
}

#[tokio::test]
async fn reorgs_are_listed_from_the_latest_on() {
    let node = ApiNode::start().await;
    assert_eq!(
        node.get("/v1/reorgs").await.expect(200).json(),
        json!({ "reorgs": [], "next": null })
    );
    let branches: Vec<_> = (1..=4).map(|blocks| mined(blocks, &format!("{blocks}"), 5)).collect();
    for branch in &branches {
        node.import(branch).await;
    }
    let page = node.get("/v1/reorgs?limit=2").await.expect(200).json();
    let numbers = |page: &serde_json::Value| {
        let reorgs = page["reorgs"].as_array().unwrap().iter();
        reorgs.map(|reorg| reorg["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&page), &page["next"]), (vec![3, 2], &json!(2)));
    let latest = &page["reorgs"][0];
    assert_eq!((&latest["fork"], &latest["depth"]), (&json!(0), &json!(3)));
    let name = |branch: usize, block: usize| {
        let header = &branches[branch][block].header;
        json!({ "height": header.height.get(), "hash": header.hash().to_string() })
    };
    assert_eq!(latest["newTip"], name(3, 3));
    assert_eq!(latest["displaced"], json!([name(2, 0), name(2, 1), name(2, 2)]));
    let rest = node.get("/v1/reorgs?limit=2&before=2").await.expect(200).json();
    assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &json!(null)));
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("before=0", "before")] {
        let answer = node.get(&format!("/v1/reorgs?{query}")).await;
        assert_eq!(answer.expect_problem(400, "invalid-parameter").as_deref(), Some(field));
    }
}

#[tokio::test]
async fn a_reorg_tells_what_became_of_records() {
    let node = ApiNode::idle().await;
    let block = node.mine("a").await;
    let again = node.mine("b").await;
    node.import(&mined(3, "theirs", 5)).await;
    let path = "/v1/reorgs/1/records";
    let first = node.get(&format!("{path}?limit=1")).await.expect(200).json();
    let id = |text: &str| leaf_hash(text.as_bytes()).to_string();
    let fate = |text: &str, block: &serde_json::Value| {
        let origin = json!({"height": block["height"], "hash": block["hash"], "index": 0});
        json!({"id": id(text), "displaced": origin, "state": "pending", "height": null,
            "blockHash": null, "index": null})
    };
    let expected = json!({"records": [fate("a", &block)], "next": "2-0"});
    assert_eq!(first, expected);
    let mined = node.mine("b").await;
    let rest = node.get(&format!("{path}?cursor=2-0")).await.expect(200).json();
    let mut included = fate("b", &again);
    included["state"] = "included".into();
    for (key, value) in [("height", &mined["height"]), ("blockHash", &mined["hash"])] {
        included[key] = value.clone();
    }
    included["index"] = 0.into();
    assert_eq!(rest, json!({"records": [included], "next": null}));

    node.get("/v1/reorgs/2/records").await.expect_problem(404, "reorg-not-found");
    for (query, field) in [
        ("1/records?limit=0", "limit"),
        ("1/records?cursor=5", "cursor"),
        ("01/records", "number"),
        ("x/records", "number"),
    ] {
        let answer = node.get(&format!("/v1/reorgs/{query}")).await;
        assert_eq!(answer.expect_problem(400, "invalid-parameter").as_deref(), Some(field));
    }
}
