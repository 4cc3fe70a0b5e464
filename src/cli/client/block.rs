//! The settings that an app is given so that it signs people in here, ready to be pasted.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::Installation;
use super::apps::{AppUrl, ChatApp};
use super::options::Options;
use crate::env::parse_dotenv;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::services::clients::{Added, RedirectUri};

/// A file of settings, and what stands in the way of its use.
pub(super) struct Block {
    /// The file, in the form of `.env`.
    pub(super) text: String,
    /// Why the app would refuse it.
    pub(super) warnings: Vec<String>,
}

/// What stands in the places of a template.
#[derive(Serialize)]
struct Places<'a> {
    /// What discovery tells, by its names.
    provider: &'a Value,
    client_id: &'a str,
    client_secret: Option<&'a str>,
    auth_method: &'static str,
    /// A key that the app alone knows.
    session_secret: String,
    redirect_uris: Vec<&'a str>,
    url: Option<&'a str>,
    title: &'a str,
    /// A file of certificates, by its whole path.
    authority: Option<String>,
    requires_pkce: bool,
    reuse_tokens: bool,
    /// Where a sign-in ends is a guess.
    assumes_address: bool,
}

impl Block {
    /// The block for `app`.
    ///
    /// # Errors
    /// A template that cannot be filled in: a fault of ours.
    pub(super) fn new(app: ChatApp, options: &Options, added: &Added, installation: &Installation<'_>) -> Result<Self> {
        let metadata = &added.client.metadata;
        let is_plain = |text: &&str| text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'));
        let places = Places {
            provider: &installation.provider,
            client_id: added.client.id.as_str(),
            client_secret: added.secret.as_ref().map(Secret::expose),
            auth_method: metadata.token_endpoint_auth_method.name(),
            session_secret: hex::encode(installation.random.bytes::<32>()),
            redirect_uris: metadata.redirect_uris.iter().map(RedirectUri::as_str).collect(),
            url: options.url.as_ref().map(AppUrl::as_str),
            // In quotes, which it could end.
            title: Some(installation.title).filter(is_plain).unwrap_or("Postern"),
            authority: installation.authority.map(whole_path),
            requires_pkce: metadata.require_pkce,
            reuse_tokens: options.reuse_tokens,
            assumes_address: options.assumes_address(),
        };
        let text = fill_in(app.template(), &places)?;
        Ok(Self { text, warnings: warnings(app, installation.issuer()) })
    }

    /// The settings by name, without comments.
    pub(super) fn settings(&self) -> BTreeMap<String, String> {
        parse_dotenv(&self.text).into_iter().map(|it| (it.name, it.value)).collect()
    }
}

fn whole_path(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn fill_in(template: &str, places: &Places<'_>) -> Result<String> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    let tidy = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(Error::internal)?;
    templates.set_syntax(tidy);
    let drawn = templates.render_str(template, Serde(places));
    drawn.map_err(Error::internal)
}

/// Where `app` would refuse our address.
fn warnings(app: ChatApp, issuer: &str) -> Vec<String> {
    let is_http = Url::parse(issuer).is_ok_and(|issuer| issuer.scheme() == "http");
    let name = app.title().unwrap_or_default();
    let refused = format!(
        "{name} takes only an https issuer, on its own machine too, and POSTERN_URL is {issuer}. Set POSTERN_TLS=internal \
         (a certificate made here, for one machine), or POSTERN_TLS_CERTIFICATE and POSTERN_TLS_KEY, or let a proxy speak \
         https; write the https address into POSTERN_URL, restart Postern, and give {name} that address as its issuer."
    );
    if is_http && app.insists_on_https() { vec![refused] } else { Vec::new() }
}
