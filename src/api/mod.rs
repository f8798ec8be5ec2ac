//! HTTP: the routes of the seed-like node, health, status, metrics and blocks, behind Basic
//! authentication.
//!
//! A request passes, from outside in: `http::stream` (timeouts of the socket), hyper,
//! [`http::respond`] (problems, HEAD), `http::panics`, [`auth::access`] (host, origin, user,
//! route), [`http::body`] (bounded reading), and one file of [`routes`] for each resource. The
//! contract is written down in `docs/api.md`.

mod auth;
mod config;
mod context;
mod events;
mod explorer;
mod header_facts;
mod http;
mod log_level;
mod metrics;
mod openapi;
mod quoted;
mod routes;
mod server;

pub use auth::password::{
    HashError, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordError, check_password,
    hash_password, random_password,
};
pub use auth::users::{MAX_USERS, Role, User, Users, UsersError};
pub use auth::verify::{AuthHandle, NoUsers};
pub use config::{ApiConfig, BindError, ConfigError};
pub use http::host::{HostError, check_host};
pub use http::limits::Limits;
pub use http::origins::{CorsOrigins, MAX_CORS_ORIGINS, OriginError};
pub use http::proxies::{MAX_PROXIES, ProxyError, TrustedProxies};
pub use log_level::{LogLevel, OWN_TARGET, TEMPORARY_LEVEL_TIME, TemporaryLevel};
pub use server::Server;
