//! `GET /v1/records/{id}/receipt?tip=`: the proof that a record is on the main chain.

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid, plain_number};
use super::records::{STATE_ATTEMPTS, moving, record_id, unknown};
use crate::api::http::problem::{Kind, Problem};
use crate::chain::{Hash, Height, Receipt, leaf_hash};
use crate::node::{FindError, KnownRecord, NoReceipt, NodeHandle, ReceiptTip, RecordLocation};

/// A tip this many blocks below the durable one is final: no reorg is expected to reach it.
const FINAL_DEPTH: u64 = 100;

pub(super) async fn receipt(call: Call) -> Result<Response, Problem> {
    let id = record_id(&call)?;
    let tip = Query::parse(&call.query).get("tip")?.map_or(Ok(ReceiptTip::Durable), tip)?;
    let node = &call.context.node;
    let write = async || Ok(find(node, id, tip).await?.to_json(node.spec()));
    let mut response = call.share.json(write).await?;
    let headers = response.headers_mut();
    let name = format!("attachment; filename=\"receipt-{id}.json\"");
    let name = HeaderValue::try_from(name).map_err(|_| Problem::internal())?;
    headers.insert(CONTENT_DISPOSITION, name);
    // The next block makes another one, and a reorg may disconnect the record.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Reads the parameter `tip`.
fn tip(text: &str) -> Result<ReceiptTip, Problem> {
    if text == "final" {
        return Ok(ReceiptTip::Below(FINAL_DEPTH));
    }
    let hash = text.parse().ok().map(ReceiptTip::Hash);
    let height = || plain_number(text).map(|height| ReceiptTip::Height(Height::new(height)));
    hash.or_else(height).ok_or_else(|| {
        let detail = "`tip` must be a height in decimal digits, a block hash in 64 lower-case hexadecimal digits, or `final`";
        invalid("tip", detail)
    })
}

/// The receipt of the record where it is now: a reorg may move it between two looks.
async fn find(node: &NodeHandle, id: Hash, tip: ReceiptTip) -> Result<Receipt, Problem> {
    for _ in 0..STATE_ATTEMPTS {
        let RecordLocation { block, position } = match node.record(id).await? {
            Some(KnownRecord::Included(location)) => location,
            Some(KnownRecord::Pending { .. }) => {
                let detail = "a receipt proves that a record is in a block; wait for it with GET /v1/records/{id}?wait=60";
                return Err(Problem::new(Kind::RecordPending, detail).at("id"));
            }
            None => return Err(unknown()),
        };
        match node.receipt_for(block.height, position, tip).await {
            Ok(receipt) if leaf_hash(receipt.record.as_bytes()) == id => return Ok(receipt),
            Ok(_) | Err(NoReceipt::NoRecord { .. }) => {}
            Err(no) => return Err(refused(&no, tip)),
        }
    }
    Err(moving())
}

fn refused(no: &NoReceipt, tip: ReceiptTip) -> Problem {
    match no {
        NoReceipt::TipBelow { height, .. } if matches!(tip, ReceiptTip::Below(_)) => {
            let detail = format!(
                "the record is in block {height}, less than {FINAL_DEPTH} blocks below the tip; it is final once the chain has block {}",
                height.ahead(FINAL_DEPTH)
            );
            Problem::new(Kind::NotFinal, detail).at("tip")
        }
        NoReceipt::TipBelow { .. } => invalid("tip", no.to_string()),
        NoReceipt::TipOffChain => Problem::new(Kind::TipOffChain, no.to_string()).at("tip"),
        NoReceipt::Indexing { lag } => FindError::Indexing { lag: *lag }.into(),
        NoReceipt::Node(failure) => failure.clone().into(),
        // The caller looks again.
        NoReceipt::NoRecord { .. } => moving(),
    }
}
