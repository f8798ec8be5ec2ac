//! The settings of TLS: what belongs together, and what may be pasted below a new settings file.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::config::layer::Layer;
use crate::cli::config::{Settings, template};
use crate::cli::exit::text_of;

fn parse(toml: &str) -> Result<Settings> {
    let layer = Layer::parse(toml, Path::new("/data/jenny.toml"))?;
    Settings::from_layer(layer.relative_to(Path::new("/data")), Path::new("/data"))
}

fn said(toml: &str) -> String {
    text_of(&parse(toml).unwrap_err())
}

#[test]
fn files_of_a_certificate_belong_together() {
    let text = said("[p2p.tls]\ncert = \"a\"\nca = \"c\"");
    assert!(text.contains("`p2p.tls.cert` is set, and `p2p.tls.key` is not"), "{text}");
    let text = said("[api.tls]\nkey = \"a\"\ncert = \"\"");
    assert!(text.contains("`api.tls.key` is set, and `api.tls.cert` is not"), "{text}");
    assert!(said("p2p.require_tls = true").contains("needs `p2p.tls`"));
    assert!(said("api.plain_listen = \":1\"").contains("needs `api.tls`"));
    let text = said("[p2p]\nplain_listen = \"x\"\ntls = { cert = \"a\", key = \"b\", ca = \"c\" }");
    assert!(text.contains("`p2p.plain_listen`=`x`: write IP:PORT"), "{text}");
    assert!(said("p2p.allow = [\"10.0.0.0/99\"]").contains("`p2p.allow`: `10.0.0.0/99` is not"));
}

#[test]
fn paths_in_the_settings_file_start_at_it() {
    let toml = "[p2p.tls]\ncert = \"n.pem\"\nkey = \"/k/n.key\"\nca = \"../ca.pem\"";
    let files = parse(toml).unwrap().p2p_tls.unwrap();
    assert_eq!(files.cert, Path::new("/data/n.pem"));
    assert_eq!(files.key, Path::new("/k/n.key"));
    assert_eq!(files.ca, Some(PathBuf::from("/data/../ca.pem")));
}

#[test]
fn layers_are_merged_file_by_file() {
    let env = |name: &str| (name == "JENNY_API_TLS_KEY").then(|| "/run/secret".to_owned());
    let file = Layer::parse("api.tls = { cert = \"/c\", key = \"/k\" }", Path::new("f")).unwrap();
    let layer = Layer::env(&env).unwrap().over(file);
    let files = Settings::from_layer(layer, Path::new("data")).unwrap().api_tls.unwrap();
    assert_eq!((files.cert, files.key), (PathBuf::from("/c"), PathBuf::from("/run/secret")));
}

#[test]
fn an_empty_variable_opens_nothing_that_the_file_closed() {
    let file = "p2p.allow = [\"10.1.0.0/16\"]\n\
                api.tls = { cert = \"/c\", key = \"/k\" }\n\
                p2p.tls = { cert = \"/c\", key = \"/k\", ca = \"/a\" }";
    let read = || Layer::parse(file, Path::new("f")).unwrap();
    for empty in ["", " ", ",", " , "] {
        let env = |name: &str| match name {
            "JENNY_P2P_ALLOW" => Some(empty.to_owned()),
            name => name.contains("_TLS_").then(String::new),
        };
        assert_eq!(Layer::env(&env).unwrap().over(read()), read(), "{empty:?}");
    }
}

#[test]
fn tables_can_be_added_below_a_new_settings_file() {
    let added = "\n[p2p.tls]\ncert = \"a\"\nkey = \"b\"\nca = \"c\"\n[api.tls]\ncert = \"a\"\nkey = \"b\"\n";
    let settings = parse(&(template(&[("chain", "\"dev\"".to_owned())]) + added)).unwrap();
    assert!(settings.p2p_tls.is_some() && settings.api_tls.is_some());
}

#[test]
fn an_unknown_key_of_an_inner_table_is_named_in_full() {
    let text = said("[p2p.tls]\ncet = \"a\"");
    assert!(text.contains("`p2p.tls.cet` is unknown; did you mean `p2p.tls.cert`?"), "{text}");
    // The header of the inner table was left out.
    let text = said("[p2p]\ncert = \"a\"");
    assert!(text.contains("`p2p.cert` is unknown; did you mean `p2p.tls.cert`?"), "{text}");
    let text = said("[p2p]\nkey = \"a\"");
    assert!(text.contains("did you mean `p2p.tls.key`?"), "{text}");
}
