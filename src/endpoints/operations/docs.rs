//! The page that explains the API, made from the OpenAPI document: no script, nothing from elsewhere.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, context};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The page's stylesheet, to be served beside it.
pub const STYLE: &str = include_str!("docs.css");

/// The methods of a path item that are operations (OpenAPI 3.0.3, section 4.7.9).
const METHODS: [&str; 8] = ["get", "head", "post", "put", "patch", "delete", "options", "trace"];

/// Where the page finds what it links to, relative to itself or absolute.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Links<'a> {
    /// [`STYLE`].
    pub style: &'a str,
    /// The document itself.
    pub document: &'a str,
    /// The address that calls go to, without a slash at the end.
    pub server: &'a str,
}

#[derive(Serialize)]
struct Chapter<'a> {
    name: &'a str,
    operations: Vec<Operation<'a>>,
}

#[derive(Clone, Serialize)]
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    about: &'a Value,
}

/// The page for `document`. Every text in it is escaped.
///
/// # Errors
/// When the template does not fit the document: a fault of ours.
pub fn page(document: &Value, links: Links<'_>) -> Result<String> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_filter("pretty", pretty);
    templates.add_filter("prose", prose);
    templates
        .add_filter("example", |schema: Serde<Value>, schemas: Serde<Value>| Serde(example(&schema.0, &schemas.0, 0)));
    let (chapters, schemas) = (chapters(document), &document["components"]["schemas"]);
    let values = context! {
        info => Serde(&document["info"]), links => Serde(&links), chapters => Serde(&chapters), schemas => Serde(schemas),
    };
    templates.render_str(include_str!("docs.html"), values).map_err(Error::internal)
}

fn chapters(document: &Value) -> Vec<Chapter<'_>> {
    let mut chapters: Vec<Chapter<'_>> = Vec::new();
    for operation in operations(document) {
        let name = operation.about["tags"][0].as_str().unwrap_or("More");
        match chapters.iter_mut().find(|chapter| chapter.name == name) {
            Some(chapter) => chapter.operations.push(operation),
            None => chapters.push(Chapter { name, operations: vec![operation] }),
        }
    }
    chapters
}

fn operations(document: &Value) -> impl Iterator<Item = Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = METHODS.iter().filter_map(|method| Some((*method, item.get(method)?)));
        methods.map(|(method, about)| Operation { method, path, about })
    })
}

/// Text with what stands between backticks as code, all of it escaped.
fn prose(text: Option<String>) -> minijinja::Value {
    let mut html = String::new();
    for (place, part) in text.unwrap_or_default().split('`').enumerate() {
        let part = HtmlEscape(part);
        html.push_str(&if place % 2 == 0 { part.to_string() } else { format!("<code>{part}</code>") });
    }
    minijinja::Value::from_safe_string(html)
}

fn pretty(value: Serde<Value>) -> String {
    serde_json::to_string_pretty(&value.0).unwrap_or_default()
}

/// The example of a schema, or one put together from those of its fields.
fn example(schema: &Value, schemas: &Value, depth: usize) -> Value {
    let reference = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let schema = reference.map_or(schema, |name| &schemas[name]);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    match schema["type"].as_str() {
        // A schema may hold itself.
        _ if depth > 4 => Value::Null,
        Some("object") => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(
                fields.map(|(name, field)| (name.clone(), example(field, schemas, depth + 1))).collect::<Map<_, _>>(),
            )
        }
        Some("array") => Value::Array(vec![example(&schema["items"], schemas, depth + 1)]),
        Some("string") => schema["enum"].get(0).cloned().unwrap_or_else(|| "text".into()),
        Some("integer" | "number") => 0.into(),
        Some("boolean") => false.into(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LINKS: Links<'_> =
        Links { style: "/docs/docs.css", document: "/openapi.json", server: "https://auth.example.com" };

    fn document() -> Value {
        let letter = json!({ "type": "object", "required": ["text"], "description": "A <b>letter</b>.", "properties": {
            "text": { "type": "string", "description": "What it says.", "maxLength": 80 },
            "copies": { "type": "array", "items": { "$ref": "#/components/schemas/Letter" } },
            "seal": { "type": "string", "nullable": true, "enum": ["wax", "none"] },
        } });
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Letter" } } });
        let operation = json!({
            "operationId": "sendLetter", "summary": "Send a `letter`", "description": "\"><script>alert(1)</script> `<script>`",
            "tags": ["Letters"], "security": [{ "bearer": [] }],
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }],
            "requestBody": { "required": true, "content": content },
            "responses": { "200": { "description": "", "content": content }, "503": { "description": "Busy.",
                "headers": { "Retry-After": { "description": "Seconds.", "schema": { "type": "integer" } } } } },
        });
        json!({
            "openapi": "3.0.0", "info": { "title": "Letters & more", "version": "1.2" },
            "paths": { "/letters/{id}": { "post": operation } }, "components": { "schemas": { "Letter": letter } },
        })
    }

    #[test]
    fn the_page_shows_operations_schemas_and_a_call_to_copy() {
        let page = page(&document(), LINKS).expect("renders");
        for part in [
            "<title>Letters &amp; more</title>",
            "id=\"sendLetter\"",
            "Send a <code>letter</code>",
            "<code>&lt;script&gt;</code>",
            "href=\"#schema-Letter\"",
            "Retry-After",
            "curl -X POST https:&#x2f;&#x2f;auth.example.com&#x2f;letters&#x2f;{id}",
            "at most 80",
            "may be null",
            "&quot;wax&quot;",
        ] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
    }

    #[test]
    fn sec_129_the_page_escapes_everything_and_loads_nothing_from_elsewhere() {
        let page = page(&document(), LINKS).expect("renders");
        assert!(
            !page.contains("<script")
                && !page.contains("<b>letter")
                && !page.contains("style=\"")
                && !page.contains("<style")
        );
        let sources = page.split("src=\"").skip(1).chain(page.split("href=\"").skip(1));
        for source in sources {
            assert!(
                source.starts_with('/') || source.starts_with('#') || source.starts_with("&#x2f;"),
                "{}",
                &source[..20]
            );
        }
    }

    #[test]
    fn an_empty_document_is_a_page_too() {
        assert!(page(&json!({}), LINKS).is_ok());
    }
}
