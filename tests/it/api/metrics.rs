//! `GET /metrics`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jenny_chain::api::{Role, Users};
use jenny_chain::tls::Credentials;
use jenny_chain::tls::test_util::{Counts, TestAuthority};

use crate::support::{ApiNode, Request, mined, until, user};

const DOCUMENT: &str = include_str!("../../../docs/metrics.md");

/// Type and labels of each metric.
type Metrics = BTreeMap<String, (String, BTreeSet<String>)>;

/// The rows of the document's list.
fn documented() -> Metrics {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let columns: Vec<_> = row.split('|').map(str::trim).collect();
        let labels = columns[3].split(", ").filter(|label| !label.is_empty());
        let labels = labels.map(|label| label.trim_matches('`').to_owned()).collect();
        (columns[0].trim_end_matches('`').to_owned(), (columns[1].to_owned(), labels))
    })
    .collect()
}

/// What a node serves; each sample has to follow the type of its metric.
fn served(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    let mut name = String::new();
    for line in text.lines().filter(|line| !line.starts_with("# HELP ")) {
        if let Some(begin) = line.strip_prefix("# TYPE ") {
            let (new, kind) = begin.split_once(' ').unwrap();
            new.clone_into(&mut name);
            let before = metrics.insert(name.clone(), (kind.to_owned(), BTreeSet::new()));
            assert_eq!(before, None, "{name} comes twice");
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        let (of, labels) = sample.split_once('{').unwrap_or((sample, "}"));
        let metric = metrics.get_mut(&name).unwrap();
        let is_histogram = metric.0 == "histogram";
        let suffixes: &[_] = if is_histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(of.strip_prefix(&name).is_some_and(|rest| suffixes.contains(&rest)), "{line}");
        let labels = labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty());
        let labels = labels.map(|label| label.split_once('=').unwrap().0.to_owned());
        // That of the buckets is understood.
        metric.1.extend(labels.filter(|label| !is_histogram || label != "le"));
    }
    metrics
}

/// The value of a sample, as it is written.
fn value<'a>(text: &'a str, sample: &str) -> &'a str {
    let value = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {sample} in {text}"))
}

fn number(text: &str, sample: &str) -> f64 {
    value(text, sample).parse().unwrap()
}

#[tokio::test]
async fn the_document_lists_every_metric_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let shown = TestAuthority::new(directory.path()).node("node");
    let node = ApiNode::with(|setup| setup.api.certificates = vec![("p2p", shown)]).await;
    // A route has a duration once a request had one.
    node.get("/livez").await.expect(200);
    let response = node.get("/metrics").await.expect(200);
    let expected = Some("text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(response.header("content-type"), expected);
    assert_eq!(served(response.text()), documented());
}

#[tokio::test]
async fn the_end_of_a_certificate_follows_its_renewal() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let api =
        Credentials::load(authority.issue("api", &["localhost"], Counts::ForDays(9))).unwrap();
    let ports = vec![("api", api.clone()), ("p2p", authority.node("p2p"))];
    let node = ApiNode::with(|setup| setup.api.certificates = ports).await;
    let ends = async |port: &str| {
        let sample =
            format!("jenny_tls_certificate_not_after_timestamp_seconds{{port=\"{port}\"}}");
        number(node.get("/metrics").await.text(), &sample)
    };
    let now = Duration::from_millis(node.handle.now().as_millis()).as_secs_f64();
    let days = |end: f64| (end - now) / 86_400.0;
    assert!((9.0..10.0).contains(&days(ends("api").await)));
    assert!((364.0..366.0).contains(&days(ends("p2p").await)));
    authority.issue("api", &["localhost"], Counts::Now);
    api.reload().unwrap();
    assert!((364.0..366.0).contains(&days(ends("api").await)));
}

