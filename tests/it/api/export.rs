//! `GET /v1/export`.

use jenny_chain::api::{Role, Users};
use jenny_chain::node::Imported;
use jenny_chain::store::OwnMark;
use jenny_chain::store::archive::{Decoder, Item};

use crate::support::{ApiNode, Client, Request, Response, mined, user};

/// A file, entry by entry.
#[derive(Default)]
struct Read {
    /// The first record of each block.
    blocks: Vec<String>,
    marks: Vec<OwnMark>,
    pending: Vec<String>,
}

fn read(body: &[u8]) -> Read {
    let mut decoder = Decoder::new(body).unwrap();
    let mut read = Read::default();
    while let Some(item) = decoder.next().unwrap() {
        match item {
            Item::Block(block) => {
                read.blocks.push(block.records().first().cloned().unwrap_or_default());
            }
            Item::OwnMark(mark) => read.marks.push(mark),
            Item::Pending(text) => read.pending.push(text),
        }
    }
    read
}

async fn export(node: &ApiNode, query: &str) -> Response {
    node.get(&format!("/v1/export{query}")).await
}

#[tokio::test]
async fn an_operator_gets_the_chain_with_own_records() {
    let node = ApiNode::idle().await;
    node.mine("a").await;
    node.post("/v1/records", r#"{"data":"waits"}"#).await.expect(202);
    let response = export(&node, "").await.expect(200);
    assert_eq!(response.header("content-type"), Some("application/octet-stream"));
    let name = response.header("content-disposition");
    assert_eq!(name, Some("attachment; filename=\"dev-0-1.chain\""));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let file = read(&response.body);
    assert_eq!((file.blocks.len(), file.marks.len()), (2, 2));
    assert_eq!(file.pending, ["waits"]);
    let file = read(&export(&node, "?own=false").await.expect(200).body);
    assert_eq!((file.blocks.len(), file.marks.len(), file.pending.len()), (2, 0, 0));
}

#[tokio::test]
async fn a_reader_gets_blocks_and_no_own_records() {
    let node = ApiNode::with(|setup| {
        let reader = user("ann", "a long password", Role::Reader);
        setup.api.users = Users::new(vec![reader]).unwrap();
    })
    .await;
    let ask = async |query: &str| {
        let request = Request::get(&format!("/v1/export{query}"));
        node.ask(&request.auth("ann", "a long password")).await
    };
    for query in ["", "?own=false"] {
        let file = ask(query).await.expect(200).body;
        assert!(!Decoder::new(&file[..]).unwrap().start().has_own);
        assert_eq!(read(&file).blocks.len(), 1);
    }
    ask("?own=true").await.expect_problem(403, "forbidden-role");
}

#[tokio::test]
async fn a_range_names_its_parent_and_may_be_the_empty_one_behind_the_tip() {
    let node = ApiNode::start().await;
    node.import(&mined(20, "block", 10)).await;
    for (query, blocks, name) in [
        ("?from=0&to=0", 1, "dev-0-0.chain"),
        ("?from=5&to=9", 5, "dev-5-9.chain"),
        ("?from=20&to=99", 1, "dev-20-20.chain"),
        ("?from=21", 0, "dev-21-20.chain"),
        ("?from=10&to=9", 0, "dev-10-9.chain"),
    ] {
        let response = export(&node, query).await.expect(200);
        assert!(response.header("content-disposition").unwrap().contains(name), "{query}");
        assert_eq!(read(&response.body).blocks.len(), blocks, "{query}");
        let from = Decoder::new(&response.body[..]).unwrap().start().parent;
        let from = from.map_or(0, |parent| parent.height.get() + 1);
        assert!(query.contains(&format!("from={from}")), "{query}");
    }
    let field = export(&node, "?from=22").await.expect_problem(400, "invalid-parameter");
    assert_eq!(field.as_deref(), Some("from"));
    let field = export(&node, "?from=2&to=0").await.expect_problem(400, "invalid-parameter");
    assert_eq!(field.as_deref(), Some("to"));
}

#[tokio::test]
async fn only_two_exports_with_own_records_are_sent_at_once() {
    let node = ApiNode::start().await;
    node.import(&random_blocks()).await;
    let mut readers = vec![begin(&node).await, begin(&node).await];
    let refused = export(&node, "").await;
    refused.expect_problem(503, "busy");
    assert!(refused.header("retry-after").is_some());
    export(&node, "?own=false&to=0").await.expect(200);
    readers.pop();
    let mut again = export(&node, "?to=0").await;
    while again.status == 503 {
        tokio::task::yield_now().await;
        again = export(&node, "?to=0").await;
    }
    again.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_one_chain_while_the_chain_is_reorged() {
    let node = ApiNode::start().await;
    node.import(&random_blocks()).await;
    let tip = node.handle.tip();
    let mut reader = begin(&node).await;
    // Heavier than all of it, and begun while the file does not fit the sockets' buffers.
    let new = mined(401, "new", 10);
    let (max, last) = new.split_at(400);
    node.handle.import(max.to_vec()).await.unwrap();
    assert_eq!(node.handle.import(last.to_vec()).await.unwrap(), Imported::Reorged);
    let body = finish_chunked(&mut reader).await.unwrap();
    let mut decoder = Decoder::new(&body[..]).unwrap();
    while decoder.next().unwrap().is_some() {}
    assert_eq!(decoder.last(), Some(tip.id()));
    let file = read(&export(&node, "").await.expect(200).body);
    assert_eq!(file.blocks.len(), 402);
    assert!(file.blocks[1..].iter().all(|record| record.starts_with("new")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_cannot_be_read_on_lacks_its_end() {
    let mut node = ApiNode::start().await;
    node.import(&random_blocks()).await;
    let mut reader = begin(&node).await;
    node.stop_node().await;
    assert!(finish_chunked(&mut reader).await.is_none(), "a file of 12 MB came whole");
    export(&node, "").await.expect_problem(503, "stopping");
}

/// Blocks of 12 MB that do not compress: more than the buffers of two sockets.
fn random_blocks() -> Vec<jenny_chain::chain::Block> {
    use jenny_chain::chain::test_util::extend;
    use jenny_chain::chain::{Spec, TipState, leaf_hash};
    let mut state = TipState::genesis(&Spec::dev());
    let mut seed = leaf_hash(b"seed");
    let mut text = || {
        let mut text = String::new();
        while text.len() < 40_000 {
            seed = leaf_hash(seed.as_bytes());
            text.extend(seed.as_bytes().iter().map(|byte| char::from(b' ' + byte % 95)));
        }
        text
    };
    (0..400).map(|_| extend(&Spec::dev(), &mut state, vec![text()], 1).into_block()).collect()
}

/// Asks for an export, whose head has come.
async fn begin(node: &ApiNode) -> Client {
    let mut reader = node.connect().await;
    reader.send(Request::get("/v1/export").jenny().bytes()).await;
    assert_eq!(reader.read_line().await.unwrap(), "HTTP/1.1 200 OK");
    reader
}

/// Reads the rest of a response whose status line was read; `None` if it is cut off.
async fn finish_chunked(client: &mut Client) -> Option<Vec<u8>> {
    while !client.read_line().await?.is_empty() {}
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&client.read_line().await?, 16).unwrap();
        body.extend(client.take(size).await?);
        client.read_line().await?;
        if size == 0 {
            return Some(body);
        }
    }
}
