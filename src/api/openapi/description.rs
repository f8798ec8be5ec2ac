//! What the documentation says of a route, beside what the table of routes knows.

use serde_json::{Value, json};

use super::parameter::Parameter;
use super::success::{Content, Success};
use crate::api::http::problem::Kind;

/// What a route is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Group {
    Records,
    Blocks,
    Chain,
    Peers,
    Node,
}

/// What the documentation says of a route.
#[derive(Clone, Debug)]
pub(in crate::api) struct Description {
    /// Names the operation, for programs that are generated from the document.
    pub(super) id: &'static str,
    pub(super) group: Group,
    pub(super) summary: &'static str,
    /// Paragraphs.
    pub(super) detail: Vec<&'static str>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Body,
    pub(super) successes: Vec<Success>,
    /// Why it is refused, beside what every route is refused for.
    pub(super) problems: Vec<Kind>,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// It is not read.
    Unread,
    /// It is read and dropped.
    Dropped,
    /// One of these.
    Needed(Vec<Content>),
}

impl Group {
    /// Every group, in the order of the page.
    pub(super) const ALL: [Self; 5] =
        [Self::Records, Self::Blocks, Self::Chain, Self::Peers, Self::Node];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Records => "Records",
            Self::Blocks => "Blocks",
            Self::Chain => "Chain",
            Self::Peers => "Peers",
            Self::Node => "Node",
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Records => {
                "Sending records, finding them, and proving that they are on the chain."
            }
            Self::Blocks => "Blocks of the main chain and of other branches.",
            Self::Chain => "The chain as a whole, and what happens to it.",
            Self::Peers => "Links to other nodes, known peers and bans.",
            Self::Node => "The state of the node, and this documentation.",
        }
    }
}

impl Description {
    pub(in crate::api) const fn new(id: &'static str, group: Group, summary: &'static str) -> Self {
        Self {
            id,
            group,
            summary,
            detail: Vec::new(),
            parameters: Vec::new(),
            body: Body::Unread,
            successes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Adds a paragraph.
    pub(in crate::api) fn detail(mut self, text: &'static str) -> Self {
        self.detail.push(text);
        self
    }

    /// Adds a parameter. An invalid one is refused.
    pub(in crate::api) fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The body is a JSON object of these members.
    pub(in crate::api) fn json_body(
        self,
        members: Value,
        required: &[&str],
        example: impl Into<Value>,
    ) -> Self {
        let mut schema = json!({"type": "object", "required": required});
        schema["properties"] = members;
        self.body(Content::json(schema).example(example))
    }

    /// The body is text of another media type.
    pub(in crate::api) fn text_body(self, media_type: &'static str, example: &str) -> Self {
        let content = Content::json(json!({"type": "string"}));
        self.body(Content { media_type, ..content }.example(example))
    }

    fn body(mut self, content: Content) -> Self {
        match &mut self.body {
            Body::Needed(contents) => contents.push(content),
            _ => self.body = Body::Needed(vec![content]),
        }
        self
    }

    /// A body is read and dropped.
    pub(in crate::api) fn drops_body(mut self) -> Self {
        self.body = Body::Dropped;
        self
    }

    pub(in crate::api) fn returns(mut self, success: Success) -> Self {
        self.successes.push(success);
        self
    }

    /// Adds reasons to refuse the request.
    pub(in crate::api) fn refuses(mut self, problems: &[Kind]) -> Self {
        self.problems.extend_from_slice(problems);
        self
    }

    /// It reads the database.
    pub(in crate::api) fn reads(self) -> Self {
        self.refuses(&[Kind::Storage, Kind::Busy, Kind::Stopping])
    }

    /// It looks something up by its hash.
    pub(in crate::api) fn finds(self) -> Self {
        self.reads().refuses(&[Kind::Indexing])
    }
}
