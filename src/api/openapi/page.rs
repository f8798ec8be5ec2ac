//! The documentation as a page: one text of HTML that needs no script and asks for nothing else.

mod html;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::description::{Body, Group};
use super::documented::Documented;
use super::parameter::Parameter;
use super::success::{Content, Success};
use crate::api::auth::access::Access;
use crate::api::http::problem::Kind;
use html::Html;

const STYLE: &str = include_str!("page/style.css");

/// What is said before the routes.
const PAGE_INTRODUCTION: [&str; 4] = [
    "Every path but /livez and /readyz requires HTTP Basic credentials. Each route requires a role: monitor, reader, writer or operator, each of which includes those before it.",
    "Every error is a Problem, an application/problem+json document. Its type says what happened and never changes. 429 and 503 say in Retry-After after how many seconds to try again.",
    "HEAD is supported wherever GET is. Unknown parameters of a query and unknown members of a body are ignored, and objects of a response may gain members.",
    "In the examples, NAME:PASSWORD stands for your own user.",
];

/// The page, and the policy under which a browser shows it.
#[derive(Debug)]
pub(in crate::api) struct Page {
    pub(in crate::api) html: String,
    /// `Content-Security-Policy`: nothing but the style within the page.
    pub(in crate::api) policy: String,
}

impl Page {
    /// Writes the page of these routes, whose schemas are given by name.
    pub(in crate::api) fn new(routes: &[Documented], schemas: &BTreeMap<String, Value>) -> Self {
        let mut html = Html::default();
        html.raw("<!doctype html><html lang=en><head><meta charset=utf-8>");
        html.raw("<meta name=viewport content=\"width=device-width,initial-scale=1\">");
        html.raw("<title>jenny API</title><style>");
        html.raw(STYLE);
        html.raw("</style></head><body><h1>jenny API</h1>");
        html.element("p", concat!("Version ", env!("CARGO_PKG_VERSION")));
        for text in PAGE_INTRODUCTION {
            html.paragraph(text);
        }
        html.raw("<p>The same as an <a href=\"/openapi.json\">OpenAPI 3.1 document</a>.</p>");
        write_contents(&mut html, routes);
        for group in Group::ALL {
            html.raw("<section>");
            html.element("h2", group.title());
            html.element("p", group.text());
            for route in of(group, routes) {
                write_route(&mut html, route);
            }
            html.raw("</section>");
        }
        write_common(&mut html);
        write_schemas(&mut html, schemas);
        html.raw("</body></html>\n");
        let style = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self { html: html.into_text(), policy }
    }
}

fn of(group: Group, routes: &[Documented]) -> impl Iterator<Item = &Documented> {
    routes.iter().filter(move |route| route.description.group == group)
}

fn write_contents(html: &mut Html, routes: &[Documented]) {
    html.raw("<nav>");
    for group in Group::ALL {
        html.element("h4", group.title());
        html.raw("<ul>");
        for route in of(group, routes) {
            html.raw("<li><a href=\"#");
            html.text(route.description.id);
            html.raw("\"><code>");
            html.text(&title(route));
            html.raw("</code></a> ");
            html.element("span", route.description.summary);
            html.raw("</li>");
        }
        html.raw("</ul>");
    }
    html.raw("</nav>");
}

fn title(route: &Documented) -> String {
    format!("{} {}", route.method, route.path)
}

fn write_route(html: &mut Html, route: &Documented) {
    let description = &route.description;
    html.raw("<article><h3 id=\"");
    html.text(description.id);
    html.raw("\">");
    html.text(&title(route));
    html.raw(" <span class=role>");
    match route.access {
        Access::Everyone => html.text("no credentials"),
        Access::AtLeast(role) => html.text(&role.to_string()),
    }
    html.raw("</span></h3>");
    html.paragraph(description.summary);
    for text in &description.detail {
        html.paragraph(text);
    }
    if !description.parameters.is_empty() {
        html.table(["parameter", "in", "meaning", "value"], |html| {
            for parameter in &description.parameters {
                write_parameter(html, parameter);
            }
        });
    }
    html.element("h4", "Example");
    html.element("pre", &curl(route));
    for success in &description.successes {
        write_example(html, success);
    }
    html.table(["status", "meaning", "headers"], |html| {
        for Success { status, text, headers, content } in &description.successes {
            let media_type = content.as_ref().map_or("", |content| content.media_type);
            let headers: Vec<_> = headers.iter().map(|header| header.name).collect();
            let text = if media_type.is_empty() {
                (*text).to_owned()
            } else {
                format!("{text} ({media_type})")
            };
            html.row(&[&status.to_string(), &text, &headers.join(", ")]);
        }
        let common = route.common();
        for (status, kinds) in route.problems() {
            let own = kinds.iter().filter(|kind| !is_everywhere(**kind, &common));
            for kind in own {
                html.row(&[&status.to_string(), &meaning(*kind), ""]);
            }
        }
    });
    html.raw("</article>");
}

