//! The chain as a whole.

use serde_json::json;

use super::blocks::{block_example, if_none_match};
use super::{EXAMPLE_HASH, HASH_EXPRESSION, HEIGHT_EXPRESSION};
use crate::api::events::Event;
use crate::api::http::problem::Kind;
use crate::api::openapi::{
    BlockJson, ConsistencyJson, Description, Group, HASH_PATTERN, Parameter, Success, height,
    number, one_of, pattern,
};
use crate::api::routes::chain::Chain;
use crate::api::routes::deep_forks::Accepted;
use crate::api::routes::reorgs::{
    DEFAULT_PAGE_FATES, DEFAULT_PAGE_REORGS, Fates, MAX_PAGE_FATES, MAX_PAGE_REORGS, Page,
};
use crate::chain::MAX_SAFE_INTEGER;

pub(in crate::api::routes) fn name() -> Description {
    Description::new("getName", Group::Chain, "The chain's name").returns(
        Success::text("text/plain; charset=utf-8", "The name and ` chain`.").example("jenny chain"),
    )
}

pub(in crate::api::routes) fn chains() -> Description {
    let success = Success::array::<BlockJson>("All blocks of the main chain, genesis first.")
        .header("ETag", "The hash of the tip, as a weak tag.")
        .optional_header("Content-Encoding", "`zstd` or `gzip`, as `Accept-Encoding` asks for.")
        .example(json!([block_example()]));
    Description::new("getChain", Group::Chain, "The whole chain")
        .detail("The response is one chain, even if a reorg happens meanwhile. If the node cannot finish it, it closes the connection within the array.")
        .parameter(if_none_match())
        .returns(success)
        .returns(Success::empty(304, "The tip is the one that `If-None-Match` names."))
        .reads()
        .refuses(&[Kind::TooManyLongRequests])
}

pub(in crate::api::routes) fn export() -> Description {
    let file = "The file. Its end tells that it is complete.";
    let file = Success::bytes(crate::api::routes::export::EXPORT_MEDIA_TYPE, file)
        .header(
            "Content-Disposition",
            "`attachment`, with the chain, the first and the last height.",
        )
        .header("Cache-Control", "`no-store`");
    Description::new("exportChain", Group::Chain, "The chain as a portable file")
        .detail("`jenny import` reads it, and docs/archive.md specifies it. It is one chain, even if a reorg happens meanwhile. If the node cannot finish it, it closes the connection within the file; ask for the rest with `from`.")
        .detail("To an operator it also carries the marks of own records and the own records that wait.")
        .parameter(
            Parameter::query("from", "Height of the first block; one above the tip gives a file without blocks.", height())
                .default(0),
        )
        .parameter(Parameter::query("to", "Height of the last block. Without it, or above the tip, the tip. `from` - 1 gives a file without blocks.", height()))
        .parameter(Parameter::query(
            "own",
            "Whether own records go with the blocks, which is for operators. Without it, to operators alone.",
            one_of(&["true", "false"]),
        ))
        .returns(file)
        .reads()
        .refuses(&[Kind::TooManyLongRequests])
}

pub(in crate::api::routes) fn mine() -> Description {
    let members = json!({"data": {"type": "array", "items": {"type": "string"}}});
    Description::new("mineBlock", Group::Chain, "Mines one block and returns it")
        .detail("The records are mined exactly as given, in their order. The response is sent only after the block is durable on disk. A client that closes the connection before its block is found cancels its request.")
        .detail("After 500 storage, the records may have been stored: look for them before you send them again.")
        .json_body(members, &["data"], json!({"data": ["first record", "second"]}))
        .returns(Success::json::<BlockJson>("The block.").example(block_example()))
        .reads()
        .refuses(&[
            Kind::DataTooLarge,
            Kind::QueueFull,
            Kind::MiningDeadline,
            Kind::DiskLow,
            Kind::Clock,
        ])
}

pub(in crate::api::routes) fn chain() -> Description {
    Description::new("describeChain", Group::Chain, "The chain's spec, genesis block and limits")
        .detail("This is what a client needs to check blocks itself.")
        .returns(Success::json::<Chain>("The chain."))
}

pub(in crate::api::routes) fn reorgs() -> Description {
    let name = |height: u64| json!({"height": height, "hash": EXAMPLE_HASH});
    let reorg = json!({
        "number": 3, "time": 1_700_000_000_000_u64, "fork": 4, "depth": 2,
        "displaced": [name(5)], "newTip": name(7),
    });
    Description::new("listReorgs", Group::Chain, "The latest reorgs, page by page")
        .detail("They are listed newest first. `displaced` names at most 256 of the disconnected blocks.")
        .parameter(
            Parameter::query("limit", "Reorgs of a page.", number(1..=MAX_PAGE_REORGS))
                .default(DEFAULT_PAGE_REORGS),
        )
        .parameter(Parameter::query(
            "before",
            "Leaves out reorgs of this number and above: `next` of the page before.",
            number(1..=MAX_SAFE_INTEGER),
        ))
        .returns(
            Success::json::<Page>("A page; `next` is null on the last one.")
                .example(json!({"reorgs": [reorg], "next": 3})),
        )
        .reads()
}

