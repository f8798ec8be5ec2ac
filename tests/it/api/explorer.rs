//! `GET /explorer/`: the page as a browser loads it.

use serde_json::Value;

use crate::support::{ApiNode, Request, Response};

/// Addresses of what an attribute of the page names.
fn addresses(html: &str) -> Vec<String> {
    let parts = html.split(['"', '\'']);
    parts.filter(|part| part.contains("/a/") || part.starts_with("a/")).map(str::to_owned).collect()
}

async fn get(node: &ApiNode, path: &str) -> Response {
    node.get(path).await.expect(200)
}

/// Resolves a relative address, as a browser does.
fn resolved(page: &str, address: &str) -> String {
    url::Url::parse(&format!("http://node{page}")).unwrap().join(address).unwrap().path().to_owned()
}

#[tokio::test]
async fn every_page_and_all_of_its_files_are_served() {
    let node = ApiNode::start().await;
    for page in ["/explorer/", "/explorer/blocks", "/explorer/block/0", "/explorer/record/x"] {
        let shell = get(&node, page).await;
        assert_eq!(shell.header("content-type"), Some("text/html; charset=utf-8"));
        let addresses = addresses(shell.text());
        assert!(addresses.len() > 20, "{addresses:?}");
        for address in addresses {
            let file = get(&node, &resolved(page, &address)).await;
            assert_eq!(
                file.header("cache-control"),
                Some("private, max-age=31536000, immutable"),
                "{address}"
            );
            let expected = match address.rsplit_once('.').unwrap().1 {
                "js" => "text/javascript; charset=utf-8",
                "css" => "text/css; charset=utf-8",
                _ => "image/svg+xml",
            };
            assert_eq!(file.header("content-type"), Some(expected), "{address}");
        }
    }
}

#[tokio::test]
async fn the_page_may_load_nothing_but_its_own_files() {
    let node = ApiNode::start().await;
    let shell = get(&node, "/explorer/").await;
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-cache"),
    ] {
        assert_eq!(shell.header(name), Some(value));
    }
}

#[tokio::test]
async fn a_second_visit_loads_nothing_that_is_known() {
    let node = ApiNode::start().await;
    let tag = get(&node, "/explorer/").await.header("etag").unwrap().to_owned();
    let again = Request::get("/explorer/blocks").jenny().header("If-None-Match", tag);
    node.ask(&again).await.expect(304);
}

#[tokio::test]
async fn files_are_compressed_for_clients_that_accept_it() {
    let node = ApiNode::start().await;
    let version = get(&node, "/v1/status").await.json()["explorer"].as_str().unwrap().to_owned();
    let path = format!("/explorer/a/{version}/app.js");
    let plain = get(&node, &path).await;
    for coding in ["gzip", "zstd"] {
        let request = Request::get(&path).jenny().header("Accept-Encoding", coding);
        let file = node.ask(&request).await.expect(200);
        assert_eq!(file.header("content-encoding"), Some(coding));
        assert_eq!(file.header("vary"), Some("accept-encoding"));
        assert!(file.body.len() < plain.body.len() / 2);
    }
}

#[tokio::test]
async fn what_is_no_page_and_no_file_is_not_found() {
    let node = ApiNode::start().await;
    let version = get(&node, "/v1/status").await.json()["explorer"].as_str().unwrap().to_owned();
    for path in [
        "/explorer/favicon.ico".to_owned(),
        "/explorer/block/a.b".to_owned(),
        "/explorer/a/0000000000000000/app.js".to_owned(),
        format!("/explorer/a/{version}/nothing.js"),
        format!("/explorer/a/{version}/pages/..%2fapp.js"),
        format!("/explorer/a/{version}/vendor/nothing.js"),
    ] {
        assert_eq!(node.get(&path).await.expect_problem(404, "not-found"), None, "{path}");
    }
    let response = node.get("/explorer").await.expect(308);
    assert_eq!(response.header("location"), Some("explorer/"));
}

#[tokio::test]
async fn the_explorer_is_behind_the_same_credentials() {
    let node = ApiNode::start().await;
    for path in ["/explorer", "/explorer/", "/explorer/block/1", "/explorer/a/x/app.js"] {
        node.ask(&Request::get(path)).await.expect_problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn the_status_names_the_version_of_the_page() {
    let node = ApiNode::start().await;
    let status: Value = get(&node, "/v1/status").await.json();
    let version = status["explorer"].as_str().unwrap();
    assert!(get(&node, "/explorer/").await.text().contains(&format!("a/{version}/app.js")));
}
