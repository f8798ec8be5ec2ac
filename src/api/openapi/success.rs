//! The responses of a request that succeeds.

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// A schema by its name.
pub(super) type Named = (String, RefOr<Schema>);

/// A response to a request that succeeds.
#[derive(Clone, Debug)]
pub(in crate::api) struct Success {
    pub(super) status: u16,
    pub(super) text: &'static str,
    pub(super) content: Option<Content>,
    pub(super) headers: Vec<Header>,
}

/// A header of a response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// Whether every such response has it.
    pub(super) is_required: bool,
}

/// A body of one media type.
#[derive(Clone, Debug)]
pub(in crate::api) struct Content {
    pub(super) media_type: &'static str,
    pub(super) schema: Value,
    /// Gathers the schemas that `schema` refers to.
    pub(super) gather: fn(&mut Vec<Named>),
    pub(super) example: Option<Value>,
}

impl Success {
    /// A response without a body.
    pub(in crate::api) const fn empty(status: u16, text: &'static str) -> Self {
        Self { status, text, content: None, headers: Vec::new() }
    }

    /// A value as JSON.
    pub(in crate::api) fn json<T: ToSchema>(text: &'static str) -> Self {
        Self::with(text, Content::json(reference::<T>()).gathers(gather::<T>))
    }

    /// An array of values as JSON.
    pub(in crate::api) fn array<T: ToSchema>(text: &'static str) -> Self {
        let schema = json!({"type": "array", "items": reference::<T>()});
        Self::with(text, Content::json(schema).gathers(gather::<T>))
    }

    /// JSON of this schema, which refers to no other.
    pub(in crate::api) fn json_of(text: &'static str, schema: Value) -> Self {
        Self::with(text, Content::json(schema))
    }

    /// Text of another media type.
    pub(in crate::api) fn text(media_type: &'static str, text: &'static str) -> Self {
        let schema = json!({"type": "string"});
        Self::with(text, Content { media_type, ..Content::json(schema) })
    }

    /// Bytes of another media type.
    pub(in crate::api) fn bytes(media_type: &'static str, text: &'static str) -> Self {
        let schema = json!({"type": "string", "format": "binary"});
        Self::with(text, Content { media_type, ..Content::json(schema) })
    }

    fn with(text: &'static str, content: Content) -> Self {
        Self { status: 200, text, content: Some(content), headers: Vec::new() }
    }

    /// Another status than 200.
    pub(in crate::api) const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(in crate::api) fn header(mut self, name: &'static str, text: &'static str) -> Self {
        self.headers.push(Header { name, text, is_required: true });
        self
    }

    /// A header that not every such response has.
    pub(in crate::api) fn optional_header(
        mut self,
        name: &'static str,
        text: &'static str,
    ) -> Self {
        self.headers.push(Header { name, text, is_required: false });
        self
    }

    pub(in crate::api) fn example(mut self, example: impl Into<Value>) -> Self {
        self.content = self.content.map(|content| content.example(example));
        self
    }
}

impl Content {
    pub(super) fn json(schema: Value) -> Self {
        Self { media_type: "application/json", schema, gather: |_| (), example: None }
    }

    fn gathers(mut self, gather: fn(&mut Vec<Named>)) -> Self {
        self.gather = gather;
        self
    }

    pub(super) fn example(mut self, example: impl Into<Value>) -> Self {
        self.example = Some(example.into());
        self
    }
}

/// Refers to the schema of a type.
pub(super) fn reference<T: ToSchema>() -> Value {
    json!({"$ref": format!("#/components/schemas/{}", T::name())})
}

/// Gathers the schema of a type, and those that it refers to.
pub(super) fn gather<T: ToSchema>(schemas: &mut Vec<Named>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}
