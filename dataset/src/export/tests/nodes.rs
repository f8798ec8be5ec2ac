//! Nodes that send what nobody asked for, too little, too much, or nothing.

use std::net::TcpStream;
use std::time::Duration;

use clap::Parser as _;
use jenny_chain::chain::HashedBlock;

use super::*;
use crate::args::{Cli, Command};
use crate::test_util::{HttpNode, chain_file, fall_silent, send, send_for_ever, send_tip};

const EXPORT: &str = "/v1/export";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Long enough for a whole response of this machine's.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Exports from a node by the REST API.
fn from(node: &HttpNode, path: &Path) -> Result<Exported> {
    let line = ["jenny-dataset", "export", "--from", &node.url, "--to", "x"];
    let Command::Export(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
    let remote = Remote::of_flag("--from", &node.url, &args.remote, &|_| None)?;
    let mut source = RemoteSource::new(remote.waiting_at_most(PATIENCE), true);
    export(&mut source, &mut local(path), SETTINGS, false)
}

/// A node whose tip is that of these blocks, and that responds to each export by a function.
fn node(
    blocks: &[HashedBlock],
    respond: impl Fn(usize, &mut TcpStream) -> std::io::Result<()> + Send + 'static,
) -> HttpNode {
    let tip = blocks.len() - 1;
    HttpNode::new(move |number, route, stream| match route {
        EXPORT => respond(number, stream),
        _ => send_tip(stream, tip),
    })
}

/// What is there is right, and an export from the right node completes it.
fn check_continued(path: &Path, blocks: &[HashedBlock]) {
    let expected = expected(blocks);
    for (name, bytes) in files(path) {
        assert!(name == MANIFEST || expected[&name] == bytes, "{name}");
    }
    to_local(blocks, path).unwrap();
    assert_eq!(files(path), expected);
}

#[test]
fn blocks_that_are_not_those_asked_for_are_refused() {
    let (blocks, other) = (usual_chain("a", 20), usual_chain("b", 20));
    let spec = Spec::dev();
    let file = |blocks: &[&[HashedBlock]]| chain_file(&spec, None, &blocks.concat());
    let above = chain_file(&spec, Some(blocks[2].id()), &blocks[3..]);
    for (bytes, expected) in [
        (above, "sent other blocks than asked for"),
        (file(&[&blocks[..7], &other[7..]]), "it does not follow the block before it"),
        (file(&[&blocks[..7], &blocks[8..]]), "its header names another height"),
        (file(&[&blocks[..7], &blocks[6..]]), "its header names another height"),
        (file(&[&blocks[1..]]), "its header names another height"),
        (b"<!DOCTYPE html><title>Log in</title>".to_vec(), "it is not a chain file"),
        (b"JCF".to_vec(), "it is not a chain file"),
    ] {
        let dir = tempdir().unwrap();
        let node = node(&blocks, move |_, stream| send(stream, &bytes, None));
        let text = text_of(&from(&node, dir.path()).unwrap_err());
        assert!(text.contains(expected) && text.contains("\nhint: "), "{text}");
        assert!(!text.contains("copy the file"), "{text}");
        assert_eq!(node.asked(EXPORT), 1, "{text}");
        check_continued(dir.path(), &blocks);
    }
}

#[test]
fn more_blocks_than_asked_for_are_left() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 40));
    let bytes = chain_file(&Spec::dev(), None, &blocks);
    let node = node(&blocks[..=20], move |_, stream| send(stream, &bytes, None));
    from(&node, dir.path()).unwrap();
    assert_eq!(files(dir.path()), expected(&blocks[..=20]));
}

