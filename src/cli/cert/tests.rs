//! The texts of the command.

use std::path::Path;

use super::*;

#[test]
fn settings_are_toml_whatever_the_paths_are() {
    let path = Path::new("/a \"b\"/\u{e9}.pem");
    let table: toml::Table = settings(path, Path::new("/k"), Path::new("/c")).parse().unwrap();
    assert_eq!(table["p2p"]["tls"]["cert"].as_str(), path.to_str());
    assert_eq!(table["p2p"]["tls"]["key"].as_str(), Some("/k"));
    assert!(!table.contains_key("api"));
}

#[test]
fn files_have_names_that_every_system_takes() {
    let name = |name: &str| paths(Path::new("d"), name).0;
    assert_eq!(name("Node.Example"), Path::new("d/node.example.pem"));
    assert_eq!(name("2001:db8::1"), Path::new("d/2001-db8--1.pem"));
}

#[test]
fn a_certificate_is_shown_with_the_time_that_is_left() {
    let certificate = Certificate {
        subject: "CN=a\u{1b}[2J".to_owned(),
        issuer: "CN=ca".to_owned(),
        names: vec!["a".to_owned(), "::1".to_owned()],
        not_before: 100 * DAY,
        not_after: 200 * DAY,
        public_key: Vec::new(),
        is_authority: false,
    };
    let shown = lines(&certificate, 150 * DAY);
    assert!(shown.contains("names     a, ::1"), "{shown}");
    assert!(shown.contains(", 50 days left"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(lines(&certificate, 201 * DAY).ends_with("expired"));
    assert!(lines(&certificate, 99 * DAY).ends_with("not valid yet"));
    assert_eq!(as_json(&certificate, 150 * DAY)["daysLeft"], 50);
}
