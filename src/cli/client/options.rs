//! What the command line takes.

use std::time::Duration;

use clap::{Args, Subcommand};
use entity::ClientId;

use crate::env::numbers;
use crate::services::clients::{
    AuthMethod, GrantType, Introspect, Metadata, RedirectUri, ScopeList, WebUri, client_id,
};

/// The longest time that a replaced secret may still open for, in seconds: 90 days.
const LONGEST_OVERLAP: u64 = 90 * 86_400;

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
    /// Remove the client
    Remove(Which),
}

/// Which client.
#[derive(Args, Debug)]
pub struct Which {
    /// Its id
    #[arg(value_name = "ID", value_parser = client_id)]
    pub(super) id: ClientId,
}

/// A new client.
#[derive(Args, Debug)]
pub struct Add {
    #[command(flatten)]
    pub(super) which: Which,
    /// The name that people read
    #[arg(long)]
    name: Option<String>,
    /// Where a sign-in may end; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<RedirectUri>,
    /// Where a logout may end; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where the client is told of logouts
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<WebUri>,
    /// The scopes that it may ask for, by blanks
    #[arg(long, value_name = "SCOPES")]
    scope: Option<ScopeList>,
    /// How it proves who it is: client_secret_basic or client_secret_post
    #[arg(long, value_name = "METHOD", default_value = "client_secret_basic", value_parser = auth_method)]
    auth_method: AuthMethod,
    /// What it may ask tokens for; may be repeated
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<GrantType>,
    /// It cannot keep a secret: it gets none and may not introspect
    #[arg(long, conflicts_with_all = ["auth_method", "introspect", "no_pkce"])]
    public: bool,
    /// It is your own: people are not asked for their consent
    #[arg(long)]
    trusted: bool,
    /// Its sign-ins need no PKCE
    #[arg(long)]
    no_pkce: bool,
    /// Only people with a confirmed e-mail address may enter
    #[arg(long)]
    requires_verified_email: bool,
    /// Which tokens it may have introspected: own, or all as a chat backend needs
    #[arg(long, value_name = "WHICH")]
    introspect: Option<Introspect>,
}

impl Add {
    /// The metadata that the options describe.
    pub(super) fn metadata(self) -> Metadata {
        Metadata {
            client_name: self.name,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            token_endpoint_auth_method: if self.public { AuthMethod::None } else { self.auth_method },
            grant_types: self.grants,
            scope: self.scope,
            trusted: self.trusted,
            requires_verified_email: self.requires_verified_email,
            introspect: self.introspect,
            require_pkce: !self.no_pkce,
            ..Metadata::default()
        }
    }
}

fn auth_method(text: &str) -> Result<AuthMethod, String> {
    match text.parse()? {
        AuthMethod::None => Err("say --public instead".into()),
        AuthMethod::PrivateKeyJwt => Err("the keys that it needs can only be declared in POSTERN_CLIENTS_FILE".into()),
        method => Ok(method),
    }
}

fn overlap(text: &str) -> Result<Duration, String> {
    numbers::duration(text, 0..=LONGEST_OVERLAP).map_err(|fault| fault.to_string())
}