#[tokio::test]
async fn metrics_follow_the_status() {
    let node = ApiNode::start().await;
    node.mine("a").await;
    let status = node.get("/v1/status").await.json();
    let response = node.get("/metrics").await;
    let text = response.text();
    assert_eq!(value(text, "jenny_tip_height"), "1");
    assert_eq!(value(text, "jenny_tip_work_hashes"), "4");
    let millis = status["tip"]["timestamp"].as_f64().unwrap();
    let seconds = number(text, "jenny_tip_timestamp_seconds");
    assert!((seconds * 1_000.0 - millis).abs() < 1.0, "{seconds} {millis}");
    for state in ["alone", "current", "split", "deep-fork", "behind", "headers", "blocks"] {
        let is_state = status["sync"]["state"] == state;
        let sample = format!("jenny_sync_state{{state=\"{state}\"}}");
        assert_eq!(value(text, &sample), if is_state { "1" } else { "0" }, "{state}");
    }
    for reason in ["disk", "clock", "failure"] {
        assert_eq!(value(text, &format!("jenny_refusing{{reason=\"{reason}\"}}")), "0");
    }
    assert!(number(text, "jenny_mining_hashes_per_second") > 0.0);
    assert!(number(text, "jenny_disk_free_bytes") > 0.0);
    for name in ["resident_memory_bytes", "virtual_memory_bytes", "max_fds", "open_fds"] {
        assert!(number(text, &format!("process_{name}")) > 1.0, "{name}");
    }
    let now = Duration::from_millis(node.handle.now().as_millis()).as_secs_f64();
    assert!((1e9..=now).contains(&number(text, "process_start_time_seconds")));
    assert!(number(text, "jenny_api_connections") >= 1.0);
}

