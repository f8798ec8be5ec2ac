//! HTTP: the seed's routes, health, status and blocks, behind Basic authentication.
//!
//! A request passes, from outside in: [`stream`] (timeouts of the socket), hyper,
//! [`finish`] (problems, HEAD), [`panics`], [`gate`] (host, origin, user, route),
//! [`body`] (bounded reading), and one file per resource. The contract is written
//! down in `docs/api.md`.

mod activity;
mod admission;
mod answers;
mod auth;
mod bans;
mod blocks;
mod body;
mod chains;
mod config;
mod credentials;
mod finish;
mod forks;
mod gate;
mod health;
mod host;
mod json;
mod known;
mod mine;
mod panics;
mod password;
mod peers;
mod problem;
mod proxies;
mod quoted;
mod reply;
mod root;
mod routes;
mod server;
mod status;
mod stream;
mod throttle;
mod users;

pub use auth::AuthHandle;
pub use config::{ApiConfig, ConfigError, Limits};
pub use host::{HostError, check_host};
pub use password::{
    HashError, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordError, check_password, hash_password,
};
pub use proxies::{MAX_PROXIES, ProxyError, TrustedProxies};
pub use server::Server;
pub use users::{MAX_USERS, Role, User, Users, UsersError};
