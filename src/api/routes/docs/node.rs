//! The node itself.

use serde_json::json;

use super::EXAMPLE_HASH;
use super::blocks::if_none_match;
use crate::api::explorer::EXPLORER;
use crate::api::http::problem::Kind;
use crate::api::log_level::MAX_TARGET_BYTES;
use crate::api::metrics::exposition;
use crate::api::openapi::{Description, Group, Parameter, Success, one_of, pattern, text};
use crate::api::routes::health::Ready;
use crate::api::routes::log_level::{LEVEL_WORDS, LogLevel};
use crate::api::routes::status::Status;

pub(in crate::api::routes) fn live() -> Description {
    Description::new("isAlive", Group::Node, "Whether the process responds")
        .returns(Success::text("text/plain; charset=utf-8", "It does.").example("alive"))
}

pub(in crate::api::routes) fn ready() -> Description {
    let wanted = "Asks whether the node accepts blocks, too.";
    Description::new("isReady", Group::Node, "Whether the node is ready for requests")
        .detail("It is ready if its database is open and serves, and the chain is not far behind.")
        .parameter(Parameter::query("for", wanted, one_of(&["writes"])))
        .returns(
            Success::json::<Ready>("It is; `writes` says whether it accepts blocks.")
                .example(json!({"status": "ready", "writes": true})),
        )
        .refuses(&[Kind::NotReady])
}

pub(in crate::api::routes) fn live_options() -> Description {
    options("optionsOfAlive")
}

pub(in crate::api::routes) fn ready_options() -> Description {
    options("optionsOfReady")
}

/// For the health checks of proxies.
fn options(id: &'static str) -> Description {
    Description::new(id, Group::Node, "The methods of this path")
        .returns(Success::empty(204, "See `Allow`.").header("Allow", "The methods."))
}

pub(in crate::api::routes) fn metrics() -> Description {
    Description::new("getMetrics", Group::Node, "What a program watches over time")
        .detail("docs/metrics.md lists every metric.")
        .returns(Success::text(
            exposition::MEDIA_TYPE,
            "The metrics, in the text format of Prometheus.",
        ))
}

pub(in crate::api::routes) fn status() -> Description {
    let status = json!({
        "version": "0.1.0",
        "explorer": EXPLORER.version(),
        "stopped": null,
        "you": {"name": "ann", "role": "reader", "default": false},
        "chain": {"name": "jenny", "id": EXAMPLE_HASH},
        "tip": {
            "height": 7, "hash": EXAMPLE_HASH, "timestamp": 1_700_000_000_000_u64,
            "totalWork": "524296",
        },
        "sync": {"state": "alone"},
        "links": 0,
        "mining": {"enabled": true, "queued": 0, "hashRate": 5_200_000.0},
        "pool": {"records": 3, "bytes": 192, "oldestWaitSeconds": 12},
        "check": {"state": "running", "height": 4_096},
        "index": {"height": 7, "lag": 0},
        "refusing": null,
        "clock": {"state": "ok"},
        "deepForks": [],
        "swaps": {"count": 0, "recent": []},
        "certificates": [{"port": "p2p", "notAfter": 1_800_000_000_000_u64, "daysLeft": 90, "renew": false}],
        "answers": {"heldBytes": 0, "mostBytes": 67_108_864},
        "uptimeSeconds": 60,
    });
    Description::new("getStatus", Group::Node, "A summary of the node")
        .returns(Success::json::<Status>("The status.").example(status))
}

pub(in crate::api::routes) fn document() -> Description {
    Description::new("getDocument", Group::Node, "This API as an OpenAPI document")
        .returns(Success::json_of("The document.", json!({"type": "object"})))
}

pub(in crate::api::routes) fn page() -> Description {
    Description::new("getPage", Group::Node, "This API as a page for people")
        .returns(Success::text("text/html; charset=utf-8", "The page."))
}

