//! The parameters of a request.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::chain::MAX_SAFE_INTEGER;

/// Where a parameter is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter of a request.
#[derive(Clone, Debug)]
pub(in crate::api) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) is_required: bool,
    pub(super) text: &'static str,
    pub(super) schema: Value,
    /// A value for the example request; `None` leaves the parameter out there.
    pub(super) example: Option<String>,
}

impl Place {
    /// Returns what OpenAPI calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}

impl Parameter {
    /// A segment of the path. It has an example, so that the example request has a path.
    pub(in crate::api) fn path(
        name: &'static str,
        text: &'static str,
        schema: Value,
        example: &str,
    ) -> Self {
        let example = Some(example.to_owned());
        Self { name, place: Place::Path, is_required: true, text, schema, example }
    }

    /// A parameter of the query that may be absent.
    pub(in crate::api) const fn query(
        name: &'static str,
        text: &'static str,
        schema: Value,
    ) -> Self {
        Self { name, place: Place::Query, is_required: false, text, schema, example: None }
    }

    /// A header that may be absent.
    pub(in crate::api) const fn header(
        name: &'static str,
        text: &'static str,
        schema: Value,
    ) -> Self {
        Self { name, place: Place::Header, is_required: false, text, schema, example: None }
    }

    /// The request is refused without it.
    pub(in crate::api) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// What counts when it is absent.
    pub(in crate::api) fn default(mut self, value: impl Into<Value>) -> Self {
        if let Value::Object(schema) = &mut self.schema {
            schema.insert("default".to_owned(), value.into());
        }
        self
    }

    /// The value in the example request.
    pub(in crate::api) fn example(mut self, value: &str) -> Self {
        self.example = Some(value.to_owned());
        self
    }
}

/// An integer in plain digits.
pub(in crate::api) fn number(range: RangeInclusive<u64>) -> Value {
    json!({"type": "integer", "minimum": range.start(), "maximum": range.end()})
}

/// A height.
pub(in crate::api) fn height() -> Value {
    number(0..=MAX_SAFE_INTEGER)
}

/// Text that matches a regular expression.
pub(in crate::api) fn pattern(expression: impl Into<String>) -> Value {
    json!({"type": "string", "pattern": expression.into()})
}

/// One of some words.
pub(in crate::api) fn one_of(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

/// Any text.
pub(in crate::api) fn text() -> Value {
    json!({"type": "string"})
}