#[test]
fn a_node_that_breaks_off_is_asked_for_the_rest() {
    let blocks = usual_chain("a", 20);
    let whole = chain_file(&Spec::dev(), None, &blocks);
    let few = chain_file(&Spec::dev(), None, &blocks[..8]);
    for kind in ["cut", "chunk", "few", "silent"] {
        let (dir, bytes, few, all) =
            (tempdir().unwrap(), whole.clone(), few.clone(), blocks.clone());
        let node = node(&blocks, move |number, stream| match (number, kind) {
            // Within block 8.
            (0, "cut") => send(stream, &bytes[..few.len() - 20], Some(bytes.len())),
            (0, "chunk") => {
                let (length, part) = (bytes.len(), &bytes[..few.len() - 20]);
                std::io::Write::write_all(stream, format!("{CHUNKED}{length:x}\r\n").as_bytes())?;
                std::io::Write::write_all(stream, part)
            }
            (0, "few") => send(stream, &few, None),
            (0, _) => {
                send(stream, &bytes[..few.len() - 20], Some(bytes.len()))?;
                fall_silent(stream)
            }
            _ => {
                let rest = chain_file(&Spec::dev(), Some(all[7].id()), &all[8..]);
                send(stream, &rest, None)
            }
        });
        from(&node, dir.path()).unwrap();
        assert_eq!(node.asked(EXPORT), 2, "{kind}");
        assert_eq!(files(dir.path()), expected(&blocks), "{kind}");
    }
}

#[test]
fn a_node_that_becomes_another_one_is_refused() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 20));
    let bytes = chain_file(&Spec::dev(), None, &blocks[..8]);
    let spec = spec_with(&[("name", "\"other\"")]);
    let other = chain_of(&spec, vec![Vec::new(); 20]);
    let node = node(&blocks, move |number, stream| match number {
        0 => send(stream, &bytes, None),
        _ => send(stream, &chain_file(&spec, Some(other[7].id()), &other[8..]), None),
    });
    let text = text_of(&from(&node, dir.path()).unwrap_err());
    assert!(text.contains("changed to another chain\nhint: "), "{text}");
    check_continued(dir.path(), &blocks);
}

#[test]
fn a_node_that_never_ends_a_line_is_given_up() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 20));
    let head = "HTTP/1.1 200 OK\r\n";
    let body = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    for route in ["/v1/status", EXPORT] {
        for (begin, more) in [
            ("", "HTTP/1.1 "),
            (head, "X: y"),
            (head, "X: y\r\n"),
            (body, "{\"tip\":"),
            (CHUNKED, "0"),
            (CHUNKED, "1;x"),
        ] {
            let node = HttpNode::new(move |_, asked, stream| match asked {
                _ if asked == route => send_for_ever(stream, begin, more),
                _ => send_tip(stream, 20),
            });
            let text = text_of(&from(&node, dir.path()).unwrap_err());
            assert!(text.contains("\nhint: "), "{route} {begin:?} {more:?}: {text}");
            assert!(text.len() < 1_000, "{text}");
        }
    }
    check_continued(dir.path(), &blocks);
}

#[test]
fn a_node_that_never_responds_is_given_up() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 20));
    for route in ["/v1/status", EXPORT] {
        let node = HttpNode::new(move |_, asked, stream| match asked {
            _ if asked == route => fall_silent(stream),
            _ => send_tip(stream, 20),
        });
        let text = text_of(&from(&node, dir.path()).unwrap_err());
        assert!(text.contains("no node responds at http://127.0.0.1:"), "{text}");
        assert!(text.contains("\nhint: check that the node is running"), "{text}");
    }
    check_continued(dir.path(), &blocks);
}

#[test]
fn a_status_without_a_tip_says_what_to_do() {
    let dir = tempdir().unwrap();
    for status in ["", "[]", "{\"tip\":{}}", "{\"tip\":{\"height\":-1}}", "<html>"] {
        let node = HttpNode::new(move |_, _, stream| send(stream, status.as_bytes(), None));
        let text = text_of(&from(&node, dir.path()).unwrap_err());
        assert!(text.contains("\nhint: check that a node responds there"), "{status}: {text}");
    }
    assert_eq!(files(dir.path()), Files::new());
}
