//! Hosts, origins, paths and methods.

use jenny_chain::api::{CorsOrigins, Role, Users};

use crate::support::{ApiNode, PATIENCE, Request, Setup, user};

async fn status_with_host(node: &ApiNode, host: &str) -> u16 {
    node.ask(&Request::get("/").jenny().host(Some(host))).await.status
}

#[tokio::test]
async fn ip_literals_localhost_and_configured_names_are_answered() {
    let node = ApiNode::with(|setup| {
        setup.api.hosts = vec!["Node.Example".to_owned()];
        let jenny = user("jenny", "1234", Role::Operator);
        setup.api.users = Users::new(vec![jenny]).unwrap();
    })
    .await;
    for host in [
        "localhost",
        "LocalHost:3000",
        "127.0.0.1",
        "192.0.2.7:81",
        "[::1]",
        "[2001:db8::1]:3000",
        "node.example",
        "NODE.example:8080",
    ] {
        assert_eq!(status_with_host(&node, host).await, 200, "{host}");
    }
}

#[tokio::test]
async fn a_foreign_host_is_misdirected_on_every_path() {
    let node = ApiNode::start().await;
    for host in ["evil.example", "localhost.evil.example", "1.2.3", "[::1", "localhost.", "node"] {
        let status = status_with_host(&node, host).await;
        assert!(status == 421 || (host == "[::1" && status == 400), "{host}: {status}");
    }
    for path in ["/livez", "/nothing", "/chains"] {
        let request = Request::get(path).host(Some("evil.example"));
        let answer = node.ask(&request).await;
        assert_eq!(answer.expect_problem(421, "misdirected-request").as_deref(), Some("Host"));
    }
    let absolute = Request::get("http://evil.example/").jenny();
    node.ask(&absolute).await.expect_problem(421, "misdirected-request");
    node.ask(&Request::get("http://localhost:3000/").jenny()).await.expect(200);
}

#[tokio::test]
async fn no_host_or_two_hosts_are_malformed() {
    let node = ApiNode::start().await;
    let hostless = Request::get("/").jenny().host(None);
    node.ask(&hostless).await.expect_problem(400, "malformed-request");
    let two = Request::get("/").jenny().header("Host", "localhost");
    node.ask(&two).await.expect_problem(400, "malformed-request");
    let user = Request::get("/").jenny().host(Some("localhost@evil.example"));
    node.ask(&user).await.expect_problem(400, "malformed-request");
}

