//! Checks values against the schemas of the document: as JSON Schema has it, and with one rule
//! more, so that nothing is undocumented: an object has only the members that its schema names.

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::{Map, Value};

/// Says of a value where it differs from a schema.
pub(super) type Checked = Result<(), String>;

/// Names of the members that a schema knows.
type Known = BTreeSet<String>;

/// Keywords that say nothing about values, or nothing that is checked here.
const NOTES: [&str; 6] = ["description", "example", "default", "title", "format", "discriminator"];

/// A document, to which schemas refer.
#[derive(Clone, Copy)]
pub(super) struct Schemas<'a>(pub(super) &'a Value);

impl<'a> Schemas<'a> {
    /// Returns what a reference leads to, or the value itself.
    pub(super) fn resolve(self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            None => value,
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap();
                self.0.pointer(pointer).unwrap_or_else(|| panic!("nothing at {reference}"))
            }
        }
    }

    /// Checks a value, whose members must all be named.
    pub(super) fn check(self, schema: &Value, value: &Value) -> Checked {
        let known = self.known(schema, value)?;
        let is_open = schema.as_object().is_some_and(|schema| {
            schema.len() == 1 && schema.get("type").is_some_and(|of| of == "object")
        });
        let mut names = value.as_object().into_iter().flat_map(Map::keys);
        match names.find(|name| !is_open && !known.contains(*name)) {
            Some(name) => Err(format!("`{name}` is not documented: {value} by {schema}")),
            None => Ok(()),
        }
    }

    /// Checks a value, and returns which members the schema names.
    fn known(self, schema: &Value, value: &Value) -> Result<Known, String> {
        let mut known = Known::new();
        for (keyword, argument) in schema.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "$ref" => {
                    known.extend(self.known(self.resolve(schema), value)?);
                    true
                }
                "allOf" => {
                    for part in argument.as_array().unwrap() {
                        known.extend(self.known(part, value)?);
                    }
                    true
                }
                "oneOf" | "anyOf" => {
                    let parts = argument.as_array().unwrap().iter();
                    let fitting: Vec<_> =
                        parts.filter_map(|part| self.known(part, value).ok()).collect();
                    let is_one = keyword == "anyOf" || fitting.len() == 1;
                    known.extend(fitting.iter().flatten().cloned());
                    is_one && !fitting.is_empty()
                }
                "properties" => {
                    known.extend(self.properties(argument, value)?);
                    true
                }
                "items" => {
                    let mut items = value.as_array().into_iter().flatten();
                    items.try_for_each(|item| self.check(argument, item))?;
                    true
                }
                _ => is_met(keyword, argument, value),
            };
            if !holds {
                return Err(format!("{keyword} {argument} is not met by {value}"));
            }
        }
        Ok(known)
    }

    fn properties(self, properties: &Value, value: &Value) -> Result<Known, String> {
        let properties = properties.as_object().unwrap();
        for (name, schema) in properties {
            if let Some(member) = value.get(name) {
                self.check(schema, member).map_err(|error| format!("{name}: {error}"))?;
            }
        }
        Ok(properties.keys().cloned().collect())
    }
}

fn is_met(keyword: &str, argument: &Value, value: &Value) -> bool {
    let length = |value: &Value| value.as_array().map(Vec::len);
    match keyword {
        "type" => match argument {
            Value::Array(types) => types.iter().any(|name| is_of(name, value)),
            name => is_of(name, value),
        },
        "enum" => argument.as_array().unwrap().contains(value),
        "required" => {
            let mut names = argument.as_array().unwrap().iter();
            let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
            !value.is_object() || names.all(has)
        }
        "pattern" => {
            let pattern = Regex::new(argument.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "minimum" => value.as_f64().is_none_or(|number| number >= argument.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= argument.as_f64().unwrap()),
        "maxItems" => {
            length(value).is_none_or(|length| length as u64 <= argument.as_u64().unwrap())
        }
        _ => {
            assert!(NOTES.contains(&keyword), "the check does not know `{keyword}`");
            true
        }
    }
}

fn is_of(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        name => panic!("the check does not know the type `{name}`"),
    }
}

#[test]
fn the_check_sees_what_does_not_fit() {
    let document = serde_json::json!({"s": {
        "hash": {"type": "string", "pattern": "^[0-9a-f]{4}$"},
        "base": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 0}}},
    }});
    let schema = serde_json::json!({
        "allOf": [
            {"$ref": "#/s/base"},
            {"properties": {
                "h": {"oneOf": [{"type": "null"}, {"$ref": "#/s/hash"}]},
                "l": {"type": "array", "items": {"enum": ["x"]}, "maxItems": 1},
            }},
        ],
    });
    let check =
        |text: &str| Schemas(&document).check(&schema, &serde_json::from_str(text).unwrap());
    for text in [r#"{"a":0}"#, r#"{"a":1,"h":null,"l":[]}"#, r#"{"a":1,"h":"00ff","l":["x"]}"#] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
    for text in [
        "{}",
        "[]",
        r#"{"a":-1}"#,
        r#"{"a":1.5}"#,
        r#"{"a":null}"#,
        r#"{"a":0,"b":0}"#,
        r#"{"a":0,"h":"00FF"}"#,
        r#"{"a":0,"l":["y"]}"#,
        r#"{"a":0,"l":["x","x"]}"#,
    ] {
        assert!(check(text).is_err(), "{text}");
    }
}
