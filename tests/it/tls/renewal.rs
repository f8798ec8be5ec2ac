//! Certificates are replaced while the node runs, and the log asks for it.

use jenny_chain::tls::test_util::{Counts, TestAuthority, write};
use jenny_chain::tls::{Certificate, TlsFiles};
use rustix::process::Signal;
use tokio::net::TcpStream;

use super::nameless;
use super::refusals::flags;
use crate::process::{Jenny, Running, until};

/// The names of the certificate that the API shows.
async fn shown(node: &Running, authority: &TestAuthority) -> Vec<String> {
    let address = node.url.strip_prefix("https://").unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let stream = nameless(authority).connect(name, tcp).await.unwrap();
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    Certificate::parse(&chain[0]).unwrap().names
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_takes_a_new_certificate_and_keeps_the_old_one_when_the_new_one_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let issue =
        |names: &[&str], counts| TlsFiles { ca: None, ..authority.issue("node", names, counts) };
    let files = issue(&["127.0.0.1"], Counts::ForDays(9));
    let words = "--chain dev --api-listen 127.0.0.1:0 --no-mine";
    let command = Jenny::new("run").words(words).arg("--data-dir", directory.path().join("data"));
    let node = Running::start(flags(command, "API", &files));
    assert_eq!(shown(&node, &authority).await, ["127.0.0.1"]);
    let log = |line: &str| until(line, || node.log().contains(line));
    log("the certificate of api, expires at ");
    log(", in 9 days: replace it and send SIGHUP");
    let old = std::fs::read_to_string(&files.cert).unwrap();
    write(&files.cert, &old[..old.len() / 2]);
    node.signal(Signal::HUP);
    log("the certificate of api could not be reloaded; the current one stays: ");
    assert_eq!(shown(&node, &authority).await, ["127.0.0.1"]);
    issue(&["127.0.0.1", "new.example"], Counts::Now);
    node.signal(Signal::HUP);
    log("node.pem loaded for api: valid until ");
    assert_eq!(shown(&node, &authority).await, ["127.0.0.1", "new.example"]);
    node.stop();
}
