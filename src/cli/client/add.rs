//! `postern client add`: a client by its options, or by the app that it is for.

use std::io::Write;

use clap::error::ErrorKind as Usage;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde_json::json;

use super::Installation;
use super::apps::{AppUrl, ChatApp};
use super::block::Block;
use super::options::Options;
use super::show::{described, line};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::audit::Actor;
use crate::services::clients::{Added, AuthMethod, Clients, Metadata, ScopeList};

/// A new client, whose options go together.
#[derive(Debug)]
pub struct Add(Options);

impl Args for Add {
    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}

impl FromArgMatches for Add {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let options = Options::from_arg_matches(matches)?;
        match options.app.and_then(|app| problem(app, &options)) {
            Some((kind, words)) => Err(clap::Error::raw(kind, words)),
            None => Ok(Self(options)),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What does not go together with `--for APP`.
fn problem(app: ChatApp, options: &Options) -> Option<(Usage, String)> {
    let is_generic = app == ChatApp::Generic;
    let has_path = options.url.as_ref().is_some_and(AppUrl::has_path);
    let other_method = match (app.auth_method(), options.auth_method) {
        (Some(own), Some(asked)) if own != asked => Some(own.name()),
        _ => None,
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '~');
    let rules = [
        (
            is_generic || options.url.is_some(),
            Usage::MissingRequiredArgument,
            "needs --url, where people open the app, such as --url https://chat.example.com".to_owned(),
        ),
        (
            !is_generic || options.url.is_some() || !options.redirect_uris.is_empty(),
            Usage::MissingRequiredArgument,
            "needs --url, where the app is (https://app.example.com), or --redirect-uri, where its sign-ins end"
                .to_owned(),
        ),
        (
            app.may_have_path() || !has_path,
            Usage::ArgumentConflict,
            "takes a --url without a path: that app has a host of its own".to_owned(),
        ),
        (
            is_generic || !options.public,
            Usage::ArgumentConflict,
            "does not go with --public: that app proves itself by a secret".to_owned(),
        ),
        (
            is_generic || !options.no_pkce,
            Usage::ArgumentConflict,
            "does not go with --no-pkce: that app uses PKCE".to_owned(),
        ),
        (
            other_method.is_none(),
            Usage::ArgumentConflict,
            format!("does not go with that --auth-method: the app uses {}", other_method.unwrap_or_default()),
        ),
        (
            app == ChatApp::LibreChat || !options.reuse_tokens,
            Usage::ArgumentConflict,
            "does not go with --reuse-tokens, which LibreChat alone knows".to_owned(),
        ),
        (
            options.which.id.as_str().chars().all(is_plain),
            Usage::ValueValidation,
            "needs an ID of letters, digits and - _ . : ~, as it stands in a settings file".to_owned(),
        ),
    ];
    let broken = rules.into_iter().find(|(is_kept, ..)| !is_kept);
    broken.map(|(_, kind, words)| (kind, format!("--for {app} {words}")))
}

impl Options {
    /// The metadata that the app and the options describe; lists of the options add to the app's, but where a
    /// sign-in ends is only assumed of an app that nobody knows.
    fn metadata(&self) -> Result<Metadata, String> {
        let mut preset = self.app.map(|app| app.metadata(self.url.as_ref())).transpose()?.unwrap_or_default();
        if self.app == Some(ChatApp::Generic) && !self.assumes_address() {
            preset.redirect_uris.clear();
        }
        let own = if self.public { Some(AuthMethod::None) } else { self.auth_method };
        Ok(Metadata {
            client_name: self.name.clone().or(preset.client_name),
            redirect_uris: joined(preset.redirect_uris, &self.redirect_uris),
            post_logout_redirect_uris: joined(preset.post_logout_redirect_uris, &self.post_logout_redirect_uris),
            backchannel_logout_uri: self.backchannel_logout_uri.clone(),
            token_endpoint_auth_method: own.unwrap_or(preset.token_endpoint_auth_method),
            grant_types: joined(preset.grant_types, &self.grants),
            scope: scopes(preset.scope, self.scope.as_ref())?,
            trusted: self.trusted || preset.trusted,
            requires_verified_email: self.requires_verified_email || preset.requires_verified_email,
            introspect: self.introspect,
            require_pkce: !self.no_pkce,
            ..preset
        })
    }

    /// Whether nobody has said where a sign-in of an app that nobody knows ends.
    pub(super) fn assumes_address(&self) -> bool {
        self.app == Some(ChatApp::Generic) && self.redirect_uris.is_empty()
    }
}

fn joined<T: Clone + PartialEq>(mut all: Vec<T>, more: &[T]) -> Vec<T> {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
    all
}

fn scopes(preset: Option<ScopeList>, asked: Option<&ScopeList>) -> Result<Option<ScopeList>, String> {
    match (preset, asked) {
        (Some(preset), Some(asked)) => joined(preset.as_slice().to_vec(), asked.as_slice()).join(" ").parse().map(Some),
        (preset, asked) => Ok(preset.or_else(|| asked.cloned())),
    }
}

/// Adds the client and hands over what it needs to know.
///
/// # Errors
/// What the clients refuse, in words for the operator.
pub(super) async fn add(
    Add(new): Add,
    clients: &Clients,
    installation: &Installation<'_>,
    json: bool,
    (out, err): (&mut impl Write, &mut impl Write),
) -> Result<()> {
    let metadata = new.metadata().map_err(|words| Error::new(ErrorKind::InvalidInput, words))?;
    let added = clients.add(new.which.id.clone(), metadata, Actor::Command).await?;
    let block = new.app.map(|app| Block::new(app, &new, &added, installation)).transpose()?;
    if let Some(block) = &block {
        block.warnings.iter().try_for_each(|warning| line(err, format_args!("Warning: {warning}")))?;
    }
    if json {
        return line(out, document(&added, block.as_ref())?);
    }
    let is_added = format!("Client {} is added.", added.client.id);
    match (block, added.secret) {
        // The block alone goes to `out`, so that it can be sent into a file.
        (Some(block), secret) => {
            let once = if secret.is_some() { " Its secret is shown this once." } else { "" };
            line(err, format_args!("{is_added}{once}"))?;
            line(out, block.text.trim_end())
        }
        (None, Some(secret)) => {
            line(out, is_added)?;
            hand_over(secret.expose(), out)
        }
        (None, None) => {
            line(out, is_added)?;
            line(out, "It is public and has no secret.")
        }
    }
}

/// The client, its secret and, where it is for an app, what that app is to be given.
fn document(added: &Added, block: Option<&Block>) -> Result<serde_json::Value> {
    let mut document = described(&added.client)?;
    if let Some(secret) = added.secret.as_ref().map(Secret::expose) {
        document["client_secret"] = json!(secret);
    }
    if let Some(block) = block {
        document["settings"] = json!(block.settings());
        document["warnings"] = json!(block.warnings);
    }
    Ok(document)
}

pub(super) fn hand_over(secret: &str, out: &mut impl Write) -> Result<()> {
    line(out, format_args!("client_secret = {secret}"))?;
    line(out, "It is shown this once. Put it where the client reads its settings.")
}