#[tokio::test]
async fn a_page_of_another_origin_changes_nothing() {
    let node = ApiNode::start().await;
    let post = || Request::post("/mineBlock").jenny().host(Some("localhost:3000"));
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:8080",
        "http://localhost",
        "http://127.0.0.1:3000",
        "file://localhost:3000",
        "",
    ] {
        let request = post().header("Origin", origin).json(r#"{"data":[]}"#);
        let answer = node.ask(&request).await;
        let field = answer.expect_problem(403, "foreign-origin");
        assert_eq!(field.as_deref(), Some("Origin"), "{origin}");
    }
    let cross = post().header("Sec-Fetch-Site", "cross-site").json(r#"{"data":[]}"#);
    let field = node.ask(&cross).await.expect_problem(403, "foreign-origin");
    assert_eq!(field.as_deref(), Some("Sec-Fetch-Site"));
    assert_eq!(node.handle.tip().header.height.get(), 0);

    let own =
        post().header("Origin", "http://LOCALHOST:3000").header("Sec-Fetch-Site", "same-origin");
    node.ask(&own.json(r#"{"data":[]}"#)).await.expect(200);
    let proxied = Request::post("/mineBlock").jenny().header("Origin", "https://localhost");
    node.ask(&proxied.json(r#"{"data":[]}"#)).await.expect(200);
}

#[tokio::test]
async fn the_default_user_is_no_user_of_another_origin() {
    let listed = |setup: &mut Setup| {
        setup.api.cors_origins = CorsOrigins::parse(&["http://listed.example"]).unwrap();
    };
    let node = ApiNode::with(listed).await;
    for origin in ["http://listed.example", "http://evil.example", "null", "http://localhost:81"] {
        let answer = node.ask(&Request::get("/").jenny().header("Origin", origin)).await;
        answer.expect_problem(401, "unauthorized");
        assert!(answer.text().contains("jenny user add NAME"), "{}", answer.text());
    }
    let post = Request::post("/mineBlock").jenny().header("Origin", "http://listed.example");
    node.ask(&post.json(r#"{"data":[]}"#)).await.expect_problem(401, "unauthorized");
    node.ask(&Request::get("/").jenny().header("Origin", "http://localhost")).await.expect(200);
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_call_and_read() {
    let node = ApiNode::with(|setup| {
        let origins = ["http://listed.example", "https://other.example:8443"];
        setup.api.cors_origins = CorsOrigins::parse(&origins).unwrap();
        setup.api.users = Users::new(vec![user("ann", "word", Role::Operator)]).unwrap();
    })
    .await;
    let from = |request: Request, origin: &str| {
        request.auth("ann", "word").header("Origin", origin).header("Sec-Fetch-Site", "cross-site")
    };
    for origin in ["http://listed.example", "https://other.example:8443"] {
        let answer = node.ask(&from(Request::get("/"), origin)).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("vary"), Some("origin"));
        assert!(answer.header("access-control-expose-headers").unwrap().contains("etag"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let post = from(Request::post("/mineBlock"), origin).json(r#"{"data":[]}"#);
        node.ask(&post).await.expect(200);
        // A page can tell why it was refused.
        let refused = node.ask(&Request::get("/").header("Origin", origin)).await;
        refused.expect_problem(401, "unauthorized");
        assert_eq!(refused.header("access-control-allow-origin"), Some(origin));
    }
    for origin in ["http://evil.example", "null", "http://listed.example:81", ""] {
        let answer = node.ask(&from(Request::get("/"), origin)).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("vary"), Some("origin"));
        let post = from(Request::post("/mineBlock"), origin).json(r#"{"data":[]}"#);
        node.ask(&post).await.expect_problem(403, "foreign-origin");
    }
}

#[tokio::test]
async fn a_preflight_is_for_listed_origins_and_tells_nothing_of_paths() {
    let node = ApiNode::with(|setup| {
        setup.api.cors_origins = CorsOrigins::parse(&["http://listed.example"]).unwrap();
    })
    .await;
    let preflight = |path: &str, origin: &str| {
        let request = Request::new("OPTIONS", path).header("Origin", origin);
        request.header("Access-Control-Request-Method", "POST")
    };
    for path in ["/", "/v1/records", "/nothing", "/livez"] {
        let answer = node.ask(&preflight(path, "http://listed.example")).await.expect(204);
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://listed.example"));
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods, Some("GET, HEAD, POST, PUT, DELETE"));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("authorization"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    for origin in ["http://evil.example", "null"] {
        let answer = node.ask(&preflight("/v1/records", origin)).await;
        answer.expect_problem(401, "unauthorized");
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let open = node.ask(&preflight("/livez", origin)).await.expect(204);
        assert_eq!(open.header("access-control-allow-methods"), None);
    }
    // Not a preflight: it asks for no method.
    let plain = Request::new("OPTIONS", "/v1/records").header("Origin", "http://listed.example");
    node.ask(&plain).await.expect_problem(401, "unauthorized");
    let bad_host = preflight("/", "http://listed.example").host(Some("evil.example"));
    node.ask(&bad_host).await.expect_problem(421, "misdirected-request");
}

#[tokio::test]
async fn host_and_origin_come_before_credentials() {
    let node = ApiNode::start().await;
    let host = Request::get("/").host(Some("evil.example"));
    node.ask(&host).await.expect_problem(421, "misdirected-request");
    let origin = Request::post("/mineBlock").header("Origin", "http://evil.example");
    node.ask(&origin).await.expect_problem(403, "foreign-origin");
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let node = ApiNode::start().await;
    for path in [
        "/chains/",
        "/Chains",
        "/CHAINS",
        "//",
        "/chains/x",
        "/%63hains",
        "/mineblock",
        "/v1",
        "/v1/",
        "/v1/block",
        "/v1/blocks/",
        "/v1/blocks/0/",
        "/v1/blocks/0/1/header",
        "/V1/status",
        "/livez/",
        "/readyz/",
        "/metrics/",
        "/index.html",
        "/../",
    ] {
        node.get(path).await.expect_problem(404, "not-found");
        node.ask(&Request::post(path).jenny()).await.expect_problem(404, "not-found");
    }
}

#[tokio::test]
async fn queries_are_ignored() {
    let node = ApiNode::start().await;
    for path in ["/", "/chains", "/peers", "/livez", "/readyz", "/v1/status", "/v1/blocks/tip"] {
        node.get(&format!("{path}?a=1&a=2&%00")).await.expect(200);
    }
    let mined = node.post("/mineBlock?wait=1", r#"{"data":[]}"#).await;
    assert_eq!(mined.expect(200).json()["height"], 1);
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let node = ApiNode::start().await;
    let reads = ["/", "/chains", "/peers", "/v1/status", "/v1/blocks/0"];
    for path in reads {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            let answer = node.ask(&Request::new(method, path).jenny()).await;
            answer.expect_problem(405, "method-not-allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
    for path in ["/livez", "/readyz"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let answer = node.ask(&Request::new(method, path)).await;
            answer.expect_problem(405, "method-not-allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {path}");
        }
    }
    for path in ["/mineBlock", "/addToPeer", "/addPeers"] {
        for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
            let answer = node.ask(&Request::new(method, path).jenny()).await;
            answer.expect_problem(405, "method-not-allowed");
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {path}");
        }
        let head = node.ask(&Request::new("HEAD", path).jenny()).await;
        assert_eq!((head.status, head.header("allow")), (405, Some("POST")), "{path}");
    }
}

#[tokio::test]
async fn health_checks_by_options_are_answered_without_credentials() {
    let node = ApiNode::start().await;
    let mut client = node.connect().await;
    for path in ["/livez", "/readyz"] {
        client.send(Request::new("OPTIONS", path).bytes()).await;
        let answer = client.answer(true).await.expect(204);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
    }
    for path in ["/", "/v1/status", "/mineBlock", "/no"] {
        let answer = client.ask(&Request::new("OPTIONS", path)).await;
        answer.expect_problem(401, "unauthorized");
    }
    for (method, path, allow) in [
        ("DELETE", "/v1/peers", "GET, HEAD, POST"),
        ("DELETE", "/v1/bans", "GET, HEAD, POST"),
        ("POST", "/v1/peers/known", "GET, HEAD"),
        ("GET", "/v1/peers/ws%3A%2F%2Fa", "DELETE"),
        ("GET", "/v1/bans/192.0.2.1", "DELETE"),
    ] {
        let answer = node.ask(&Request::new(method, path).jenny()).await;
        answer.expect_problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
    let foreign = Request::new("OPTIONS", "/livez").host(Some("evil.example"));
    client.ask(&foreign).await.expect_problem(421, "misdirected-request");
}

#[tokio::test]
async fn no_browser_takes_an_answer_for_a_page() {
    let node = ApiNode::start().await;
    for path in ["/", "/chains", "/livez", "/v1/status", "/v1/blocks/0", "/v1/blocks/x", "/no"] {
        for request in [Request::get(path), Request::get(path).jenny()] {
            let answer = node.ask(&request).await;
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        }
    }
}

#[tokio::test]
async fn head_gives_the_headers_of_get_and_no_body() {
    let node = ApiNode::start().await;
    node.mine("a record").await;
    // What goes on in the background shows in the status.
    let rest = async {
        loop {
            let status = node.get("/v1/status").await.expect(200).json();
            if status["check"]["state"] == "done" && status["index"]["lag"] == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, rest).await.expect("the background comes to rest");
    let mut client = node.connect().await;
    let paths =
        ["/", "/chains", "/peers", "/livez", "/readyz", "/v1/status", "/v1/blocks/1", "/no"];
    for path in paths {
        let get = client.ask(&Request::get(path).jenny()).await;
        let head = client.ask(&Request::new("HEAD", path).jenny()).await;
        assert_eq!(head.status, get.status, "{path}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
        // The uptime and the request id differ, but not by a digit here.
        let length = get.header("content-length");
        assert_eq!(head.header("content-length"), length, "{path}");
        assert_eq!(length.is_none(), path == "/chains");
    }
    // Had a HEAD sent a body, this answer would begin with it.
    client.ask(&Request::get("/").jenny()).await.expect(200);
}
