//! Records.

use serde_json::json;

use super::{EXAMPLE_HASH, HASH_EXPRESSION, HEIGHT_EXPRESSION};
use crate::api::http::problem::Kind;
use crate::api::openapi::{
    Description, Group, HASH_PATTERN, Parameter, ReceiptJson, Success, number, one_of, pattern,
};
use crate::api::routes::records::{
    Found, MAX_PENDING_PAGE_RECORDS, MAX_REQUEST_RECORDS, MAX_WAIT_SECONDS, PAGE_RECORDS, Page,
    Taken,
};
use crate::api::routes::search::SearchResult;

fn id() -> Parameter {
    let text = "The record's id: SHA-256 of a zero byte and the record's UTF-8 bytes.";
    Parameter::path("id", text, pattern(HASH_PATTERN), EXAMPLE_HASH)
}

fn wait(text: &'static str) -> Parameter {
    Parameter::query("wait", text, number(0..=MAX_WAIT_SECONDS))
}

pub(in crate::api::routes) fn add_records() -> Description {
    let data = json!({
        "description": "One record, or many.",
        "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "maxItems": MAX_REQUEST_RECORDS},
        ],
    });
    let known = "All records were pending or in blocks already.";
    let example = |state: &str| json!([{"id": EXAMPLE_HASH, "state": state}]);
    Description::new("addRecords", Group::Records, "Takes records into the pool")
        .detail("The records wait there until the node mines them. A request is taken or refused whole, and the response is sent only after the records are durable on disk.")
        .detail("Equal texts are one record, so that sending a request again changes nothing. What was acknowledged is on the main chain or pending until an operator cancels it.")
        .detail("The response has an entry for each record, in the order of the request.")
        .detail("With Content-Type: application/x-ndjson, each line is a record: a JSON string, or {\"data\":\"..\"}. curl sends lines with --data-binary; -d removes the line breaks.")
        .parameter(wait("Seconds to wait until all records are in blocks. The request then has at most 1,000 records."))
        .json_body(json!({"data": data}), &["data"], json!({"data": ["first record", "second"]}))
        .text_body("application/x-ndjson", "\"first record\"\n{\"data\":\"second\"}\n")
        .returns(Success::array::<Taken>(known).example(example("included")))
        .returns(
            Success::array::<Taken>("Some records are new, and pending.")
                .status(202)
                .example(example("pending")),
        )
        .reads()
        .refuses(&[
            Kind::DataTooLarge,
            Kind::TooManyRecords,
            Kind::PoolFull,
            Kind::TooManyLongRequests,
            Kind::DiskLow,
        ])
}

pub(in crate::api::routes) fn pending_records() -> Description {
    let page = json!({
        "records": [{"id": EXAMPLE_HASH, "data": "a record", "waitSeconds": 12, "displaced": []}],
        "next": "9223372036854775808-0",
    });
    Description::new("listPendingRecords", Group::Records, "This node's own pending records")
        .detail("They are listed oldest first, at most 4 MiB of text on a page.")
        .reads()
        .parameter(
            Parameter::query("state", "Which records.", one_of(&["pending"]))
                .required()
                .example("pending"),
        )
        .parameter(
            Parameter::query("limit", "Records of a page.", number(1..=MAX_PENDING_PAGE_RECORDS))
                .default(PAGE_RECORDS),
        )
        .parameter(Parameter::query(
            "cursor",
            "`next` of the page before.",
            pattern("^[0-9]{1,19}-[0-9]{1,9}$"),
        ))
        .returns(Success::json::<Page>("A page; `next` is null on the last one.").example(page))
}

pub(in crate::api::routes) fn record() -> Description {
    let found = json!({
        "id": EXAMPLE_HASH, "state": "included", "data": "a record", "height": 7,
        "blockHash": EXAMPLE_HASH, "index": 0, "time": 1_700_000_000_000_u64, "confirmations": 1,
        "displaced": [],
    });
    Description::new("getRecord", Group::Records, "A record, pending or in a block")
        .detail("A record that is on the main chain several times is shown at its first place. Its place is null while it is pending. `displaced` names the blocks with the record that reorgs disconnected, at most 16.")
        .parameter(id())
        .parameter(wait("Seconds to wait while the record is pending."))
        .returns(Success::json::<Found>("The record.").example(found))
        .finds()
        .refuses(&[Kind::RecordNotFound, Kind::TooManyLongRequests])
}

pub(in crate::api::routes) fn cancel_record() -> Description {
    Description::new("cancelRecord", Group::Records, "Takes back a pending record")
        .detail("It is taken back for later reorgs too.")
        .parameter(id())
        .drops_body()
        .returns(Success::empty(204, "The record is no longer pending, and that is durable."))
        .finds()
        .refuses(&[Kind::RecordNotFound, Kind::RecordIncluded, Kind::DiskLow])
}

pub(in crate::api::routes) fn receipt() -> Description {
    let tip = Parameter::query(
        "tip",
        "The tip that the receipt is anchored by: a height, the hash of a block of the main chain, or `final`, the block 100 below the tip. Without it, the tip on disk.",
        pattern(format!("^(final|{HEIGHT_EXPRESSION}|{HASH_EXPRESSION})$")),
    );
    Description::new("getReceipt", Group::Records, "The proof that a record is on the main chain")
        .detail("The receipt is verified without a node, by `jenny receipt verify` or by the programs in examples/, which need the hash of its tip.")
        .parameter(id())
        .parameter(tip)
        .returns(
            Success::json::<ReceiptJson>("The receipt.")
                .header("Content-Disposition", "Names the file `receipt-ID.json`.")
                .header("Cache-Control", "`no-cache`: a later block makes another receipt."),
        )
        .finds()
        .refuses(&[
            Kind::RecordNotFound,
            Kind::RecordPending,
            Kind::TipOffChain,
            Kind::NotFinal,
        ])
}

pub(in crate::api::routes) fn search() -> Description {
    let hit = json!({
        "id": EXAMPLE_HASH, "state": "included", "height": 7, "blockHash": EXAMPLE_HASH, "index": 0,
    });
    let block = json!({"height": 7, "hash": EXAMPLE_HASH, "onMainChain": true});
    // What a pattern that is not one of these could be is refused, or too long to matter.
    let head = "0{0,30}[1-9a-f][0-9a-f]{3,33}";
    let query = format!(
        "^({HEIGHT_EXPRESSION}|{HASH_EXPRESSION}|{head}|[0-9a-f]{{4,32}}[.][.][0-9a-f]{{4,32}})$"
    );
    let text = "A height; a hash; its first digits, at least 4 without leading zeros; or its first and its last digits with `..` between.";
    let summary = "Blocks and records by a height or by digits of a hash";
    Description::new("search", Group::Records, summary)
        .detail("Of blocks of the main chain, of other blocks and of records at most 20 each are found. By digits, blocks of the main chain and blocks that a reorg disconnected are found, and by the whole hash stored blocks of any branch.")
        .parameter(Parameter::query("q", text, pattern(query)).required().example("f0951e80"))
        .returns(
            Success::json::<SearchResult>("What was found; `partial` if there may be more.")
                .example(json!({"blocks": [block], "records": [hit], "partial": false})),
        )
        .finds()
}