fn log_level(description: Description) -> Description {
    let level = json!({
        "configured": "info",
        "temporary": {
            "level": "debug", "target": "jenny_chain", "until": 1_700_000_000_000_u64,
        },
    });
    description.returns(Success::json::<LogLevel>("The level of the log.").example(level))
}

pub(in crate::api::routes) fn show_log_level() -> Description {
    log_level(Description::new("getLogLevel", Group::Node, "The level of the log"))
}

pub(in crate::api::routes) fn set_log_level() -> Description {
    let target = "^jenny_chain(::[a-z0-9_]+)*$";
    let mut target = pattern(target);
    target["maxLength"] = MAX_TARGET_BYTES.into();
    let members = json!({"level": one_of(&LEVEL_WORDS), "target": target});
    let summary = "Changes the level of the log for 15 minutes";
    log_level(Description::new("setLogLevel", Group::Node, summary))
        .detail("The level counts for the lines of this program, or for those of a part of it. Lines of the target `audit` are not affected. The level `configured` ends a temporary one.")
        .json_body(members, &["level"], json!({"level": "debug"}))
}

pub(in crate::api::routes) fn explorer_redirect() -> Description {
    Description::new("redirectToExplorer", Group::Node, "The address of the explorer").returns(
        Success::empty(308, "The address ends with a slash.").header("Location", "The address."),
    )
}

/// What the addresses of pages have in common.
fn shell(id: &'static str, summary: &'static str) -> Description {
    Description::new(id, Group::Node, summary)
        .detail("A page for browsers, the same for every address: it reads the API, and shows what the address names.")
        .parameter(if_none_match())
        .returns(
            Success::text("text/html; charset=utf-8", "The page.")
                .header("ETag", "The hash of the explorer's files, as a weak tag.")
                .header("Cache-Control", "`no-cache`: another version of the node has another page."),
        )
        .returns(Success::empty(304, "The client has it already, as `If-None-Match` says."))
}

fn explorer_segment(name: &'static str, about: &'static str, example: &str) -> Parameter {
    Parameter::path(name, about, text(), example)
}

pub(in crate::api::routes) fn explorer() -> Description {
    shell("getExplorer", "The explorer: its overview")
}

pub(in crate::api::routes) fn explorer_page() -> Description {
    shell("getExplorerPage", "The explorer: a page")
        .parameter(explorer_segment("page", "The page's name.", "blocks"))
        .refuses(&[Kind::NotFound])
}

pub(in crate::api::routes) fn explorer_item() -> Description {
    shell("getExplorerItem", "The explorer: a page about a block or a record")
        .parameter(explorer_segment("page", "`block` or `record`.", "block"))
        .parameter(explorer_segment("item", "A height or a hash, or a record's id.", "0"))
        .refuses(&[Kind::NotFound])
}

/// What the addresses of files have in common.
fn explorer_file_of(id: &'static str) -> Description {
    let about = "The folder of this version, as `explorer` in the status names it.";
    Description::new(id, Group::Node, "A file of the explorer")
        .parameter(explorer_segment("version", about, EXPLORER.version()))
        .returns(
            Success::text(
                "text/javascript; charset=utf-8",
                "The file. Its media type is that of its kind, here of a script.",
            )
            .header("Cache-Control", "`immutable`: another file has another address.")
            .optional_header(
                "Content-Encoding",
                "`zstd` or `gzip`, as `Accept-Encoding` asks for.",
            ),
        )
        .refuses(&[Kind::NotFound])
}

pub(in crate::api::routes) fn explorer_file() -> Description {
    explorer_file_of("getExplorerFile").parameter(explorer_segment(
        "file",
        "The file's name.",
        "app.js",
    ))
}

pub(in crate::api::routes) fn explorer_file_in_folder() -> Description {
    explorer_file_of("getExplorerFileInFolder")
        .parameter(explorer_segment("folder", "The file's folder.", "pages"))
        .parameter(explorer_segment("file", "The file's name.", "blocks.js"))
}
