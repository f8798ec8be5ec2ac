//! The routes: one line of [`table()`] each, and one file for each resource.

mod audit;
mod bans;
mod block_json;
mod block_pages;
mod block_records;
mod block_response;
mod block_selector;
mod blocks;
mod call;
mod certificates;
mod chain;
mod chains;
mod consistency;
mod deep_forks;
mod docs;
mod documents;
mod events;
mod explorer;
mod export;
mod health;
mod known;
mod log_level;
mod metrics;
mod mine;
mod page;
mod pages;
mod peers;
mod query;
mod receipts;
mod records;
mod reorgs;
mod root;
pub(super) mod router;
mod search;
mod series;
mod status;
mod stopped;
mod table;

use table::{Table, delete, get, post, put};

use super::auth::access::Access::Everyone;
use super::auth::access::{MONITORS, OPERATORS, READERS, WRITERS};

/// Every route, for whom, its handler and its documentation. `{name}` is one segment that is not
/// empty; a path that is written out comes before one with a parameter that would match it too.
/// `docs/api.md` has the same list.
pub(super) fn table() -> Table {
    Table::new(vec![
        post("/mineBlock", WRITERS, mine::mine, docs::mine),
        get("/", READERS, async |call| Ok(root::name(&call)), docs::name),
        get("/chains", READERS, chains::all, docs::chains),
        post("/addToPeer", OPERATORS, peers::add_one, docs::add_peer),
        post("/addPeers", OPERATORS, peers::add_all, docs::add_peers),
        get("/peers", READERS, peers::table, docs::peers),
        get("/livez", Everyone, async |_| Ok(health::live()), docs::live)
            .with_options(docs::live_options),
        get("/readyz", Everyone, async |call| health::ready(&call), docs::ready)
            .with_options(docs::ready_options),
        get("/metrics", MONITORS, metrics::metrics, docs::metrics),
        get("/openapi.json", READERS, async |_| Ok(documents::document()), docs::document),
        get("/docs/", READERS, async |_| documents::page(), docs::page),
        get("/explorer", READERS, async |_| Ok(explorer::redirect()), docs::explorer_redirect),
        get("/explorer/", READERS, async |call| explorer::overview(&call), docs::explorer),
        get(
            "/explorer/a/{version}/{file}",
            READERS,
            async |call| explorer::file(&call),
            docs::explorer_file,
        ),
        get(
            "/explorer/a/{version}/{folder}/{file}",
            READERS,
            async |call| explorer::file_in_folder(&call),
            docs::explorer_file_in_folder,
        ),
        get("/explorer/{page}", READERS, async |call| explorer::page(&call), docs::explorer_page),
        get(
            "/explorer/{page}/{item}",
            READERS,
            async |call| explorer::item(&call),
            docs::explorer_item,
        ),
        get("/v1/status", MONITORS, status::status, docs::status),
        get("/v1/log-level", READERS, log_level::show, docs::show_log_level),
        put("/v1/log-level", OPERATORS, log_level::set, docs::set_log_level),
        get("/v1/chain", READERS, chain::describe, docs::chain),
        get("/v1/export", READERS, export::export, docs::export),
        get("/v1/reorgs", READERS, reorgs::list, docs::reorgs),
        get("/v1/reorgs/{number}/records", READERS, reorgs::records, docs::reorg_records),
        get("/v1/peers", READERS, peers::details, docs::links),
        post("/v1/peers", OPERATORS, known::add, docs::add_known_peer),
        get("/v1/peers/known", READERS, known::list, docs::known_peers),
        delete("/v1/peers/{address}", OPERATORS, known::remove, docs::forget_peer),
        get("/v1/bans", READERS, bans::list, docs::bans),
        post("/v1/bans", OPERATORS, bans::add, docs::add_ban),
        delete("/v1/bans/{address}", OPERATORS, bans::remove, docs::remove_ban),
        get("/v1/blocks", READERS, block_pages::blocks, docs::blocks),
        get("/v1/headers", READERS, block_pages::headers, docs::headers),
        get("/v1/blocks/{block}", READERS, blocks::one, docs::block),
        get("/v1/blocks/{block}/header", READERS, block_records::header, docs::block_header),
        get("/v1/blocks/{block}/records", READERS, block_records::records, docs::block_records),
        get("/v1/blocks/{height}/{hash}", READERS, blocks::of_any_branch, docs::held_block),
        get("/v1/events", READERS, events::follow, docs::events),
        get("/v1/search", READERS, search::search, docs::search),
        get("/v1/series", READERS, series::series, docs::series),
        get("/v1/consistency", READERS, consistency::between, docs::consistency),
        post("/v1/records", WRITERS, records::add, docs::add_records),
        get("/v1/records", READERS, records::list, docs::pending_records),
        get("/v1/records/{id}", READERS, records::one, docs::record),
        delete("/v1/records/{id}", OPERATORS, records::cancel, docs::cancel_record),
        get("/v1/records/{id}/receipt", READERS, receipts::receipt, docs::receipt),
        post("/v1/forks/{hash}/accept", OPERATORS, deep_forks::accept, docs::accept_fork),
    ])
}

#[cfg(test)]
mod tests;
