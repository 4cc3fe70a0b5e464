//! What every test needs: servers, databases, and the verbs of the people who use them.

pub(crate) mod answer;
pub(crate) mod browser;
pub(crate) mod certificate;
pub(crate) mod database;
pub(crate) mod device;
pub(crate) mod gate;
pub(crate) mod jws;
pub(crate) mod meddler;
pub(crate) mod more_apps;
pub(crate) mod patience;
pub(crate) mod program;
pub(crate) mod publisher;
pub(crate) mod receiver;
pub(crate) mod relying_party;
pub(crate) mod self_made;
pub(crate) mod server;
pub(crate) mod severed;
pub(crate) mod site;
pub(crate) mod upstream;
pub(crate) mod wire;

use std::collections::BTreeMap;

pub(crate) use answer::Answer;
pub(crate) use browser::Browser;
pub(crate) use database::{Kind, kinds};
pub(crate) use program::{Place, Program, Said};
pub(crate) use relying_party::{App, Tokens};
pub(crate) use self_made::SelfMade;
pub(crate) use server::{TestServer, each};
pub(crate) use site::{PASSWORD, SignedIn, Site};
pub(crate) use wire::Wire;

/// The secrets that servers get here. None of them may ever show up anywhere.
pub(crate) const JWT_SECRET: &str = "K7vFq2mXw9tRb4nZc8sLd3hGj6pYa1eU";
pub(crate) const JWT_REFRESH_SECRET: &str = "P4gTz8kWn2xQv6bMr9cHs3yLf7dJa5eK";
pub(crate) const ENCRYPTION_KEY: &str = "8f3b1c9d7e5a42608f1b3c9d7e5a4260b1d3f5a7c9e0824613579bdf02468ace";
pub(crate) const CLIENT_SECRET: &str = "vR8sT2nLq5wXz9bKc4mHd7gJf3pYa6eU";

/// Settings by name; an empty value takes one away.
pub(crate) type Settings<'a> = &'a [(&'a str, &'a str)];

/// The clients that are declared: one that sees every token, one that sees only its own, one that
/// sends its secret in the form.
pub(crate) fn clients_file() -> String {
    let client = |id: &str, introspect: &str, method: &str| {
        format!(
            "[[client]]\nclient_id = \"{id}\"\nclient_secret = \"{CLIENT_SECRET}\"\nintrospect = \"{introspect}\"\n\
             token_endpoint_auth_method = \"client_secret_{method}\"\n"
        )
    };
    let callers = [client("chat", "all", "basic"), client("narrow", "own", "basic"), client("poster", "all", "post")];
    [&callers.join("\n"), &relying_party::apps_file(), &more_apps::file()].map(String::as_str).join("\n")
}

/// What a server here runs with: limits out of the way, the cheapest hashing that is legal.
pub(crate) fn environment(database: &str, clients: &str, settings: Settings<'_>) -> BTreeMap<String, String> {
    let common = [
        ("POSTERN_LISTEN", "127.0.0.1:0"),
        ("POSTERN_DATABASE_URL", database),
        ("POSTERN_DATABASE_CONNECTIONS", "6"),
        ("POSTERN_CLIENTS_FILE", clients),
        ("POSTERN_ARGON2_MEMORY_KIB", "7168"),
        ("POSTERN_ARGON2_ITERATIONS", "5"),
        ("POSTERN_HASH_QUEUE", "1000"),
        ("LOGIN_MAX", "100000"),
        ("REGISTER_MAX", "100000"),
        ("JWT_SECRET", JWT_SECRET),
        ("JWT_REFRESH_SECRET", JWT_REFRESH_SECRET),
        ("POSTERN_ENCRYPTION_KEY", ENCRYPTION_KEY),
    ];
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in common.iter().chain(settings) {
        all.insert((*name).to_owned(), (*value).to_owned());
    }
    all.retain(|_, value| !value.is_empty());
    all
}
