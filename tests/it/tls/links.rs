//! A private network: its nodes link, catch up and relay records.

use jenny_chain::chain::leaf_hash;
use jenny_chain::node::{DialError, KnownRecord};
use jenny_chain::p2p::{AllowList, P2pConfig};
use jenny_chain::tls::test_util::{Counts, TestAuthority};
use jenny_chain::tls::{Credentials, TlsFiles};

use crate::support::{PeerNode, mined, until};

fn with(tls: Credentials) -> impl FnOnce(&mut P2pConfig) {
    move |config| config.tls = Some(tls)
}

/// Dials a peer that cannot be linked to; why.
async fn refused(node: &PeerNode, url: &str) -> String {
    match node.handle.links().dial(&url.parse().unwrap()).await.unwrap_err() {
        DialError::Unreached(reason) => reason,
        error => panic!("{error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_with_certificates_catch_up_and_find_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let one = PeerNode::with(with(authority.node("one"))).await;
    one.import(&mined(50, "block", 2_000)).await;
    let two = PeerNode::with(with(authority.node("two"))).await;
    // It is not told of the third one, which is named by the first.
    let three = PeerNode::with(with(authority.node("three"))).await;
    two.dial(&one.url()).await;
    // It is asked for addresses once, when it is dialled: by then it must know the first one.
    two.agrees_with(&one).await;
    three.dial(&two.url()).await;
    three.agrees_with(&two).await;
    one.mine("another").await;
    let tip = one.handle.tip().hash;
    for node in [&two, &three] {
        until("the new block is there", || node.handle.tip().hash == tip).await;
        assert!(node.handle.links().table().iter().all(|link| link.tls));
    }
    // Addresses are passed on with their scheme.
    until("all know all", || {
        [&one, &two, &three].iter().all(|node| node.handle.links().table().len() == 2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_relayed_to_a_node_that_only_its_certificate_names() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let one = PeerNode::with(with(authority.node("one"))).await;
    let two = PeerNode::with(with(authority.node("two"))).await;
    two.dial(&one.url()).await;
    // The first node did not name the second, and tells it all the same.
    one.handle.submit(vec!["text".to_owned()]).await.unwrap();
    let id = leaf_hash(b"text");
    until("the record is there", || two.handle.pool_usage().records == 1).await;
    let found = two.handle.record(id).await.unwrap();
    assert!(matches!(found, Some(KnownRecord::Pending { .. })), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_another_authority_link_in_neither_direction() {
    let directory = tempfile::tempdir().unwrap();
    let ours = TestAuthority::new(&directory.path().join("ours"));
    let theirs = TestAuthority::new(&directory.path().join("theirs"));
    let node = PeerNode::with(with(ours.node("node"))).await;
    let stranger = PeerNode::with(with(theirs.node("node"))).await;
    let reason = refused(&stranger, &node.url()).await;
    assert!(reason.contains("no known CA signed its certificate"), "{reason}");
    let reason = refused(&node, &stranger.url()).await;
    assert!(reason.contains("no known CA signed its certificate"), "{reason}");
    // One that trusts both, and has a certificate of the other.
    let read = |authority: &TestAuthority| std::fs::read_to_string(authority.ca()).unwrap();
    let both = directory.path().join("both.pem");
    std::fs::write(&both, read(&ours) + &read(&theirs)).unwrap();
    let files = theirs.issue("spy", &["127.0.0.1"], Counts::Now);
    let spy = Credentials::load(TlsFiles { ca: Some(both), ..files }).unwrap();
    let spy = PeerNode::with(with(spy)).await;
    let reason = refused(&spy, &node.url()).await;
    assert!(reason.contains("does not trust this side's certificate"), "{reason}");
    assert!(node.handle.links().table().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_counts_for_addresses_that_the_operator_named() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let elsewhere = authority.issue("elsewhere", &["node.example"], Counts::Now);
    let elsewhere = PeerNode::with(with(Credentials::load(elsewhere).unwrap())).await;
    let node = PeerNode::with(with(authority.node("node"))).await;
    let reason = refused(&node, &elsewhere.url()).await;
    let expected = "its certificate is not for 127.0.0.1: it is for node.example";
    assert!(reason.contains(expected), "{reason}");
    // By its own dial it is linked: its certificate is of the CA.
    elsewhere.dial(&node.url()).await;
    assert!(node.handle.links().table().iter().all(|link| link.tls));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_speaks_either_tls_or_clear_text_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let plain = PeerNode::start().await;
    let secure = PeerNode::with(with(authority.node("node"))).await;
    let (plain_url, secure_url) = (plain.url(), secure.url());
    let reason = refused(&plain, &secure_url.replace("wss:", "ws:")).await;
    assert!(reason.contains("this port speaks TLS: dial it by wss://"), "{reason}");
    let reason = refused(&secure, &plain_url.replace("ws:", "wss:")).await;
    assert!(reason.contains("does not speak TLS on this port"), "{reason}");
    let reason = refused(&plain, &secure_url).await;
    assert!(reason.contains("wss:// needs `p2p.tls`"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clear_text_beside_tls_has_a_port_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let plain = PeerNode::start().await;
    let secure = PeerNode::with(|config| config.tls = Some(authority.node("secure"))).await;
    // It dials in clear text unless that is ruled out.
    secure.dial(&plain.url()).await;
    assert!(secure.handle.links().table().iter().all(|link| !link.tls));
    let strict = PeerNode::with(|config| {
        (config.tls, config.require_tls) = (Some(authority.node("strict")), true);
    })
    .await;
    let reason = refused(&strict, &plain.url()).await;
    assert!(reason.contains("`p2p.require_tls` is set"), "{reason}");
    strict.dial(&secure.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_beyond_the_allow_list_are_linked_to_in_neither_direction() {
    let open = PeerNode::start().await;
    let allow = |list: &str| AllowList::parse(&[list]).unwrap();
    let closed = PeerNode::with(|config| config.allow = allow("192.0.2.0/24")).await;
    let reason = refused(&closed, &open.url()).await;
    assert!(reason.contains("not in `p2p.allow`"), "{reason}");
    refused(&open, &closed.url()).await;
    let local = PeerNode::with(|config| config.allow = allow("127.0.0.0/8")).await;
    open.dial(&local.url()).await;
}
