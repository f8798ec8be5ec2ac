//! Handshakes between two ends in this process.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::NoTls;
use crate::tls::test_util::{Counts, TestAuthority};
use crate::tls::{Certificate, Credentials, MaybeTls, TlsFiles, certificates, kind};

type Sides = (Result<MaybeTls<DuplexStream>, NoTls>, Result<MaybeTls<DuplexStream>, NoTls>);

/// A handshake of a client that dialled `host` with a server. With 1.3 a client learns what the
/// server makes of its certificate when it reads.
async fn meet(client: &Credentials, server: &Credentials, host: &str, by_name: bool) -> Sides {
    let (here, there) = duplex(64 << 10);
    let dialled = async {
        let mut stream = client.connect(here, host, by_name).await?;
        match stream.read_u8().await {
            Ok(_) => Ok(stream),
            Err(error) => Err(super::no_tls(error)),
        }
    };
    let accepted = async {
        let mut stream = server.accept(there, "wss").await?;
        stream.write_u8(1).await.unwrap();
        stream.flush().await.unwrap();
        Ok(stream)
    };
    tokio::join!(dialled, accepted)
}

fn failure<T>(side: Result<T, NoTls>) -> String {
    side.err().unwrap().to_string()
}

#[tokio::test]
async fn nodes_of_one_authority_meet_and_a_name_counts_only_where_it_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let (one, two) = (authority.node("one"), authority.node("two"));
    for (host, by_name) in
        [("localhost", true), ("127.0.0.1", true), ("::1", true), ("192.0.2.1", false)]
    {
        let (client, server) = meet(&one, &two, host, by_name).await;
        assert!(client.unwrap().is_tls() && server.unwrap().is_tls(), "{host}");
    }
    let (client, server) = meet(&one, &two, "node.example", true).await;
    let error = failure(client);
    assert!(error.contains("not for node.example: it is for localhost, 127.0.0.1"), "{error}");
    assert!(failure(server).contains("does not accept this side's certificate"));
    assert!(failure(meet(&one, &two, "a b", true).await.0).contains("no host name"));
}

#[tokio::test]
async fn another_authority_is_refused_on_both_sides() {
    let directory = tempfile::tempdir().unwrap();
    let ours = TestAuthority::new(&directory.path().join("ours")).node("node");
    let theirs = TestAuthority::new(&directory.path().join("theirs"));
    let (client, server) = meet(&ours, &theirs.node("node"), "192.0.2.1", false).await;
    assert!(failure(client).contains("no known CA signed its certificate"));
    assert!(failure(server).contains("its CA is another one"));
    // A client that trusts the server, and is of another CA.
    let spy = theirs.issue("spy", &["spy.example"], Counts::Now);
    let mixed = directory.path().join("both.pem");
    let read = |file: &std::path::Path| std::fs::read_to_string(file).unwrap();
    let cas = read(&directory.path().join("ours/ca.pem")) + &read(&theirs.ca());
    std::fs::write(&mixed, cas).unwrap();
    let spy = Credentials::load(TlsFiles { ca: Some(mixed), ..spy }).unwrap();
    let (client, server) = meet(&spy, &ours, "localhost", true).await;
    assert!(failure(client).contains("its CA is another one"));
    assert!(failure(server).contains("no known CA signed its certificate"));
}

#[tokio::test]
async fn a_certificate_that_expires_while_the_node_runs_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let node = authority.node("node");
    let old = authority.issue("old", &["localhost"], Counts::Before);
    let der = certificates(&old.cert).unwrap().remove(0);
    let while_it_counted = Certificate::parse(&der).unwrap().not_after - 1;
    let old = Credentials::load_at(old, while_it_counted).unwrap();
    let (client, server) = meet(&node, &old, "localhost", true).await;
    assert!(failure(client).contains("its certificate has expired"));
    assert!(failure(server).contains("expired: renew it"));
}

#[tokio::test]
async fn a_client_in_clear_text_is_told_what_to_use() {
    let directory = tempfile::tempdir().unwrap();
    let node = TestAuthority::new(directory.path()).node("node");
    let (mut here, there) = duplex(64 << 10);
    let asking = async {
        here.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        here.shutdown().await.unwrap();
        let mut answer = String::new();
        here.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (answer, refused) = tokio::join!(asking, node.accept(there, "https"));
    assert!(
        answer.starts_with("HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.3\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\nThis port speaks TLS: use https:// instead.\n"), "{answer}");
    assert!(failure(refused).contains("it must use https://"));
}

#[tokio::test]
async fn a_server_in_clear_text_and_one_that_leaves_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let node = TestAuthority::new(directory.path()).node("node");
    let (here, mut there) = duplex(64 << 10);
    let answering = async {
        there.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    };
    let (refused, ()) = tokio::join!(node.connect(here, "localhost", true), answering);
    assert!(failure(refused).contains("does not speak TLS on this port"));
    let (here, there) = duplex(64 << 10);
    drop(there);
    let gone = node.connect(here, "localhost", true).await;
    assert!(matches!(gone, Err(NoTls::Left(error)) if kind(&error).is_none()));
}

#[tokio::test]
async fn a_client_that_speaks_only_another_protocol_is_refused() {
    use std::sync::Arc;
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let files = authority.issue("api", &["localhost"], Counts::Now);
    let api = Credentials::load(TlsFiles { ca: None, ..files }).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificates(&authority.ca()).unwrap().remove(0)).unwrap();
    let mut config = ClientConfig::builder_with_provider(crate::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (here, there) = duplex(64 << 10);
    let name = ServerName::try_from("localhost").unwrap();
    let dialling = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, here);
    let (client, server) = tokio::join!(dialling, api.accept(there, "https"));
    assert!(client.is_err());
    assert!(failure(server).contains("HTTP/1.1"));
}
