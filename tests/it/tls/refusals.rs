//! What a node logs of peers that it refuses.

use std::net::{TcpListener, TcpStream};

use jenny_chain::chain::Spec;
use jenny_chain::tls::TlsFiles;
use jenny_chain::tls::test_util::{Counts, TestAuthority};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::nameless;
use crate::process::{Branch, Jenny, PeerNode, Running, until};

/// Flags of a process with these files.
pub(super) fn flags(command: Jenny, port: &str, files: &TlsFiles) -> Jenny {
    let command = command
        .env(&format!("JENNY_{port}_TLS_CERT"), &files.cert)
        .env(&format!("JENNY_{port}_TLS_KEY"), &files.key);
    match &files.ca {
        Some(ca) => command.env(&format!("JENNY_{port}_TLS_CA"), ca),
        None => command,
    }
}

/// A node in a process with these files, and the address of its port for peers.
fn node(directory: &std::path::Path, files: &TlsFiles) -> (Running, String) {
    let words = "--chain dev --api-listen 127.0.0.1:0 --p2p-listen 127.0.0.1:0 --no-mine";
    let command = Jenny::new("run").words(words).arg("--data-dir", directory);
    let running = Running::start(flags(command, "P2P", files));
    let p2p = running.ready.split_whitespace().find_map(|part| part.strip_prefix("p2p=wss://"));
    let p2p = p2p.expect("the ready line names the port").to_owned();
    (running, p2p)
}

#[test]
fn a_port_in_use_is_named_by_its_setting() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let files = authority.issue("node", &["127.0.0.1"], Counts::Now);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (port, who) in
        [("API", "the API cannot listen"), ("P2P", "the node cannot listen for peers")]
    {
        let files = TlsFiles { ca: files.ca.clone().filter(|_| port == "P2P"), ..files.clone() };
        let words = "--chain dev --api-listen 127.0.0.1:0 --p2p-listen 127.0.0.1:0";
        let command = Jenny::new("run").words(words).arg("--data-dir", directory.path().join(port));
        let command = command.env(&format!("JENNY_{port}_PLAIN_LISTEN"), &taken);
        let error = flags(command, port, &files).done().failed(1);
        let setting = format!("the setting `{}.plain_listen`", port.to_lowercase());
        assert!(error.contains(&format!("error: {who} on {taken}: ")), "{error}");
        assert!(error.contains(&format!("choose another address with {setting}")), "{error}");
    }
}

fn logs(node: &Running, line: &str) {
    until(&format!("the log says: {line}"), || node.log().contains(line));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_says_why_on_both_sides() {
    let directory = tempfile::tempdir().unwrap();
    let ours = TestAuthority::new(&directory.path().join("ours"));
    let theirs = TestAuthority::new(&directory.path().join("theirs"));
    let files = ours.issue("node", &["127.0.0.1"], Counts::Now);
    let (node, address) = node(&directory.path().join("data"), &files);
    // No certificate.
    let tcp = tokio::net::TcpStream::connect(&address).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let mut nobody = nameless(&ours).connect(name, tcp).await.unwrap();
    let error = nobody.read_u8().await.unwrap_err();
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    logs(&node, "it presented no certificate; this port admits only certificates of its CA");
    // Another CA.
    let tcp = tokio::net::TcpStream::connect(&address).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    nameless(&theirs).connect(name, tcp).await.unwrap_err();
    logs(&node, "it does not trust this side's certificate: its CA is another one");
    // Clear text.
    let mut tcp = tokio::net::TcpStream::connect(&address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("426 Upgrade Required") && answer.contains("use wss://"), "{answer}");
    logs(&node, "the other side does not speak TLS, and this port does; it must use wss://");
    // TLS to a port in clear text.
    let plain = PeerNode::with(&Branch::new(Spec::dev()));
    let tcp = tokio::net::TcpStream::connect(plain.address()).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let error = nameless(&ours).connect(name, tcp).await.unwrap_err();
    assert!(error.to_string().contains("InvalidContentType"), "{error}");
    logs(plain.process(), "it speaks TLS, and this port does not; it must dial ws://");
    drop(TcpStream::connect(&address).unwrap());
    node.stop();
}

#[test]
fn wrong_files_are_an_error_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let other = authority.issue("other", &["a"], Counts::Now);
    let files = authority.issue("node", &["a"], Counts::Now);
    let start = |files: &TlsFiles| {
        let words = "--chain dev --api-listen 127.0.0.1:0";
        let data = directory.path().join("data");
        let command = Jenny::new("run").words(words).arg("--data-dir", data);
        flags(command, "P2P", files).done().failed(2)
    };
    let error = start(&authority.issue("old", &["a"], Counts::Before));
    assert!(error.contains("old.pem: the certificate has expired"), "{error}");
    assert!(error.contains("hint: renew it"), "{error}");
    let error = start(&authority.issue("early", &["a"], Counts::Later));
    assert!(error.contains("early.pem: the certificate is not valid yet"), "{error}");
    let error = start(&TlsFiles { key: other.key, ..files.clone() });
    assert!(error.contains("other.key: this private key is not the one"), "{error}");
    std::fs::remove_file(&files.key).unwrap();
    assert!(start(&files).contains("node.key: it cannot be read"));
}
