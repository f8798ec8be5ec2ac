//! The routes: one line of [`table`] each, and one file for each resource.

mod bans;
mod blocks;
mod call;
mod chains;
mod forks;
mod health;
mod known;
mod mine;
mod peers;
mod root;
pub(super) mod router;
mod status;
mod table;

use table::{Table, delete, get, post};

use super::auth::access::Access::{Everyone, Operators, Users};

/// Every route. `{name}` is one segment that is not empty; a path that is written out comes
/// before one with a parameter that would match it too. `docs/api.md` has the same list.
pub(super) fn table() -> Table {
    Table::new(vec![
        post("/mineBlock", Operators, mine::mine),
        get("/", Users, async |call| Ok(root::name(&call))),
        get("/chains", Users, chains::all),
        post("/addToPeer", Operators, peers::add_one),
        post("/addPeers", Operators, peers::add_all),
        get("/peers", Users, peers::table),
        get("/livez", Everyone, async |_| Ok(health::live())),
        get("/readyz", Everyone, async |call| health::ready(&call)),
        get("/v1/status", Users, status::status),
        get("/v1/peers", Users, peers::details),
        post("/v1/peers", Operators, known::add),
        get("/v1/peers/known", Users, known::list),
        delete("/v1/peers/{address}", Operators, known::remove),
        get("/v1/bans", Users, bans::list),
        post("/v1/bans", Operators, bans::add),
        delete("/v1/bans/{address}", Operators, bans::remove),
        get("/v1/blocks/{block}", Users, blocks::one),
        get("/v1/blocks/{height}/{hash}", Users, blocks::of_any_branch),
        post("/v1/forks/{hash}/accept", Operators, forks::accept),
    ])
}

#[cfg(test)]
mod tests;
