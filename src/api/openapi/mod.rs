//! The documentation of the API: what it says of each route, as an OpenAPI document and as a
//! page.

mod description;
mod document;
mod documented;
mod page;
mod parameter;
mod schemas;
mod success;

pub(super) use description::{Description, Group};
pub(super) use document::{document, schemas};
pub(super) use documented::Documented;
pub(super) use page::Page;
pub(super) use parameter::{Parameter, height, number, one_of, pattern, text};
pub(super) use schemas::{
    BlockJson, ConsistencyJson, HASH_PATTERN, HeaderJson, ReceiptJson, SpecJson,
};
pub(super) use success::Success;
