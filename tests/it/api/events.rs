//! `GET /v1/events`.

use std::time::Duration;

use jenny_chain::api::{Role, Users};
use jenny_chain::chain::test_util::Branch;
use jenny_chain::store::Options;

use crate::support::{ApiNode, Client, Request, mined, user};

/// A stream that has begun.
struct Stream {
    client: Client,
    text: String,
}

impl Stream {
    async fn open(node: &ApiNode, request: &Request) -> Self {
        let mut client = node.connect().await;
        client.send(request.bytes()).await;
        assert_eq!(client.read_line().await.unwrap(), "HTTP/1.1 200 OK");
        let mut is_event_stream = false;
        loop {
            let line = client.read_line().await.unwrap();
            is_event_stream |= line == "content-type: text/event-stream";
            if line.is_empty() {
                break;
            }
        }
        assert!(is_event_stream);
        let mut stream = Self { client, text: String::new() };
        let begin = stream.next().await.unwrap();
        assert!(begin.starts_with("retry: 2000\nid: "), "{begin}");
        stream
    }

    /// The next event, `None` at the stream's end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let rest = self.text.split_off(end + 2);
                return Some(std::mem::replace(&mut self.text, rest));
            }
            let size = self.client.read_line().await?;
            let size = usize::from_str_radix(&size, 16).unwrap();
            let chunk = self.client.take(size).await?;
            self.client.read_line().await?;
            if size == 0 {
                return None;
            }
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Name, id and data of the next event.
    async fn event(&mut self) -> (String, String, serde_json::Value) {
        let event = self.next().await.unwrap();
        let field = |name| event.lines().find_map(|line: &str| line.strip_prefix(name)).unwrap();
        let data = serde_json::from_str(field("data: ")).unwrap();
        (field("event: ").to_owned(), field("id: ").to_owned(), data)
    }
}

