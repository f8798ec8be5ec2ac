//! The API over TLS, and the commands that ask it.

use std::path::Path;

use jenny_chain::tls::TlsFiles;
use jenny_chain::tls::test_util::{Counts, TestAuthority};

use super::refusals::flags;
use crate::process::{Jenny, Running, until};

/// A node whose API speaks TLS beside clear text, and the address of the latter.
fn node(directory: &Path, files: TlsFiles) -> (Running, String) {
    let words = "--chain dev --api-listen 127.0.0.1:0 --no-mine";
    let command = Jenny::new("run")
        .words(words)
        .arg("--data-dir", directory.join("data"))
        .env("JENNY_API_PLAIN_LISTEN", "127.0.0.1:0");
    let node = Running::start(flags(command, "API", &TlsFiles { ca: None, ..files }));
    let plain = node.ready.split_whitespace().find_map(|part| part.strip_prefix("api-plain="));
    let plain = plain.expect("the ready line names the port").to_owned();
    (node, plain)
}

#[test]
fn every_client_command_speaks_https() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let files = authority.issue("api", &["localhost", "127.0.0.1"], Counts::Now);
    let (node, plain) = node(directory.path(), files);
    let ask = |words: &str| {
        let (command, rest) = words.split_once(' ').unwrap_or((words, ""));
        let command = Jenny::new(command).words(rest);
        command.arg("--url", &node.url).env("JENNY_CA", authority.ca())
    };
    let status = ask("status").done().ok();
    assert!(status.contains("tls       certificate of api, 36"), "{status}");
    assert!(ask("record add text --json").done().ok().contains("pending"));
    assert!(ask("record list").done().ok().contains("text"));
    ask("peer list").done().ok();
    ask("events").done().ok();
    assert!(ask("dump --tip").done().ok().contains("height"));
    // The same over clear text, on its own port.
    let status = Jenny::new("status").arg("--url", &plain).done().ok();
    assert!(status.contains("certificate of api"), "{status}");
    node.stop();
}

#[test]
fn a_connection_that_cannot_be_trusted_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(&directory.path().join("ours"));
    let other = TestAuthority::new(&directory.path().join("theirs"));
    let files = authority.issue("api", &["node.example"], Counts::Now);
    let (node, plain) = node(directory.path(), files);
    let status = |url: &str, ca: &Path| {
        Jenny::new("status").arg("--url", url).arg("--ca", ca).done().failed(1)
    };
    let error = status(&node.url, &other.ca());
    assert!(error.contains("no trusted connection"), "{error}");
    assert!(error.contains("no known CA signed its certificate"), "{error}");
    assert!(
        error.contains("hint: name the file with the CA of its certificate by --ca"),
        "{error}"
    );
    let error = status(&node.url, &authority.ca());
    assert!(error.contains("not for 127.0.0.1: it is for node.example"), "{error}");
    assert!(error.contains("hint: give its address by one of these names"), "{error}");
    let error = status(&node.url.replace("https", "http"), &authority.ca());
    assert!(error.contains("426") && error.contains("write https:// instead"), "{error}");
    let error = status(&plain.replace("http", "https"), &authority.ca());
    assert!(error.contains("does not speak TLS") && error.contains("write http://"), "{error}");
    let log = |line: &str| until(line, || node.log().contains(line));
    log("it must use https://");
    log("the client speaks TLS, and this port does not");
    log("it may not trust the certificate that it was shown");
    let missing = directory.path().join("missing.pem");
    let done = Jenny::new("status").arg("--url", &node.url).arg("--ca", &missing).done();
    assert!(done.failed(2).contains("missing.pem: it cannot be read"));
    node.stop();
}
