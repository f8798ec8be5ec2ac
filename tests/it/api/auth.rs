//! Who is let in.

use jenny_chain::api::{NoUsers, Role, TrustedProxies, Users};

use crate::support::{ApiNode, Request, Response, basic, log, user};

const CHALLENGE: &str = "Basic realm=\"jenny\", charset=\"UTF-8\"";

/// A node with an operator and a reader.
async fn with_users() -> ApiNode {
    let users = vec![
        user("ann", "a:colon: and ünïcode", Role::Operator),
        user("rob", "read", Role::Reader),
    ];
    ApiNode::with(|setup| setup.api.users = Users::new(users).unwrap()).await
}

async fn with_header(node: &ApiNode, value: &str) -> Response {
    node.ask(&Request::get("/").header("Authorization", value)).await
}

fn is_challenge(answer: &Response) {
    assert_eq!(answer.expect_problem(401, "unauthorized"), None);
    assert_eq!(answer.header("www-authenticate"), Some(CHALLENGE));
}

#[tokio::test]
async fn without_users_the_default_credentials_work() {
    let node = ApiNode::start().await;
    assert_eq!(node.get("/").await.expect(200).text(), "dev chain");
    node.post("/mineBlock", r#"{"data":[]}"#).await.expect(200);
}

#[tokio::test]
async fn missing_malformed_and_wrong_credentials_are_challenged() {
    let node = ApiNode::start().await;
    is_challenge(&node.ask(&Request::get("/")).await);
    let good = basic("jenny", "1234");
    let token = good.strip_prefix("Basic ").unwrap();
    for value in [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic amVubnkx*",
        "Basic amVubnk=",
        token,
        &format!("Bearer {token}"),
        &format!("Basic{token}"),
        &format!("Basicx {token}"),
        &format!("Basic {token} {token}"),
        &basic("jenny", "12345"),
        &basic("jenny", ""),
        &basic("Jenny", "1234"),
        &basic("", ""),
    ] {
        is_challenge(&with_header(&node, value).await);
    }
    let twice = Request::get("/").jenny().jenny();
    is_challenge(&node.ask(&twice).await);
    let huge = basic("jenny", &"x".repeat(10_000));
    is_challenge(&with_header(&node, &huge).await);
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    let node = ApiNode::start().await;
    let token = basic("jenny", "1234").split_off(6);
    for scheme in ["Basic", "basic", "BASIC", "bAsIc", "Basic  "] {
        with_header(&node, &format!("{scheme} {token}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_password_may_hold_colons_and_any_text() {
    let node = with_users().await;
    for _ in 0..2 {
        // First verified, then remembered.
        node.ask(&Request::get("/").auth("ann", "a:colon: and ünïcode")).await.expect(200);
    }
    is_challenge(&node.ask(&Request::get("/").auth("ann", "a")).await);
    is_challenge(&node.ask(&Request::get("/").auth("ann:a", "colon: and ünïcode!")).await);
}

#[tokio::test]
async fn with_users_the_default_credentials_are_wrong() {
    let node = with_users().await;
    is_challenge(&node.get("/").await);
    is_challenge(&node.ask(&Request::get("/").auth("nobody", "read")).await);
    is_challenge(&node.ask(&Request::get("/").auth("rob", "a:colon: and ünïcode")).await);
}

#[tokio::test]
async fn a_reader_reads_and_changes_nothing() {
    let node = with_users().await;
    for path in ["/", "/chains", "/peers", "/v1/status", "/v1/blocks/tip"] {
        node.ask(&Request::get(path).auth("rob", "read")).await.expect(200);
        node.ask(&Request::new("HEAD", path).auth("rob", "read")).await.expect(200);
    }
    for path in ["/mineBlock", "/addToPeer", "/addPeers"] {
        let request = Request::post(path).auth("rob", "read").json(r#"{"data":[]}"#);
        node.ask(&request).await.expect_problem(403, "forbidden-role");
    }
    assert_eq!(node.handle.tip().header.height.get(), 0);
    let operator = Request::post("/mineBlock").auth("ann", "a:colon: and ünïcode");
    node.ask(&operator.json(r#"{"data":[]}"#)).await.expect(200);
}

#[tokio::test]
async fn the_twentieth_wrong_password_closes_the_door_but_not_to_the_verified() {
    let node = with_users().await;
    let rob = Request::get("/").auth("rob", "read");
    node.ask(&rob).await.expect(200);
    let mut guesser = node.connect().await;
    for guess in 1..=19 {
        let wrong = Request::get("/").auth("rob", &format!("guess {guess}"));
        is_challenge(&guesser.ask(&wrong).await);
    }
    let twentieth = guesser.ask(&Request::get("/").auth("rob", "guess 20")).await;
    twentieth.expect_problem(429, "too-many-wrong-passwords");
    let wait: u64 = twentieth.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let next = guesser.ask(&Request::get("/").auth("rob", "guess 21")).await;
    next.expect_problem(429, "too-many-wrong-passwords");
    // Right, and not verified before: it has its turn.
    node.ask(&Request::get("/").auth("ann", "a:colon: and ünïcode")).await.expect(200);
    // Nothing to guess with is only challenged; the verified are never refused.
    is_challenge(&node.ask(&Request::get("/")).await);
    node.ask(&rob).await.expect(200);
    node.ask(&Request::get("/livez")).await.expect(200);
}

#[tokio::test]
async fn a_guesser_keeps_nobody_else_out() {
    let node = with_users().await;
    let address = node.address;
    // One at names of nobody and one at a name of somebody, without a pause.
    let guessing = ["eve", "rob"].map(|name| {
        tokio::spawn(async move {
            let mut guesser = crate::support::Client::connect(address).await;
            for guess in 0.. {
                let request = Request::get("/").auth(name, &format!("guess {guess}"));
                guesser.ask(&request).await;
            }
        })
    });
    let probe = Request::get("/").auth("nobody", "wrong");
    while node.ask(&probe).await.status != 429 {}
    node.ask(&Request::get("/").auth("ann", "a:colon: and ünïcode")).await.expect(200);
    for guesser in guessing {
        guesser.abort();
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_by_itself() {
    let users = || Users::new(vec![user("rob", "read", Role::Reader)]).unwrap();
    let guess = |client: &str, guess: usize| {
        let request = Request::get("/").auth("rob", &format!("guess {guess}"));
        request.header("X-Forwarded-For", client)
    };
    let proxied = ApiNode::with(|setup| {
        setup.api.users = users();
        setup.api.trusted_proxies = TrustedProxies::parse(&["127.0.0.0/8"]).unwrap();
    })
    .await;
    for number in 1..=19 {
        is_challenge(&proxied.ask(&guess("203.0.113.9", number)).await);
    }
    let twentieth = proxied.ask(&guess("198.51.100.1, 203.0.113.9", 20)).await;
    twentieth.expect_problem(429, "too-many-wrong-passwords");
    is_challenge(&proxied.ask(&guess("203.0.113.8", 1)).await);
    // From anybody else the header means nothing.
    let direct = ApiNode::with(|setup| setup.api.users = users()).await;
    for number in 1..=19 {
        is_challenge(&direct.ask(&guess(&format!("203.0.113.{number}"), number)).await);
    }
    let twentieth = direct.ask(&guess("203.0.113.20", 20)).await;
    twentieth.expect_problem(429, "too-many-wrong-passwords");
}

#[tokio::test]
async fn credentials_in_latin_1_are_told_apart_from_wrong_ones() {
    let users = Users::new(vec![user("jürgen", "pässword", Role::Reader)]).unwrap();
    let node = ApiNode::with(|setup| setup.api.users = users).await;
    node.ask(&Request::get("/").auth("jürgen", "pässword")).await.expect(200);
    // `jürgen:pässword` in Latin-1.
    let answer = with_header(&node, "Basic avxyZ2VuOnDkc3N3b3Jk").await;
    is_challenge(&answer);
    assert!(answer.text().contains("not UTF-8") && answer.text().contains("ISO-8859-1"));
    let wrong = node.ask(&Request::get("/").auth("jürgen", "pässwort")).await;
    assert!(!wrong.text().contains("UTF-8"), "{}", wrong.text());
}

#[tokio::test]
async fn many_wrong_passwords_at_once_are_counted_too() {
    let node = with_users().await;
    let asks = (0..60).map(|guess| {
        let request = Request::get("/").auth("ann", &format!("guess {guess}"));
        let address = node.address;
        tokio::spawn(async move {
            crate::support::Client::connect(address).await.ask(&request).await.status
        })
    });
    let mut refused = 0;
    for ask in asks.collect::<Vec<_>>() {
        match ask.await.unwrap() {
            401 => {}
            429 => refused += 1,
            status => panic!("{status}"),
        }
    }
    assert_eq!(refused, 60 - 19);
}

#[tokio::test]
async fn a_reload_lets_new_users_in_and_old_ones_out_at_once() {
    let node = with_users().await;
    let (rob, eve) = (Request::get("/").auth("rob", "read"), Request::get("/").auth("eve", "new"));
    node.ask(&rob).await.expect(200);
    is_challenge(&node.ask(&eve).await);
    let users = Users::new(vec![user("eve", "new", Role::Reader)]).unwrap();
    node.users.reload(&users).unwrap();
    is_challenge(&node.ask(&rob).await);
    node.ask(&eve).await.expect(200);
    // Down to none would let nobody in: the present ones stay.
    assert_eq!(node.users.reload(&Users::default()), Err(NoUsers));
    node.ask(&eve).await.expect(200);
    is_challenge(&node.get("/").await);
}

#[tokio::test]
async fn a_reload_forgets_only_those_whose_entry_changed() {
    let node = with_users().await;
    let (rob, ann) = (user("rob", "read", Role::Reader), user("ann", "old", Role::Operator));
    node.users.reload(&Users::new(vec![rob.clone(), ann]).unwrap()).unwrap();
    let (as_rob, as_ann) =
        (Request::get("/").auth("rob", "read"), Request::get("/").auth("ann", "old"));
    node.ask(&as_rob).await.expect(200);
    node.ask(&as_ann).await.expect(200);
    let ann = user("ann", "new", Role::Operator);
    node.users.reload(&Users::new(vec![rob, ann]).unwrap()).unwrap();
    for guess in 0..20 {
        node.ask(&Request::get("/").auth("rob", &format!("guess {guess}"))).await;
    }
    // The address may guess no more, and rob's password is still known to be right.
    node.ask(&as_rob).await.expect(200);
    node.ask(&as_ann).await.expect_problem(429, "too-many-wrong-passwords");
}

#[tokio::test]
async fn default_credentials_do_not_count_for_what_a_proxy_sends_on() {
    let node = ApiNode::start().await;
    for name in ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP"] {
        is_challenge(&node.ask(&Request::get("/").jenny().header(name, "192.0.2.1")).await);
    }
    let mine = Request::post("/mineBlock").jenny().header("Via", "1.1 proxy");
    is_challenge(&node.ask(&mine.json(r#"{"data":[]}"#)).await);
    node.get("/").await.expect(200);
}

#[tokio::test]
async fn default_credentials_do_not_count_where_others_are_expected() {
    let hosts = ApiNode::with(|setup| setup.api.hosts = vec!["ledger.example".to_owned()]).await;
    is_challenge(&hosts.get("/").await);
    let off = ApiNode::with(|setup| setup.api.default_user = false).await;
    is_challenge(&off.get("/").await);
    off.ask(&Request::get("/livez")).await.expect(200);
}

#[tokio::test]
async fn health_needs_no_credentials_and_takes_wrong_ones() {
    let node = ApiNode::start().await;
    for path in ["/livez", "/readyz"] {
        node.ask(&Request::get(path)).await.expect(200);
        node.ask(&Request::get(path).auth("nobody", "wrong")).await.expect(200);
    }
}

#[tokio::test]
async fn without_credentials_every_path_is_challenged_known_or_not() {
    let node = ApiNode::start().await;
    for path in ["/chains", "/chains/", "/nothing", "/livez/", "/v1/blocks/%00", "/v1"] {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE"] {
            let answer = node.ask(&Request::new(method, path)).await;
            assert_eq!(answer.status, 401, "{method} {path}");
        }
    }
}

/// A node with a user of each role, who is named after it.
async fn with_roles() -> ApiNode {
    let roles = [Role::Monitor, Role::Reader, Role::Writer, Role::Operator];
    let users = roles.map(|role| user(&role.to_string(), "a long password", role));
    ApiNode::with(|setup| setup.api.users = Users::new(users.to_vec()).unwrap()).await
}

#[tokio::test]
async fn each_role_may_what_the_lower_ones_may_and_more() {
    let node = with_roles().await;
    let ban = r#"{"address":"192.0.2.1"}"#;
    let requests = [
        Request::get("/v1/status"),
        Request::get("/chains"),
        Request::post("/mineBlock").json(r#"{"data":[]}"#),
        Request::post("/v1/bans").json(ban),
    ];
    for (rank, name) in ["monitor", "reader", "writer", "operator"].into_iter().enumerate() {
        for (needed, request) in requests.iter().enumerate() {
            let answer = node.ask(&request.clone().auth(name, "a long password")).await;
            if rank >= needed {
                answer.expect(200);
            } else {
                answer.expect_problem(403, "forbidden-role");
                let lowest = ["monitor", "reader", "writer", "operator"][needed];
                assert!(answer.text().contains(&format!("the role {lowest}")), "{}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn every_change_is_on_record_with_its_user_and_address() {
    log::keep();
    let users = vec![
        user("audited writer", "a long password", Role::Writer),
        user("audited operator", "a long password", Role::Operator),
    ];
    let node = ApiNode::with(|setup| setup.api.users = Users::new(users).unwrap()).await;
    let mine = Request::post("/mineBlock").json(r#"{"data":[]}"#);
    let by = |name: &str, request: &Request| request.clone().auth(name, "a long password");
    let block = node.ask(&by("audited writer", &mine)).await.expect(200).json();
    node.ask(&by("audited writer", &Request::get("/v1/status"))).await.expect(200);
    let ban = Request::post("/v1/bans").json(r#"{"address":"192.0.2.77"}"#);
    node.ask(&by("audited writer", &ban)).await.expect(403);
    node.ask(&by("audited operator", &ban)).await.expect(200);
    let unban = Request::new("DELETE", "/v1/bans/192.0.2.77");
    node.ask(&by("audited operator", &unban)).await.expect(204);
    let lines = log::lines_with("audit");
    let of = |name: &str| {
        let lines = lines.iter().filter(|line| line.contains(name) && line.contains("127.0.0.1"));
        lines.cloned().collect::<Vec<_>>()
    };
    let (writer, operator) = (of("\"audited writer\""), of("\"audited operator\""));
    assert_eq!((writer.len(), operator.len()), (1, 2), "{lines:?}");
    // The log limits what a writer may cause; never what an operator does.
    assert!(writer[0].contains("audit::records: ") && operator[0].contains("audit: "));
    assert!(writer[0].contains(block["hash"].as_str().unwrap()), "{writer:?}");
    assert!(operator[0].contains("POST") && operator[0].contains("192.0.2.77"), "{operator:?}");
    assert!(operator[1].contains("DELETE") && operator[1].contains("192.0.2.77"), "{operator:?}");
}

#[tokio::test]
async fn wrong_credentials_of_a_page_get_no_challenge_that_opens_a_dialog() {
    let node = ApiNode::start().await;
    for (name, value) in [("Sec-Fetch-Mode", "cors"), ("X-Requested-With", "XMLHttpRequest")] {
        for path in ["/v1/status", "/nowhere"] {
            let request = Request::get(path).header(name, value);
            // A browser responds to this one by itself.
            is_challenge(&node.ask(&request).await);
            let request = Request::get(path).header(name, value).auth("jenny", "wrong");
            let answer = node.ask(&request).await;
            assert_eq!(answer.expect_problem(401, "unauthorized"), None);
            assert_eq!(answer.header("www-authenticate"), Some("x-session realm=\"jenny\""));
        }
    }
    let request = Request::get("/").header("Sec-Fetch-Mode", "navigate").auth("jenny", "wrong");
    is_challenge(&node.ask(&request).await);
}