/// Whether it is said once for all routes: the list at the end has it.
fn is_everywhere(kind: Kind, common: &[Kind]) -> bool {
    common.contains(&kind) && kind != Kind::InvalidBody && kind != Kind::InvalidParameter
}

fn meaning(kind: Kind) -> String {
    format!("{}: {}", kind.slug(), kind.title())
}

fn write_parameter(html: &mut Html, parameter: &Parameter) {
    let is_required = if parameter.is_required { " (required)" } else { "" };
    let name = format!("{}{is_required}", parameter.name);
    html.row(&[&name, parameter.place.name(), parameter.text, &range(&parameter.schema)]);
}

/// Says in words what a simple schema allows.
fn range(schema: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut parts = Vec::new();
    if let (Some(low), Some(high)) = (schema.get("minimum"), schema.get("maximum")) {
        parts.push(format!("{low} to {high}"));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        parts.push(words.iter().map(text).collect::<Vec<_>>().join(" or "));
    }
    if let Some(default) = schema.get("default") {
        parts.push(format!("default {}", text(default)));
    }
    parts.join(", ")
}

fn write_example(html: &mut Html, success: &Success) {
    let example = success.content.as_ref().and_then(|content| content.example.as_ref());
    if let Some(example) = example {
        let text = example.as_str().map_or_else(|| format!("{example:#}"), str::to_owned);
        html.element("pre", &text);
    }
}

/// Returns a command that sends an example request.
fn curl(route: &Documented) -> String {
    let mut words = vec!["curl".to_owned()];
    if route.method != http::Method::GET {
        words.push(format!("-X {}", route.method));
    }
    if route.access != Access::Everyone {
        words.push("-u NAME:PASSWORD".to_owned());
    }
    if let Body::Needed(contents) = &route.description.body
        && let Some(Content { media_type, example: Some(example), .. }) = contents.first()
    {
        words.push(format!("-H {}", quoted(&format!("Content-Type: {media_type}"))));
        let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        words.push(format!("-d {}", quoted(&text)));
    }
    words.push(quoted(&format!("http://localhost:3000{}", route.example_target())));
    words.join(" ")
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What any route may be refused for.
fn write_common(html: &mut Html) {
    html.element("h2", "Every route");
    html.element("p", "These statuses are possible too, wherever they make sense: those about credentials and roles where credentials are required, and those about bodies where a body is read.");
    html.table(["status", "type", "meaning"], |html| {
        for kind in [
            Kind::MalformedRequest,
            Kind::Unauthorized,
            Kind::ForbiddenRole,
            Kind::ForeignOrigin,
            Kind::RequestTimeout,
            Kind::BodyTooLarge,
            Kind::UnsupportedMediaType,
            Kind::MisdirectedRequest,
            Kind::TooManyWrongPasswords,
            Kind::Internal,
            Kind::UnknownTransferCoding,
            Kind::Busy,
        ] {
            html.row(&[&kind.status().as_u16().to_string(), &kind.uri(), kind.title()]);
        }
    });
}

fn write_schemas(html: &mut Html, schemas: &BTreeMap<String, Value>) {
    html.element("h2", "Schemas");
    for (name, schema) in schemas {
        html.raw("<details><summary><code>");
        html.text(name);
        html.raw("</code></summary>");
        html.element("pre", &format!("{schema:#}"));
        html.raw("</details>");
    }
}

#[cfg(test)]
mod tests;
