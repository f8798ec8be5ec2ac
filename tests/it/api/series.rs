//! `GET /v1/series`.

use serde_json::Value;

use crate::support::{ApiNode, mined};

async fn series(node: &ApiNode, query: &str) -> Value {
    node.get(&format!("/v1/series{query}")).await.expect(200).json()
}

/// What the series must be, from the blocks themselves: height, seconds, records.
async fn expected(node: &ApiNode) -> Vec<(u64, Option<f64>, u64)> {
    let chain = node.get("/chains").await.expect(200).json();
    let blocks = chain.as_array().unwrap();
    let times: Vec<_> = blocks.iter().map(|block| block["timestamp"].as_f64().unwrap()).collect();
    let point = |(at, block): (usize, &Value)| {
        let seconds = at.checked_sub(1).map(|before| (times[at] - times[before]) / 1_000.0);
        let records = block["data"].as_array().unwrap().len() as u64;
        (at as u64, seconds, records)
    };
    blocks.iter().enumerate().map(point).collect()
}

fn points(series: &Value) -> Vec<(u64, Option<f64>, u64)> {
    let point = |point: &Value| {
        let height = point["height"].as_u64().unwrap();
        (height, point["secondsPerBlock"].as_f64(), point["records"].as_u64().unwrap())
    };
    series["points"].as_array().unwrap().iter().map(point).collect()
}

#[tokio::test]
async fn every_block_is_a_point_also_of_chunks_that_are_remembered() {
    let node = ApiNode::start().await;
    node.import(&mined(600, "block", 1)).await;
    let expected = expected(&node).await;
    for _ in 0..2 {
        let series = series(&node, "?from=0&points=1000").await;
        assert_eq!(points(&series), expected);
        assert_eq!((&series["from"], &series["to"]), (&0.into(), &600.into()));
    }
    assert_eq!(points(&series(&node, "").await), expected[241..]);
    assert_eq!(points(&series(&node, "?from=255&to=257").await), expected[255..258]);
    assert_eq!(points(&series(&node, "?from=511&to=513").await), expected[511..514]);
}

#[tokio::test]
async fn a_reorg_replaces_what_was_remembered() {
    let node = ApiNode::start().await;
    node.import(&mined(300, "old", 1)).await;
    series(&node, "?from=0&points=1000").await;
    node.import(&mined(310, "new", 2)).await;
    let expected = expected(&node).await;
    assert_eq!(points(&series(&node, "?from=0&points=1000").await), expected);
}

#[tokio::test]
async fn many_blocks_are_gathered_into_few_points() {
    let node = ApiNode::start().await;
    node.import(&mined(10, "block", 1)).await;
    let series = series(&node, "?from=1&points=4").await;
    assert_eq!(series["blocksPerPoint"], 3);
    let heights: Vec<_> = points(&series).iter().map(|point| point.0).collect();
    assert_eq!(heights, [3, 6, 9, 10]);
    let blocks = series["points"].as_array().unwrap().iter().map(|point| &point["blocks"]);
    assert_eq!(blocks.collect::<Vec<_>>(), [3, 3, 3, 1]);
}

#[tokio::test]
async fn a_range_that_is_none_or_too_long_is_refused() {
    let node = ApiNode::start().await;
    for (query, field) in [("?from=1", "from"), ("?points=0", "points"), ("?to=x", "to")] {
        let answer = node.get(&format!("/v1/series{query}")).await;
        assert_eq!(answer.expect_problem(400, "invalid-parameter").as_deref(), Some(field));
    }
}