#[tokio::test]
async fn metrics_tell_of_the_pool_and_of_what_was_mined() {
    let node = ApiNode::with(|setup| setup.node.seal_blocks = 2).await;
    node.mine("a").await;
    until("sealed", || node.handle.status().mined.empty == 2).await;
    node.post("/v1/records?wait=60", r#"{"data":["b","c"]}"#).await.expect(200);
    until("sealed again", || node.handle.status().mined.empty == 4).await;
    let response = node.get("/metrics").await;
    for (sample, expected) in [
        ("jenny_mined_blocks_total{kind=\"request\"}", "1"),
        ("jenny_mined_blocks_total{kind=\"pool\"}", "1"),
        ("jenny_mined_blocks_total{kind=\"empty\"}", "4"),
        ("jenny_pool_records", "0"),
        ("jenny_pool_bytes", "0"),
        ("jenny_pool_oldest_seconds", "0"),
    ] {
        assert_eq!(value(response.text(), sample), expected, "{sample}");
    }

    let idle = ApiNode::idle().await;
    idle.post("/v1/records", r#"{"data":["a","b"]}"#).await.expect(202);
    let response = idle.get("/metrics").await;
    assert_eq!(value(response.text(), "jenny_pool_records"), "2");
    assert_eq!(value(response.text(), "jenny_pool_bytes"), "128");
    assert!(number(response.text(), "jenny_pool_oldest_seconds") > 0.0);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_what_clients_write() {
    let node = ApiNode::start().await;
    node.get("/v1/blocks/0").await.expect(200);
    node.get("/v1/blocks/tip").await.expect(200);
    node.get("/v1/blocks/99").await.expect(404);
    node.get("/made-up").await.expect(404);
    node.ask(&Request::get("/other")).await.expect(401);
    node.ask(&Request::new("OPTIONS", "/livez")).await.expect(204);
    let response = node.get("/metrics").await;
    let text = response.text();
    for (route, status, count) in [
        ("/v1/blocks/{block}", "2xx", "2"),
        ("/v1/blocks/{block}", "4xx", "1"),
        ("unknown", "4xx", "2"),
        ("/livez", "2xx", "1"),
        ("/mineBlock", "2xx", "0"),
    ] {
        let sample = format!("jenny_api_requests_total{{route=\"{route}\",status=\"{status}\"}}");
        assert_eq!(value(text, &sample), count, "{sample}");
    }
    assert!(!text.contains("made-up"));
}

#[tokio::test]
async fn a_node_that_refuses_blocks_says_for_what_reason() {
    let node = ApiNode::with(|setup| setup.store.min_free_bytes = u64::MAX).await;
    node.post("/mineBlock", r#"{"data":[]}"#).await.expect(503);
    let response = node.get("/metrics").await;
    assert_eq!(value(response.text(), "jenny_refusing{reason=\"disk\"}"), "1");
    assert_eq!(value(response.text(), "jenny_refusing{reason=\"clock\"}"), "0");
}

#[tokio::test]
async fn a_node_that_has_stopped_still_tells_its_metrics() {
    let mut node = ApiNode::start().await;
    node.stop_node().await;
    node.get("/metrics").await.expect(200);
    let response = node.get("/metrics").await.expect(200);
    assert_eq!(served(response.text()).len(), documented().len());
    assert!(!response.text().contains("\njenny_disk_free_bytes"));
}

#[tokio::test]
async fn a_monitor_may_read_the_metrics() {
    let node = ApiNode::with(|setup| {
        setup.api.users = Users::new(vec![user("watch", "secret", Role::Monitor)]).unwrap();
    })
    .await;
    node.ask(&Request::get("/metrics").auth("watch", "secret")).await.expect(200);
    node.ask(&Request::get("/metrics")).await.expect(401);
}

#[tokio::test]
async fn problems_are_counted_by_their_type_from_the_start() {
    let node = ApiNode::start().await;
    let count = |text: &str, kind: &str| {
        value(text, &format!("jenny_api_problems_total{{type=\"{kind}\"}}")).to_owned()
    };
    let before = node.get("/metrics").await;
    assert_eq!(count(before.text(), "pool-full"), "0");
    node.get("/v1/blocks/99").await.expect(404);
    node.ask(&Request::get("/")).await.expect(401);
    node.ask(&Request::get("/")).await.expect(401);
    let after = node.get("/metrics").await;
    assert_eq!(count(after.text(), "block-not-found"), "1");
    assert_eq!(count(after.text(), "unauthorized"), "2");
}

#[tokio::test]
async fn the_time_of_requests_is_counted_by_route_and_method() {
    let node = ApiNode::start().await;
    node.mine("a").await;
    node.ask(&Request::new("HEAD", "/v1/status").jenny()).await.expect(200);
    node.ask(&Request::new("MADE-UP", "/v1/status").jenny()).await.expect(405);
    node.get("/made-up").await.expect(404);
    let response = node.get("/metrics").await;
    for (route, method, count) in
        [("/mineBlock", "POST", "1"), ("/v1/status", "GET", "1"), ("unknown", "other", "2")]
    {
        let labels = format!("route=\"{route}\",method=\"{method}\"");
        let name = "jenny_api_request_duration_seconds";
        for sample in
            [format!("{name}_count{{{labels}}}"), format!("{name}_bucket{{{labels},le=\"+Inf\"}}")]
        {
            assert_eq!(value(response.text(), &sample), count, "{sample}");
        }
        assert!(number(response.text(), &format!("{name}_sum{{{labels}}}")) > 0.0);
    }
    assert!(!response.text().to_lowercase().contains("made-up"));
}

#[tokio::test]
async fn commits_imports_and_reorgs_are_counted() {
    let node = ApiNode::start().await;
    let before = number(node.get("/metrics").await.text(), "jenny_commit_duration_seconds_count");
    node.mine("own").await;
    node.import(&mined(3, "new", 10)).await;
    let response = node.get("/metrics").await;
    let text = response.text();
    assert!(number(text, "jenny_commit_duration_seconds_count") >= before + 2.0);
    assert_eq!(value(text, "jenny_import_duration_seconds_count"), "1");
    for (sample, expected) in
        [("bucket{le=\"1\"}", "1"), ("bucket{le=\"1000\"}", "1"), ("sum", "1"), ("count", "1")]
    {
        assert_eq!(value(text, &format!("jenny_reorg_depth_blocks_{sample}")), expected);
    }
    assert_eq!(value(text, "jenny_reorgs_total"), "1");
    assert_eq!(value(text, "jenny_restored_records_total"), "1");
}

#[tokio::test]
async fn accepted_records_and_streams_of_events_are_counted() {
    let node = ApiNode::idle().await;
    node.post("/v1/records", r#"{"data":["a","b","a"]}"#).await.expect(202);
    node.post("/v1/records", r#"{"data":["b"]}"#).await.expect(200);
    let mut client = node.connect().await;
    client.send(Request::get("/v1/events").jenny().bytes()).await;
    assert_eq!(client.read_line().await.unwrap(), "HTTP/1.1 200 OK");
    let response = node.get("/metrics").await;
    assert_eq!(value(response.text(), "jenny_accepted_records_total"), "2");
    assert_eq!(value(response.text(), "jenny_api_event_streams"), "1");
}
