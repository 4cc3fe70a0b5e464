//! Facebook (Manually Build a Login Flow, and its Graph API).

use futures_util::future::BoxFuture;

use super::super::profile::picture;
use super::{Api, Fixed, Known, Source, Trust};
use crate::error::Result;
use crate::services::users::identity::Profile;
use crate::services::users::standing::Standing;

pub(super) const FACEBOOK: Known = Known {
    kind: "facebook",
    name: "Facebook",
    fixed: Some(Fixed {
        issuer: "https://www.facebook.com",
        authorization_url: "https://www.facebook.com/{version}/dialog/oauth",
        token_url: "https://graph.facebook.com/{version}/oauth/access_token",
        api_url: "https://graph.facebook.com/{version}",
        jwks_url: None,
        version: "v26.0",
        takes_post: true,
    }),
    scope: &["public_profile", "email"],
    // Who has kept their address back once is asked for it again.
    parameters: &[("auth_type", "rerequest")],
    again: &[],
    // It says nothing of whether an address is the person's.
    trust: Trust::Never,
    source: Source::Api(ask),
    groups: None,
    scope_of_groups: &[],
};

/// What is asked for of a person.
const FIELDS: &str = "id,name,email,picture.width(256).height(256)";

fn ask<'a>(api: &'a Api<'a>) -> BoxFuture<'a, Result<Profile>> {
    Box::pin(async move {
        let proof = api.secret_proof();
        let user = api.get(&format!("/me?fields={FIELDS}&appsecret_proof={proof}")).await?;
        let id = user["id"].as_str().filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(id) = id else { return Err(api.nonsense("the id is no text of digits")) };
        // Who has no picture is a grey outline, which shows nobody.
        let own = user.pointer("/picture/data").filter(|data| data["is_silhouette"] == false);
        Ok(Profile {
            who: api.who(id.to_owned()),
            email: user["email"].as_str().and_then(|address| api.email(address, false)),
            name: api.name([user["name"].as_str(), None]),
            username: None,
            picture: own.and_then(|own| own["url"].as_str()).and_then(picture),
            standing: Standing::default(),
        })
    })
}
