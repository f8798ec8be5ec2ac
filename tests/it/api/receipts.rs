//! `GET /v1/records/{id}/receipt`.

use jenny_chain::chain::test_util::Branch;
use jenny_chain::chain::{Receipt, Spec, TipState, leaf_hash};

use crate::process::{self, Jenny};
use crate::support::ApiNode;

fn path(text: &str, query: &str) -> String {
    format!("/v1/records/{}/receipt{query}", leaf_hash(text.as_bytes()))
}

/// A node with a branch of two records a block, `a 1` and `b 1` in block 1 and so on.
async fn node(blocks: u64) -> (ApiNode, Branch) {
    let node = ApiNode::idle().await;
    let mut branch = Branch::dev();
    branch.grow_with(blocks, |height| vec![format!("a {height}"), format!("b {height}")]);
    node.import(&branch.blocks).await;
    (node, branch)
}

async fn receipt(node: &ApiNode, text: &str, query: &str) -> Receipt {
    let answer = node.get(&path(text, query)).await.expect(200);
    Receipt::parse(answer.text().as_bytes()).unwrap()
}

#[tokio::test]
async fn a_receipt_proves_the_record_against_the_tip_that_was_asked_for() {
    let (node, branch) = node(5).await;
    let hash = |height: usize| branch.blocks[height - 1].header.hash();
    let by_hash = format!("?tip={}", hash(3));
    for (query, tip) in [("", 5), ("?tip=2", 2), ("?tip=5", 5), (by_hash.as_str(), 3)] {
        let receipt = receipt(&node, "b 2", query).await;
        assert_eq!((receipt.record.as_str(), receipt.record_index), ("b 2", 1));
        let verified = receipt.verify(Some(hash(tip))).unwrap();
        assert_eq!(verified.block.hash, hash(2), "{query}");
    }
    let answer = node.get(&path("b 2", "")).await.expect(200);
    let text = receipt(&node, "b 2", "").await.to_json(&Spec::dev());
    assert_eq!(answer.text().as_bytes(), text);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let name = format!("attachment; filename=\"receipt-{}.json\"", leaf_hash(b"b 2"));
    assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
}

#[tokio::test]
async fn every_changed_byte_of_a_receipt_is_noticed() {
    let (node, branch) = node(5).await;
    let answer = node.get(&path("b 2", "")).await.expect(200);
    let text = answer.text().as_bytes();
    for at in 0..text.len() {
        let mut changed = text.to_vec();
        changed[at] ^= 1;
        let read = Receipt::parse(&changed);
        let verified = read.and_then(|receipt| receipt.verify(Some(branch.tip.hash())));
        assert!(verified.is_err(), "byte {at}: {}", String::from_utf8_lossy(&changed));
    }
}

#[tokio::test]
async fn what_has_no_receipt_says_why() {
    let (node, _) = node(3).await;
    let get = async |text: &str, query: &str| node.get(&path(text, query)).await;
    get("?", "").await.expect_problem(404, "record-not-found");
    let body = serde_json::json!({ "data": "waits" }).to_string();
    node.post("/v1/records", body).await.expect(202);
    get("waits", "").await.expect_problem(409, "record-pending");
    for query in ["?tip=1", "?tip=", "?tip=01", "?tip=durable", "?tip=2&tip=2"] {
        let field = get("a 2", query).await.expect_problem(400, "invalid-parameter");
        assert_eq!(field.as_deref(), Some("tip"), "{query}");
    }
    let unknown = format!("?tip={}", "0".repeat(64));
    for query in ["?tip=4", unknown.as_str()] {
        get("a 2", query).await.expect_problem(409, "tip-off-chain");
    }
    get("a 2", "?tip=final").await.expect_problem(409, "not-final");
    node.get("/v1/records/aa/receipt").await.expect_problem(400, "invalid-parameter");
}

#[tokio::test]
async fn a_receipt_is_final_from_100_blocks_above_the_record() {
    let (node, branch) = node(102).await;
    let tip = branch.blocks[1].header.hash();
    receipt(&node, "a 2", "?tip=final").await.verify(Some(tip)).unwrap();
    node.get(&path("a 3", "?tip=final")).await.expect_problem(409, "not-final");
}

