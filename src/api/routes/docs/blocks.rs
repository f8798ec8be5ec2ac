//! Blocks.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{EXAMPLE_HASH, HASH_EXPRESSION, HEIGHT_EXPRESSION};
use crate::api::http::problem::Kind;
use crate::api::openapi::{
    BlockJson, Description, Group, HASH_PATTERN, HeaderJson, Parameter, Success, height, number,
    one_of, pattern, text,
};
use crate::api::routes::block_pages::{MAX_PAGE_BLOCKS, MAX_PAGE_HEADERS};
use crate::api::routes::block_records::{DEFAULT_PAGE_RECORDS, MAX_PAGE_RECORDS, Record};
use crate::api::routes::blocks::Standing;
use crate::api::routes::page::DEFAULT_LIMIT;
use crate::api::routes::series::{DEFAULT_SERIES, MAX_SERIES_BLOCKS, MAX_SERIES_POINTS, Series};

/// A page of blocks.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the page is written as text; this is its schema alone")]
struct BlockPage {
    blocks: Vec<BlockJson>,
    /// `cursor` of the next page.
    #[schema(required)]
    next: Option<String>,
}

/// A page of headers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the page is written as text; this is its schema alone")]
struct HeaderPage {
    headers: Vec<HeaderJson>,
    /// `cursor` of the next page.
    #[schema(required)]
    next: Option<String>,
}

/// A block of any branch, and its place.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the block is written as text; this is its schema alone")]
struct HeldBlock {
    #[serde(flatten)]
    block: BlockJson,
    #[serde(flatten)]
    standing: Standing,
}

fn fields() -> Value {
    json!({
        "version": 1, "height": 7, "timestamp": 1_700_000_000_000_u64,
        "previousHash": EXAMPLE_HASH, "merkleRoot": EXAMPLE_HASH, "historyRoot": EXAMPLE_HASH,
        "bits": "1f00ffff", "difficulty": 1.0, "nonce": 81_234, "hash": EXAMPLE_HASH,
    })
}

pub(super) fn block_example() -> Value {
    with(fields(), json!({"data": ["first record", "second"]}))
}

fn header_example() -> Value {
    with(fields(), json!({"recordCount": 2}))
}

/// The members of two objects.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut object, more) {
        members.extend(more);
    }
    object
}

pub(in crate::api::routes) fn blocks() -> Description {
    let next = format!("7-{EXAMPLE_HASH}");
    let page = json!({"blocks": [block_example()], "next": next});
    paged(
        Description::new("listBlocks", Group::Blocks, "The main chain's blocks, page by page"),
        MAX_PAGE_BLOCKS,
    )
    .returns(Success::json::<BlockPage>(PAGE_TEXT).example(page))
}

pub(in crate::api::routes) fn headers() -> Description {
    let next = format!("7-{EXAMPLE_HASH}");
    let page = json!({"headers": [header_example()], "next": next});
    paged(
        Description::new("listHeaders", Group::Blocks, "The main chain's headers, page by page"),
        MAX_PAGE_HEADERS,
    )
    .returns(Success::json::<HeaderPage>(PAGE_TEXT).example(page))
}

const PAGE_TEXT: &str = "A page, from one moment; `next` is null if it reaches the end.";

/// What pages of the main chain have in common.
fn paged(description: Description, max: u64) -> Description {
    let millis = "(0|[1-9][0-9]{0,14})";
    let day = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))";
    let time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z";
    let since = format!("^({millis}|(19[7-9][0-9]|[2-9][0-9]{{3}})-{day}T{time})$");
    description
        .detail("A page also ends before the entry that would make it longer than 4 MiB, but has at least one if there is any.")
        .parameter(
            Parameter::query("limit", "Entries of a page.", number(1..=max))
                .default(DEFAULT_LIMIT)
                .example("2"),
        )
        .parameter(
            Parameter::query("order", "`desc` for the newest first.", one_of(&["asc", "desc"]))
                .default("asc"),
        )
        .parameter(Parameter::query(
            "from",
            "The height at which the first page starts. Without it, the genesis block, or with `desc` the tip. It excludes `cursor`.",
            height(),
        ))
        .parameter(Parameter::query(
            "since",
            "Leaves out blocks whose timestamp is earlier: milliseconds since the epoch, or a time in UTC such as 2026-01-31T12:00:00Z.",
            pattern(since),
        ))
        .parameter(Parameter::query(
            "cursor",
            "Continues after this block: `next` of the page before, or HEIGHT-HASH.",
            pattern(format!("^{HEIGHT_EXPRESSION}-{HASH_EXPRESSION}$")),
        ))
        .reads()
        .refuses(&[Kind::CursorOffChain])
}