pub(in crate::api::routes) fn reorg_records() -> Description {
    let record = json!({
        "id": EXAMPLE_HASH, "displaced": {"height": 5, "hash": EXAMPLE_HASH, "index": 0},
        "state": "included", "height": 6, "blockHash": EXAMPLE_HASH, "index": 2,
    });
    let summary = "What became of the records of the blocks that a reorg disconnected";
    Description::new("listReorgRecords", Group::Chain, summary)
        .detail("They are listed in the order of the blocks: those that clients of this node sent and that no operator took back. `displaced` is where a record was, and its place on the main chain is null while it is pending. A page is taken from at most 64 blocks, so it may be empty.")
        .parameter(Parameter::path("number", "The reorg's number.", number(0..=MAX_SAFE_INTEGER), "1"))
        .parameter(
            Parameter::query("limit", "Records of a page.", number(1..=MAX_PAGE_FATES))
                .default(DEFAULT_PAGE_FATES),
        )
        .parameter(Parameter::query(
            "cursor",
            "`next` of the page before.",
            pattern("^(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,8})$"),
        ))
        .returns(
            Success::json::<Fates>("A page; `next` is null on the last one.")
                .example(json!({"records": [record], "next": "5-1"})),
        )
        .finds()
        .refuses(&[Kind::ReorgNotFound])
}

pub(in crate::api::routes) fn consistency() -> Description {
    let from = Parameter::query("from", "Height of the earlier block.", height());
    let to = Parameter::query("to", "Height of the later block.", height());
    let summary = "The proof that the history of one block begins with that of an earlier one";
    Description::new("getConsistency", Group::Chain, summary)
        .detail("The proof is that of RFC 6962, and `header` is that of the later block, whose hash anchors it.")
        .parameter(from.required().example("0"))
        .parameter(to.required().example("0"))
        .returns(
            Success::json::<ConsistencyJson>("The proof.")
                .header("Cache-Control", "`no-cache`: a reorg may change the response."),
        )
        .reads()
}

pub(in crate::api::routes) fn events() -> Description {
    let position =
        || pattern(format!("^{HEIGHT_EXPRESSION}-{HASH_EXPRESSION}-{HEIGHT_EXPRESSION}$"));
    let names = format!("({})", Event::names().join("|").replace('.', "[.]"));
    let example = format!(
        "retry: 2000\nid: 7-{EXAMPLE_HASH}-2\n\nid: 8-{EXAMPLE_HASH}-2\nevent: record.included\ndata: {{\"id\":\"{EXAMPLE_HASH}\",\"height\":8,\"blockHash\":\"{EXAMPLE_HASH}\",\"index\":0}}\n\n"
    );
    Description::new("followEvents", Group::Chain, "Changes of the chain and of the peers")
        .detail("Streams Server-Sent Events as they happen, none above the durable tip. A reorg first disconnects the blocks of the old branch, newest first, and then connects those of the new one.")
        .detail("The id of an event, HEIGHT-HASH-N, is the position in the chain after it. Events continue from a position across reconnects, restarts and reorgs.")
        .parameter(Parameter::query(
            "after",
            "The position to continue after. Without it, the durable tip.",
            position(),
        ))
        .parameter(Parameter::header(
            "Last-Event-ID",
            "The same, as `EventSource` sends it. It takes precedence.",
            position(),
        ))
        .parameter(Parameter::query(
            "types",
            "Names of events, separated by commas.",
            pattern(format!("^{names}(,{names})*$")),
        ))
        .parameter(Parameter::query(
            "record",
            "Leaves out `record.included` of other records.",
            pattern(HASH_PATTERN),
        ))
        .parameter(
            Parameter::query("until", "Ends the stream at the durable tip.", one_of(&["tip"]))
                .example("tip"),
        )
        .returns(Success::text("text/event-stream", "The events.").example(example))
        .returns(Success::empty(204, "The caller has too many streams, or the node has; or it is a read-only view, and `until` is not given."))
        .reads()
        .refuses(&[Kind::PositionGone])
}

pub(in crate::api::routes) fn accept_fork() -> Description {
    let fork = json!({
        "fork": 100, "depth": 40, "hash": EXAMPLE_HASH,
        "tip": {"height": 160, "hash": EXAMPLE_HASH}, "work": "524296",
    });
    let hash = "The hash of the branch's first block, as `deepForks` of the status shows it.";
    Description::new("acceptFork", Group::Chain, "Accepts a branch that forks too deep")
        .detail("Once a peer has the branch and it has more work, it disconnects this node's blocks above the fork.")
        .parameter(Parameter::path("hash", hash, pattern(HASH_PATTERN), EXAMPLE_HASH))
        .drops_body()
        .returns(
            Success::json::<Accepted>("The branch; the decision is durable.")
                .example(json!({"accepted": fork})),
        )
        .reads()
        .refuses(&[Kind::ForkNotFound, Kind::DiskLow])
}