#[tokio::test]
async fn a_tip_that_a_reorg_disconnected_is_off_the_chain() {
    let node = ApiNode::start().await;
    let genesis = TipState::genesis(&Spec::dev());
    let branch = || Branch::from(&Spec::dev(), genesis.clone());
    let (mut low, mut high) = (branch(), branch());
    low.grow_with(2, |height| vec![format!("low {height}"), "both".to_owned()]);
    high.grow_with(3, |height| vec!["both".to_owned(), format!("high {height}")]);
    node.import(&low.blocks).await;
    let old = format!("?tip={}", low.tip.hash());
    receipt(&node, "both", &old).await.verify(Some(low.tip.hash())).unwrap();
    node.import(&high.blocks).await;
    node.get(&path("both", &old)).await.expect_problem(409, "tip-off-chain");
    node.get(&path("low 1", "")).await.expect_problem(404, "record-not-found");
    let moved = receipt(&node, "both", "").await;
    assert_eq!((moved.header.height.get(), moved.record_index), (1, 0));
    moved.verify(Some(high.tip.hash())).unwrap();
}

#[test]
fn a_receipt_of_one_node_is_anchored_by_another_nodes_tip() {
    let chain = process::Branch::new(Spec::dev()).grow("a", 4, 1_000);
    let (one, other) = (process::PeerNode::with(&chain), process::PeerNode::with(&chain.until(0)));
    assert!(other.dial(&one.url));
    one.mine("the record");
    one.mine("above it");
    other.until_tip(&one.tip());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("receipt.json");
    let get = |text: &str, words: &str| {
        let words = format!("receipt {} {words}", leaf_hash(text.as_bytes()));
        Jenny::new("record").words(&words).arg("--url", &one.process().url).done()
    };
    let wrote = get("the record", &format!("-o {}", file.display())).ok();
    assert!(wrote.starts_with(&format!("wrote {}\nblock  5\n", file.display())), "{wrote}");
    let (_, text) = one.process().get(&path("the record", ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(get("the record", "").ok(), format!("{text}\n"));
    assert!(get("?", "").failed(1).contains("has no record"));
    let verify = |tip: &str| {
        let verify = Jenny::new("receipt").words("verify --tip").words(tip);
        verify.words(&file.display().to_string()).done()
    };
    assert!(verify(&other.tip()).ok().starts_with("ok anchored height=5\n"));

    // Later blocks: the old tip anchors nothing any more, and the receipt is renewed by either.
    other.mine("later");
    let tip = other.tip();
    one.until_tip(&tip);
    assert!(verify(&tip).failed(1).contains("the tip is block 6"));
    let refresh = Jenny::new("receipt").words("refresh").words(&file.display().to_string());
    let renewed = refresh.arg("--url", &other.process().url).done().ok();
    let expected = format!("wrote {}\nblock  5\ntip    7 {tip}\n", file.display());
    assert_eq!(renewed, expected);
    assert!(verify(&tip).ok().starts_with("ok anchored height=5\n"));
    // From a pipe to a pipe.
    let mut refresh = Jenny::new("receipt").words("refresh -").arg("--url", &one.process().url);
    refresh.0.stdin(std::process::Stdio::from(std::fs::File::open(&file).unwrap()));
    let printed = refresh.done().ok();
    assert_eq!(printed.trim_end(), std::fs::read_to_string(&file).unwrap());
}

#[test]
fn a_node_on_another_branch_renews_no_receipt() {
    let shared = process::Branch::new(Spec::dev()).grow("a", 3, 1_000);
    let node = |name: &str| {
        let branch = shared.clone().grow(name, 3, 1_000);
        process::PeerNode::with(&branch)
    };
    let (one, other) = (node("one"), node("other"));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("receipt.json");
    let refresh = |node: &process::PeerNode| {
        let refresh = Jenny::new("receipt").words("refresh").words(&file.display().to_string());
        refresh.arg("--url", &node.process().url).done()
    };
    let (_, text) = one.process().get(&path("a 2", ""));
    std::fs::write(&file, &text).unwrap();
    let failed = refresh(&other).failed(1);
    assert!(failed.contains("does not continue the receipt's"), "{failed}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let (_, text) = one.process().get(&path("a 2", "?tip=4"));
    std::fs::write(&file, text).unwrap();
    refresh(&one).ok();
}
