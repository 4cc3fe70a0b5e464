//! What the command line takes.

use std::time::Duration;

use clap::{Args, Subcommand};
use entity::ClientId;

use super::add::Add;
use super::apps::{AppUrl, ChatApp};
use crate::cli::ask::Sure;
use crate::env::numbers;
use crate::services::clients::{AuthMethod, GrantType, Introspect, RedirectUri, ScopeList, WebUri, client_id};
use crate::services::grants::scope;
use crate::services::vocabulary::none_of;

/// The longest time that a replaced secret may still open for, in seconds: 90 days.
const LONGEST_OVERLAP: u64 = 90 * 86_400;
/// The longest life of a token for registration, in seconds: 90 days.
const LONGEST_LIFE: u64 = 90 * 86_400;

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Add a client; its secret is printed this once
    Add(Box<Add>),
    /// List the clients
    List,
    /// Show one client
    Show(Which),
    /// Give the client a new secret, printed this once
    RotateSecret {
        /// Which
        #[command(flatten)]
        which: Which,
        /// For how long the secret from before still opens, such as 24h; 0s ends it at once
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = overlap)]
        keep_previous: Duration,
    },
    /// Remove the client and what people granted it
    Remove {
        /// Which
        #[command(flatten)]
        which: Which,
        /// Whether it is meant
        #[command(flatten)]
        sure: Sure,
    },
    /// Make a token that lets a client register itself, printed this once
    RegistrationToken(NewToken),
}

/// Which client.
#[derive(Args, Debug)]
pub struct Which {
    /// Its id
    #[arg(value_name = "ID", value_parser = client_id)]
    pub(super) id: ClientId,
}

/// What a token lets be done.
#[derive(Args, Debug)]
pub struct NewToken {
    /// For how long it opens, such as 24h
    #[arg(long = "for", value_name = "DURATION", default_value = "24h", value_parser = life)]
    pub(super) lives: Duration,
    /// How many clients may register with it
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    pub(super) uses: i32,
}

/// A new client, as it was typed.
#[derive(Args, Debug)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) which: Which,
    /// The app that it is for, whose settings are filled in and printed: librechat, open-webui or generic
    #[arg(long = "for", value_name = "APP")]
    pub(super) app: Option<ChatApp>,
    /// Where that app is, such as https://chat.example.com
    #[arg(long, value_name = "URL", requires = "app")]
    pub(super) url: Option<AppUrl>,
    /// LibreChat is to live on our tokens instead of sessions of its own (OPENID_REUSE_TOKENS)
    #[arg(long, requires = "app")]
    pub(super) reuse_tokens: bool,
    /// The name that people read
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Where a sign-in may end; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub(super) redirect_uris: Vec<RedirectUri>,
    /// Where a logout may end; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    pub(super) post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where the client is told of logouts
    #[arg(long, value_name = "URI")]
    pub(super) backchannel_logout_uri: Option<WebUri>,
    /// The scopes that it may ask for, by blanks and in quotes: "openid profile email"
    #[arg(long, value_name = "SCOPES", value_parser = scopes)]
    pub(super) scope: Option<ScopeList>,
    /// How it proves who it is: client_secret_basic (what holds unless the app needs another) or client_secret_post
    #[arg(long, value_name = "METHOD", value_parser = auth_method)]
    pub(super) auth_method: Option<AuthMethod>,
    /// What it may ask tokens for; may be repeated
    #[arg(long = "grant", value_name = "GRANT")]
    pub(super) grants: Vec<GrantType>,
    /// It cannot keep a secret: it gets none and may not introspect
    #[arg(long, conflicts_with_all = ["auth_method", "introspect", "no_pkce"])]
    pub(super) public: bool,
    /// It is your own: people are not asked for their consent
    #[arg(long)]
    pub(super) trusted: bool,
    /// Its sign-ins need no PKCE
    #[arg(long)]
    pub(super) no_pkce: bool,
    /// Only people with a confirmed e-mail address may enter
    #[arg(long)]
    pub(super) requires_verified_email: bool,
    /// Which tokens it may have introspected: own, or all as a chat backend needs
    #[arg(long, value_name = "WHICH")]
    pub(super) introspect: Option<Introspect>,
}

fn auth_method(text: &str) -> Result<AuthMethod, String> {
    match text.parse()? {
        AuthMethod::None => Err("say --public instead".into()),
        AuthMethod::PrivateKeyJwt => Err("the keys that it needs can only be declared in POSTERN_CLIENTS_FILE".into()),
        method => Ok(method),
    }
}

fn scopes(text: &str) -> Result<ScopeList, String> {
    let known: Vec<&str> = scope::OF_PEOPLE.into_iter().chain(scope::OF_CLIENTS).collect();
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    match words.iter().find(|word| !known.contains(word)) {
        _ if words.is_empty() => Err(format!("names none of: {}", known.join(", "))),
        Some(word) => Err(none_of(word, &known)),
        None if text.contains(',') => Err(format!("blanks stand between scopes: --scope \"{}\"", words.join(" "))),
        None => text.parse(),
    }
}

fn overlap(text: &str) -> Result<Duration, String> {
    numbers::duration(text, 0..=LONGEST_OVERLAP).map_err(|fault| fault.to_string())
}

fn life(text: &str) -> Result<Duration, String> {
    numbers::duration(text, 60..=LONGEST_LIFE).map_err(|fault| fault.to_string())
}