fn events(query: &str) -> Request {
    Request::get(&format!("/v1/events{query}")).jenny()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_tells_of_blocks_and_their_records_and_goes_on_where_it_was() {
    let node = ApiNode::start().await;
    let mut stream = Stream::open(&node, &events("")).await;
    let block = node.mine("a").await;
    let (name, id, data) = stream.event().await;
    let hash = block["hash"].as_str().unwrap();
    assert_eq!((name.as_str(), id), ("block.connected", format!("1-{hash}-1")));
    assert_eq!((&data["hash"], &data["recordCount"]), (&block["hash"], &1.into()));
    let (name, id, data) = stream.event().await;
    assert_eq!((name.as_str(), id), ("record.included", format!("1-{hash}-2")));
    // The only leaf of the block's tree.
    let expected = serde_json::json!({
        "id": block["merkleRoot"], "height": 1, "blockHash": hash, "index": 0
    });
    assert_eq!(data, expected);

    // Between the two events.
    let again = events("").header("Last-Event-ID", format!("1-{hash}-1"));
    let mut again = Stream::open(&node, &again).await;
    assert_eq!(again.event().await.2, expected);
    node.mine("b").await;
    for stream in [&mut stream, &mut again] {
        assert_eq!(stream.event().await.0, "block.connected");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reorg_disconnects_the_newest_block_first() {
    let node = ApiNode::start().await;
    let old = mined(2, "old", 10);
    node.import(&old).await;
    let types = "?types=block.connected,block.disconnected";
    let mut stream = Stream::open(&node, &events(types)).await;
    node.handle.import(mined(3, "new", 10)).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (name, id, data) = stream.event().await;
        seen.push((name.strip_prefix("block.").unwrap().to_owned(), data["height"].clone()));
        // A block of one record has two events.
        let ends = if name == "block.connected" { "-1" } else { "-2" };
        assert!(id.ends_with(ends), "{id}");
    }
    let expected = [("disconnected", 2), ("disconnected", 1)]
        .into_iter()
        .chain([("connected", 1), ("connected", 2), ("connected", 3)])
        .map(|(name, height)| (name.to_owned(), height.into()))
        .collect::<Vec<(String, serde_json::Value)>>();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_until_the_tip_ends_there_and_says_how_far_it_is() {
    let node = ApiNode::start().await;
    let block = node.mine("a").await;
    let genesis = node.handle.chain_id();
    let query = format!("?until=tip&types=peer.connected&after=0-{genesis}-0");
    let answer = node.ask(&events(&query)).await.expect(200);
    let hash = block["hash"].as_str().unwrap();
    let expected = format!("retry: 2000\nid: 0-{genesis}-0\n\nid: 1-{hash}-2\n\n");
    assert_eq!(answer.text(), expected);
    let head = node.ask(&Request::new("HEAD", "/v1/events").jenny()).await.expect(200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_has_four_streams() {
    let node = ApiNode::start().await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(Stream::open(&node, &events("")).await);
    }
    node.ask(&events("")).await.expect(204);
    // A client that leaves makes room.
    streams.pop();
    while node.ask(&Request::new("HEAD", "/v1/events").jenny()).await.status == 204 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_is_malformed_or_unknown_is_refused() {
    let node = ApiNode::start().await;
    let genesis = node.handle.chain_id();
    for (after, status, slug) in [
        ("7".to_owned(), 400, "invalid-parameter"),
        (format!("0-{genesis}-3"), 400, "invalid-parameter"),
        (format!("7-{genesis}-1"), 410, "position-gone"),
        (format!("0-{}-1", "ab".repeat(32)), 410, "position-gone"),
    ] {
        let answer = node.ask(&events(&format!("?after={after}"))).await;
        assert_eq!(answer.expect_problem(status, slug).as_deref(), Some("after"), "{after}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_whose_branch_was_removed_is_gone() {
    let options =
        Options { branch_heights: 10, branch_quiet: Duration::ZERO, ..Options::default() };
    let node = ApiNode::with(|setup| {
        setup.store = Options { min_free_bytes: 0, cache_bytes: 4 << 20, ..options };
    })
    .await;
    let old = mined(1, "old", 10);
    node.import(&old).await;
    let after = format!("?after=1-{}-1", old[0].header.hash());
    let mut new = Branch::dev().grown(2, "new");
    node.import(&new.blocks).await;
    assert_eq!(node.ask(&events(&format!("{after}&until=tip"))).await.status, 200);
    while node.ask(&Request::new("HEAD", &format!("/v1/events{after}")).jenny()).await.status != 410
    {
        let held = new.blocks.len();
        new.grow(1, "new");
        node.import(&new.blocks[held..]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_accepts_nothing_is_cut() {
    let node = ApiNode::with(|setup| {
        setup.api.limits.write_stall = Duration::from_millis(100);
        setup.api.limits.connections = 1;
    })
    .await;
    // About 20 MB of events, which fit no socket's buffers.
    let mut branch = Branch::dev();
    branch.grow_with(20, |height| (0..4_000).map(|index| format!("{height} {index}")).collect());
    node.import(&branch.blocks).await;
    let genesis = node.handle.chain_id();
    let mut stream = Stream::open(&node, &events(&format!("?after=0-{genesis}-0"))).await;
    // There is room for one connection: this one is answered when the client is cut.
    node.ask(&Request::get("/livez")).await.expect(200);
    while stream.next().await.is_some() {}
    assert!(stream.client.read_line().await.is_none(), "the stream ended in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_a_stream_in_order() {
    let mut node = ApiNode::with(|setup| setup.api.limits.grace = Duration::from_secs(3_600)).await;
    let mut stream = Stream::open(&node, &events("")).await;
    node.stop_api().await;
    assert_eq!(stream.next().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_entry_of_its_user() {
    let [ann, bob] = ["ann", "bob"].map(|name| user(name, "word", Role::Reader));
    let node = ApiNode::with(|setup| {
        setup.api.users = Users::new(vec![ann.clone(), bob.clone()]).unwrap();
    })
    .await;
    let follow = |name: &str| Request::get("/v1/events").auth(name, "word");
    let (mut of_ann, mut of_bob) =
        (Stream::open(&node, &follow("ann")).await, Stream::open(&node, &follow("bob")).await);
    node.users.reload(&Users::new(vec![bob.clone(), ann.clone()]).unwrap()).unwrap();
    let new_word = user("ann", "another word", Role::Reader);
    node.users.reload(&Users::new(vec![bob.clone(), new_word]).unwrap()).unwrap();
    assert_eq!(of_ann.next().await, None);
    node.ask(&follow("ann")).await.expect_problem(401, "unauthorized");
    node.users.reload(&Users::new(vec![bob]).unwrap()).unwrap();
    node.import(&Branch::dev().grown(1, "x").blocks).await;
    assert_eq!(of_bob.event().await.0, "block.connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_ends_with_the_entry_of_its_user() {
    let [ann, bob] = ["ann", "bob"].map(|name| user(name, "word", Role::Operator));
    let node = ApiNode::with(|setup| {
        setup.node.mines_pool = false;
        setup.api.users = Users::new(vec![ann, bob.clone()]).unwrap();
    })
    .await;
    let add = Request::post("/v1/records").auth("bob", "word").json(r#"{"data":"a record"}"#);
    let id = node.ask(&add).await.expect(202).json()[0]["id"].as_str().unwrap().to_owned();
    let wait = Request::get(&format!("/v1/records/{id}?wait=60")).auth("ann", "word");
    let mut client = node.connect().await;
    client.send(wait.bytes()).await;
    let metrics = Request::get("/metrics").auth("bob", "word");
    while !node.ask(&metrics).await.text().contains("\njenny_api_long_requests 1\n") {
        tokio::task::yield_now().await;
    }
    assert!(client.is_quiet(Duration::from_millis(100)).await);
    node.users.reload(&Users::new(vec![bob]).unwrap()).unwrap();
    let answer = client.answer(false).await;
    answer.expect_problem(401, "unauthorized");
    assert!(answer.text().contains("the user was removed"), "{}", answer.text());
}
