//! The kinds of providers: tables, and a function where the profile is an API's answer.
//!
//! A new one is a file with its table, and a line in [`ALL`].

mod api;
mod apple;
mod discord;
mod facebook;
mod github;
mod google;
mod openid;
mod pages;

pub use api::Api;

use futures_util::future::BoxFuture;

use super::connector::Trust;
use crate::error::Result;
use crate::services::users::identity::Profile;

/// The addresses of a provider that there is one of. `{version}` stands for that of its API.
#[derive(Debug)]
pub struct Fixed {
    /// What it calls itself.
    pub issuer: &'static str,
    /// Where people are sent.
    pub authorization_url: &'static str,
    /// Where codes are exchanged.
    pub token_url: &'static str,
    /// The base of its API, or its userinfo endpoint; empty where it has neither.
    pub api_url: &'static str,
    /// Where its public keys are, where it signs ID tokens.
    pub jwks_url: Option<&'static str>,
    /// The version of its API.
    pub version: &'static str,
    /// Whether it takes the secret in the form.
    pub takes_post: bool,
}

/// Asks an API who holds the token that came for a code.
pub type Ask = for<'a> fn(&'a Api<'a>) -> BoxFuture<'a, Result<Profile>>;

/// Asks an API in which groups whoever holds the token is.
pub type AskGroups = for<'a> fn(&'a Api<'a>) -> BoxFuture<'a, Result<Vec<String>>>;

/// Where a profile comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The claims of an ID token.
    IdToken,
    /// The answers of an API.
    Api(Ask),
}

/// What is known of a kind of provider.
#[derive(Debug)]
pub struct Known {
    /// The word for it.
    pub kind: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Its addresses; none: its issuer is a setting, and says them.
    pub fixed: Option<Fixed>,
    /// What is asked for.
    pub scope: &'static [&'static str],
    /// Parameters of the authorization request besides.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Parameters of the request besides where the person has to prove anew who they are, as far as it can be
    /// asked for that.
    pub again: &'static [(&'static str, &'static str)],
    /// Whether its word for an address counts.
    pub trust: Trust,
    /// Where the profile comes from.
    pub source: Source,
    /// Where its groups come from, where those are an API's answer; they come in lower case.
    pub groups: Option<AskGroups>,
    /// What is asked for besides where groups matter.
    pub scope_of_groups: &'static [&'static str],
}

/// Has the provider answer by a form that the browser posts (OAuth 2.0 Form Post Response Mode).
const FORM_POST: (&str, &str) = ("response_mode", "form_post");

/// Has the person prove anew who they are, and the ID token say when (OpenID Connect Core section 3.1.2.1).
const PROVE_ANEW: [(&str, &str); 2] = [("prompt", "login"), ("max_age", "0")];

impl Known {
    /// Whether it can be had to ask people anew who they are, and tells that it did.
    #[must_use]
    pub fn asks_anew(&self) -> bool {
        self.again == PROVE_ANEW
    }

    /// Whether its answers come as a form, which another site's page posts.
    #[must_use]
    pub fn answers_by_form(&self) -> bool {
        self.parameters.contains(&FORM_POST)
    }
}

/// Every kind, in the order of the buttons.
pub const ALL: [&Known; 6] =
    [&openid::OPENID, &google::GOOGLE, &github::GITHUB, &discord::DISCORD, &facebook::FACEBOOK, &apple::APPLE];

/// The kind that is called `kind`.
#[must_use]
pub fn named(kind: &str) -> Option<&'static Known> {
    ALL.into_iter().find(|known| known.kind == kind)
}
