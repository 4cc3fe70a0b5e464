//! GitHub (OAuth 2.0 and its REST API), Enterprise Server by other addresses.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::super::profile::picture;
use super::{Api, Fixed, Known, Source, Trust};
use crate::error::Result;
use crate::services::users::identity::Profile;
use crate::services::users::standing::Standing;

pub(super) const GITHUB: Known = Known {
    kind: "github",
    name: "GitHub",
    fixed: Some(Fixed {
        issuer: "https://github.com/login/oauth",
        authorization_url: "https://github.com/login/oauth/authorize",
        token_url: "https://github.com/login/oauth/access_token",
        api_url: "https://api.github.com",
        jwks_url: None,
        version: "",
        takes_post: true,
    }),
    scope: &["read:user", "user:email"],
    parameters: &[],
    again: &[("prompt", "select_account")],
    trust: Trust::Claimed,
    source: Source::Api(ask),
    groups: Some(groups),
    scope_of_groups: &["read:org"],
};

fn ask<'a>(api: &'a Api<'a>) -> BoxFuture<'a, Result<Profile>> {
    Box::pin(async move {
        let user = api.get("/user").await?;
        // Logins are given up and taken by others; the number stays with its person.
        let Some(subject) = user["id"].as_u64() else { return Err(api.nonsense("the id is no number")) };
        if user["type"].as_str().is_some_and(|kind| kind != "User") {
            return Err(api.nonsense("it is no person's account"));
        }
        let emails = api.get_if_allowed("/user/emails").await?;
        let (login, name) = (user["login"].as_str(), user["name"].as_str());
        Ok(Profile {
            who: api.who(subject.to_string()),
            // What stands in the profile itself is public, and nobody has checked it (SEC-100).
            email: primary(emails.as_ref()).and_then(|(address, verified)| api.email(address, verified)),
            name: api.name([name, login]),
            username: login.map(str::to_owned),
            picture: user["avatar_url"].as_str().and_then(picture),
            standing: Standing::default(),
        })
    })
}

/// Organisations, and teams as `organisation/team`, in lower case: their names are the same in any.
fn groups<'a>(api: &'a Api<'a>) -> BoxFuture<'a, Result<Vec<String>>> {
    Box::pin(async move {
        let mut groups = Vec::new();
        for membership in api.linked("/user/memberships/orgs?state=active&per_page=100").await? {
            let organization = membership["organization"]["login"].as_str();
            // Who has only been invited is in no organisation.
            groups.extend(organization.filter(|_| membership["state"] == "active").map(str::to_lowercase));
        }
        for team in api.linked("/user/teams?per_page=100").await? {
            // Names of teams are anybody's choice, in each organisation anew.
            if let (Some(organization), Some(slug)) = (team["organization"]["login"].as_str(), team["slug"].as_str()) {
                groups.push(format!("{organization}/{slug}").to_lowercase());
            }
        }
        Ok(groups)
    })
}

/// The primary address, and whether it is verified. An app without the right to see them sees none.
fn primary(emails: Option<&Value>) -> Option<(&str, bool)> {
    let emails = emails?.as_array()?;
    let primary = emails.iter().find(|email| email["primary"] == true)?;
    Some((primary["email"].as_str()?, primary["verified"] == true))
}
