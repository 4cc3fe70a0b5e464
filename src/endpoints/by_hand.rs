//! Operations of the OpenAPI document that no generator describes, because their answers are whole documents of the
//! specifications.
//!
//! The authorization and logout endpoints stand nowhere in it: a person's browser goes there, by an address that
//! discovery names, and no generated client has a use for a function that does.

use serde_json::{Value, json};

/// Adds them to `document`.
pub(super) fn add(document: &mut Value) {
    let discovery = "All that this issuer speaks, by the names of the specifications; true of what is switched on.";
    let issuer = "Where the tokens come from; every address begins with it.";
    let metadata = json!({
        "type": "object",
        "title": "ProviderMetadata",
        "description": discovery,
        "required": ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"],
        "properties": {
            "issuer": { "type": "string", "description": issuer },
            "authorization_endpoint": text("Where people are sent to sign in."),
            "token_endpoint": text("Where clients get tokens."),
            "jwks_uri": text("Where the public keys are."),
        },
        "additionalProperties": true,
    });
    let keys = json!({
        "type": "object",
        "title": "KeySet",
        "description": "The public keys that tokens are signed with.",
        "required": ["keys"],
        "properties": {
            "keys": {
                "type": "array",
                "description": "One for each algorithm and stage.",
                "items": { "type": "object", "additionalProperties": true },
            },
        },
    });
    document["components"]["schemas"]["ProviderMetadata"] = metadata;
    document["components"]["schemas"]["KeySet"] = keys;
    let paths = &mut document["paths"];
    paths["/.well-known/openid-configuration"] = get(&Described {
        operation: "discover",
        summary: "Read what this issuer speaks (OpenID Connect Discovery)",
        about: discovery,
        schema: "ProviderMetadata",
    });
    paths["/.well-known/oauth-authorization-server"] = get(&Described {
        operation: "discoverOAuth",
        summary: "Read what this issuer speaks (RFC 8414)",
        about: "The same, for clients that know OAuth alone.",
        schema: "ProviderMetadata",
    });
    paths["/oauth2/jwks"] = get(&Described {
        operation: "getKeys",
        summary: "Read the public keys (RFC 7517)",
        about: "A key stands there well before it signs, and until no token that it has signed can be alive.",
        schema: "KeySet",
    });
}

struct Described {
    operation: &'static str,
    summary: &'static str,
    about: &'static str,
    schema: &'static str,
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

fn get(it: &Described) -> Value {
    let Described { operation, summary, about, schema } = it;
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    let seconds = json!({ "description": "For how long it may be kept.", "schema": { "type": "string" } });
    json!({
        "get": {
            "tags": ["OAuth"],
            "summary": summary,
            "description": about,
            "operationId": operation,
            "responses": {
                "200": {
                    "description": "Done.",
                    "headers": { "Cache-Control": seconds },
                    "content": { "application/json": { "schema": schema } },
                },
            },
        },
    })
}