/// What requests for something of one block have in common.
fn of_one(description: Description, success: Success) -> Description {
    let block = Parameter::path(
        "block",
        "The block's height, its hash, or `tip`.",
        pattern(format!("^(tip|{HEIGHT_EXPRESSION}|{HASH_EXPRESSION})$")),
        "tip",
    );
    let success = success
        .header("ETag", "The block's hash, as a weak tag.")
        .header("Cache-Control", "For a block named by hash `immutable`, otherwise `no-cache`.");
    description
        .detail("By height and as `tip`, blocks of the main chain are found, and by hash stored blocks of any branch.")
        .parameter(block)
        .parameter(if_none_match())
        .returns(success)
        .returns(Success::empty(304, "The client has it already, as `If-None-Match` says."))
        .finds()
        .refuses(&[Kind::BlockNotFound])
}

pub(super) fn if_none_match() -> Parameter {
    Parameter::header("If-None-Match", "Tags of responses that the client has.", text())
}

pub(in crate::api::routes) fn block() -> Description {
    let success = Success::json::<BlockJson>("The block.").example(block_example());
    of_one(Description::new("getBlock", Group::Blocks, "One block"), success)
}

pub(in crate::api::routes) fn block_header() -> Description {
    let success = Success::json::<HeaderJson>("The header.").example(header_example());
    let summary = "The header of one block";
    of_one(Description::new("getBlockHeader", Group::Blocks, summary), success)
}

pub(in crate::api::routes) fn block_records() -> Description {
    let page = json!([{"id": EXAMPLE_HASH, "index": 0, "data": "first record"}]);
    let success = Success::array::<Record<'_>>("Records, in the order of the block.")
        .optional_header("Link", "With `rel=\"next\"`, the next page, if there is one.")
        .example(page);
    let summary = "The records of one block, with their ids";
    of_one(Description::new("listBlockRecords", Group::Blocks, summary), success)
        .parameter(Parameter::query("from", "Index of the first record.", height()).default(0))
        .parameter(
            Parameter::query("limit", "Records of a page.", number(1..=MAX_PAGE_RECORDS))
                .default(DEFAULT_PAGE_RECORDS),
        )
}

pub(in crate::api::routes) fn held_block() -> Description {
    let standing = json!({
        "onMainChain": false,
        "replacedBy": EXAMPLE_HASH,
        "displaced": {
            "number": 3, "time": 1_700_000_000_000_u64, "fork": 4, "depth": 2,
            "newTip": {"height": 7, "hash": EXAMPLE_HASH},
        },
    });
    let success = Success::json::<HeldBlock>("The block, and its place in the chain.")
        .header("Cache-Control", "`no-cache`: the next reorg may change the response.")
        .example(with(block_example(), standing));
    let summary = "One stored block of any branch, and whether it is on the main chain";
    Description::new("getHeldBlock", Group::Blocks, summary)
        .parameter(Parameter::path("height", "The block's height.", height(), "7"))
        .parameter(Parameter::path(
            "hash",
            "The block's hash.",
            pattern(HASH_PATTERN),
            EXAMPLE_HASH,
        ))
        .returns(success)
        .reads()
        .refuses(&[Kind::BlockNotFound])
}

pub(in crate::api::routes) fn series() -> Description {
    let point = json!({
        "height": 7, "blocks": 2, "timestamp": 1_700_000_000_000_u64, "secondsPerBlock": 9.5,
        "difficulty": 1.0, "bits": "1f00ffff", "records": 12,
    });
    let series = json!({"from": 6, "to": 7, "blocksPerPoint": 2, "points": [point]});
    let summary = "Intervals, difficulty and records of many blocks, for charts";
    debug_assert_eq!(MAX_SERIES_BLOCKS, 10_000, "the text below says so");
    Description::new("getSeries", Group::Blocks, summary)
        .detail("The blocks of the main chain from `from` to `to`, at most 10,000, in points of equal length. Those above the tip are left out.")
        .parameter(Parameter::query(
            "from",
            "The first block's height. Without it, 360 blocks are covered.",
            height(),
        ))
        .parameter(Parameter::query(
            "to",
            "The last block's height. Without it, the tip.",
            height(),
        ))
        .parameter(
            Parameter::query("points", "The most points.", number(1..=MAX_SERIES_POINTS))
                .default(DEFAULT_SERIES),
        )
        .returns(Success::json::<Series>("The points, oldest first.").example(series))
        .reads()
}
