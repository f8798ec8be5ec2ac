//! The routes: one line of [`table()`] each, and one file for each resource.

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

use http::Method;
use table::{Route, Table};

use super::auth::access::Access::{Everyone, Operators, Users};

/// Every route. `{name}` is one segment that is not empty; a path that is written out comes
/// before one with a parameter that would match it too. `docs/api.md` has the same list.
pub(super) fn table() -> Table {
    Table::new(vec![
        Route::new(Method::POST, "/mineBlock", Operators, mine::mine),
        Route::new(Method::GET, "/", Users, async |call| Ok(root::name(&call))),
        Route::new(Method::GET, "/chains", Users, chains::all),
        Route::new(Method::POST, "/addToPeer", Operators, peers::add_one),
        Route::new(Method::POST, "/addPeers", Operators, peers::add_all),
        Route::new(Method::GET, "/peers", Users, peers::table),
        Route::new(Method::GET, "/livez", Everyone, async |_| Ok(health::live())),
        Route::new(Method::GET, "/readyz", Everyone, async |call| health::ready(&call)),
        Route::new(Method::GET, "/v1/status", Users, status::status),
        Route::new(Method::GET, "/v1/peers", Users, peers::details),
        Route::new(Method::POST, "/v1/peers", Operators, known::add),
        Route::new(Method::GET, "/v1/peers/known", Users, known::list),
        Route::new(Method::DELETE, "/v1/peers/{address}", Operators, known::remove),
        Route::new(Method::GET, "/v1/bans", Users, bans::list),
        Route::new(Method::POST, "/v1/bans", Operators, bans::add),
        Route::new(Method::DELETE, "/v1/bans/{address}", Operators, bans::remove),
        Route::new(Method::GET, "/v1/blocks/{block}", Users, blocks::one),
        Route::new(Method::GET, "/v1/blocks/{height}/{hash}", Users, blocks::of_any_branch),
        Route::new(Method::POST, "/v1/forks/{hash}/accept", Operators, forks::accept),
    ])
}

#[cfg(test)]
mod tests;
