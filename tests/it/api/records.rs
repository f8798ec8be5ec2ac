//! `/v1/records`.

use std::time::Duration;

use jenny_chain::chain::{leaf_hash, test_util::spec_with};
use serde_json::{Value, json};

use crate::support::{ApiNode, Request, Response, mined};

fn id(text: &str) -> String {
    leaf_hash(text.as_bytes()).to_string()
}

async fn send(node: &ApiNode, data: Value) -> Response {
    node.post("/v1/records", json!({ "data": data }).to_string()).await
}

fn states(answer: &Response) -> Vec<(String, String)> {
    let text = |record: &Value, key: &str| record[key].as_str().unwrap().to_owned();
    let answer = answer.json();
    let records = answer.as_array().unwrap().iter();
    records.map(|record| (text(record, "id"), text(record, "state"))).collect()
}

fn named(texts: &[(&str, &str)]) -> Vec<(String, String)> {
    texts.iter().map(|(text, state)| (id(text), (*state).to_owned())).collect()
}

async fn lines(node: &ApiNode, body: &str) -> Response {
    let request = Request::post("/v1/records").jenny();
    node.ask(&request.header("Content-Type", "application/x-ndjson").body(body)).await
}

#[tokio::test]
async fn one_record_or_many_are_pending_in_the_order_they_were_sent() {
    let node = ApiNode::idle().await;
    let one = send(&node, json!("a")).await.expect(202);
    assert_eq!(states(&one), named(&[("a", "pending")]));
    let many = send(&node, json!(["b", "a", "b", ""])).await.expect(202);
    let expected = [("b", "pending"), ("a", "pending"), ("b", "pending"), ("", "pending")];
    assert_eq!(states(&many), named(&expected));
    let again = send(&node, json!(["a", ""])).await.expect(200);
    assert_eq!(states(&again), named(&[("a", "pending"), ("", "pending")]));
    assert_eq!(send(&node, json!([])).await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn records_come_line_by_line_too() {
    let node = ApiNode::idle().await;
    let answer = lines(&node, "\"a\"\n{\"data\":\"b\"}\n\n").await.expect(202);
    assert_eq!(states(&answer), named(&[("a", "pending"), ("b", "pending")]));
    let field = lines(&node, "\"c\"\n1\n").await.expect_problem(400, "invalid-body");
    assert_eq!(field.as_deref(), Some("line 2"));
    node.get(&format!("/v1/records/{}", id("c"))).await.expect(404);
    let other = Request::post("/v1/records").jenny().header("Content-Type", "text/csv").body("a");
    let refused = node.ask(&other).await;
    refused.expect_problem(415, "unsupported-media-type");
    assert!(refused.text().contains("application/x-ndjson"), "{}", refused.text());
}

#[tokio::test]
async fn a_record_is_found_while_it_waits_and_in_its_block() {
    let node = ApiNode::idle().await;
    send(&node, json!(["x", "a"])).await.expect(202);
    let path = format!("/v1/records/{}", id("a"));
    let pending = node.get(&path).await.expect(200).json();
    let expected = json!({"id": id("a"), "state": "pending", "data": "a", "height": null,
        "blockHash": null, "index": null, "time": null, "confirmations": null, "displaced": []});
    assert_eq!(pending, expected);
    let body = json!({ "data": ["first", "a"] }).to_string();
    let block = node.post("/mineBlock", body).await.expect(200).json();
    node.mine("another").await;
    let found = node.get(&path).await.expect(200).json();
    let expected = json!({"id": id("a"), "state": "included", "data": "a", "height": 1,
        "blockHash": block["hash"], "index": 1, "time": block["timestamp"], "confirmations": 2,
        "displaced": []});
    assert_eq!(found, expected);
    assert_eq!(states(&send(&node, json!("a")).await.expect(200)), named(&[("a", "included")]));
    let unknown = node.get(&format!("/v1/records/{}", id("?"))).await;
    unknown.expect_problem(404, "record-not-found");
    node.get("/v1/records/aa").await.expect_problem(400, "invalid-parameter");
}

#[tokio::test]
async fn a_record_shows_the_blocks_from_which_reorgs_disconnected_it() {
    let node = ApiNode::idle().await;
    let block = node.mine("a").await;
    node.handle.import(mined(2, "theirs", 10)).await.unwrap();
    let reorg = &node.get("/v1/reorgs").await.expect(200).json()["reorgs"][0];
    let places = json!([{"height": 1, "hash": block["hash"], "time": reorg["time"]}]);
    let path = format!("/v1/records/{}", id("a"));
    let pending = node.get(&path).await.expect(200).json();
    assert_eq!((&pending["state"], &pending["displaced"]), (&json!("pending"), &places));
    let listed = node.get("/v1/records?state=pending").await.expect(200).json();
    assert_eq!(listed["records"][0]["displaced"], places);
    node.mine("a").await;
    let included = node.get(&path).await.expect(200).json();
    let expected = (&json!("included"), &json!(3), &places);
    assert_eq!((&included["state"], &included["height"], &included["displaced"]), expected);
}

#[tokio::test]
async fn a_relayed_record_is_found_and_listed_only_once_a_client_sends_it() {
    let node = ApiNode::idle().await;
    let relayed = vec![(leaf_hash(b"a"), "a".into())];
    assert_eq!(node.handle.take_relayed(relayed).await.unwrap(), 1);
    let path = format!("/v1/records/{}", id("a"));
    assert_eq!(node.get(&path).await.expect(200).json()["state"], "pending");
    let listed = async || node.get("/v1/records?state=pending").await.expect(200).json();
    assert_eq!(listed().await["records"], json!([]));
    let cancel = || Request::new("DELETE", &path).jenny();
    node.ask(&cancel()).await.expect_problem(404, "record-not-found");
    assert_eq!(states(&send(&node, json!("a")).await.expect(200)), named(&[("a", "pending")]));
    assert_eq!(listed().await["records"][0]["id"], id("a"));
    node.ask(&cancel()).await.expect(204);
}

#[tokio::test]
async fn waiting_ends_when_the_record_is_in_a_block() {
    let node = ApiNode::idle().await;
    let mine = async {
        while node.get(&format!("/v1/records/{}", id("a"))).await.status == 404 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        node.mine("a").await;
    };
    let request = Request::post("/v1/records?wait=60").jenny().json(r#"{"data":"a"}"#);
    let (answer, ()) = tokio::join!(node.ask(&request), mine);
    assert_eq!(states(&answer.expect(200)), named(&[("a", "included")]));
    send(&node, json!("b")).await.expect(202);
    let short = node.get(&format!("/v1/records/{}?wait=0", id("b"))).await.expect(200);
    assert_eq!(short.json()["state"], "pending");
    for wait in ["61", "x", ""] {
        let refused = node.get(&format!("/v1/records/{}?wait={wait}", id("b"))).await;
        assert_eq!(refused.expect_problem(400, "invalid-parameter").as_deref(), Some("wait"));
    }
}

#[tokio::test]
async fn a_request_beyond_a_limit_is_refused_whole() {
    let node = ApiNode::idle().await;
    let long = "x".repeat(65_537);
    let field = send(&node, json!(["a", long])).await.expect_problem(413, "data-too-large");
    assert_eq!(field.as_deref(), Some("data[1]"));
    let many = json!(vec![""; 10_001]);
    send(&node, many).await.expect_problem(413, "too-many-records");
    let large = json!(vec!["y".repeat(60_000); 150]);
    send(&node, large).await.expect_problem(413, "body-too-large");
    let listed = node.get("/v1/records?state=pending").await.expect(200).json();
    assert_eq!(listed, json!({"records": [], "next": null}));
    assert_eq!(
        send(&node, json!(vec!["z"; 10_000])).await.expect(202).json()[9_999]["id"],
        id("z")
    );
}

#[tokio::test]
async fn a_full_pool_takes_nothing_and_says_when_to_come_back() {
    let spec = spec_with(&[("name", "\"large\""), ("max_record_bytes", "1048576")]);
    let node = ApiNode::with(|setup| {
        setup.spec = spec;
        setup.node.mines_pool = false;
    })
    .await;
    let record = |number: usize| format!("{number:08}{}", "x".repeat((1 << 20) - 8));
    for number in 0..9 {
        let data: Vec<_> = (0..7).map(|part| record(number * 7 + part)).collect();
        send(&node, json!(data)).await.expect(202);
    }
    let data = json!(["small", record(98), record(99)]);
    let full = send(&node, data).await;
    full.expect_problem(429, "pool-full");
    assert_eq!(full.header("retry-after"), Some("10"));
    node.get(&format!("/v1/records/{}", id("small"))).await.expect(404);
    send(&node, json!("small")).await.expect(202);
    let status = node.get("/v1/status").await.expect(200).json();
    assert_eq!(status["pool"]["records"], 64);
    assert!(status["pool"]["bytes"].as_u64().unwrap() > 63 << 20);
    assert!(status["pool"]["oldestWaitSeconds"].is_u64());
}

#[tokio::test]
async fn pending_records_are_listed_in_pages_and_cancelled() {
    let node = ApiNode::idle().await;
    send(&node, json!(["a", "b", "c"])).await.expect(202);
    let first = node.get("/v1/records?state=pending&limit=2").await.expect(200).json();
    let texts = |page: &Value| {
        let records = page["records"].as_array().unwrap().iter();
        records.map(|record| record["data"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&first), ["a", "b"]);
    let next = first["next"].as_str().unwrap();
    let path = format!("/v1/records?state=pending&cursor={next}");
    let rest = node.get(&path).await.expect(200).json();
    assert_eq!((texts(&rest), &rest["next"]), (vec!["c".to_owned()], &Value::Null));
    node.get("/v1/records").await.expect_problem(400, "invalid-parameter");
    node.get("/v1/records?state=pending&cursor=x").await.expect_problem(400, "invalid-parameter");

    let cancel = |text: &str| Request::new("DELETE", &format!("/v1/records/{}", id(text))).jenny();
    node.ask(&cancel("b")).await.expect(204);
    node.ask(&cancel("b")).await.expect_problem(404, "record-not-found");
    node.mine("a").await;
    node.ask(&cancel("a")).await.expect_problem(409, "record-included");
    let left = node.get("/v1/records?state=pending").await.expect(200).json();
    assert_eq!(texts(&left), ["c"]);
}
