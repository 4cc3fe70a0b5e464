//! Discord (OAuth 2.0 and its API).

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Api, Fixed, Known, Source, Trust};
use crate::error::Result;
use crate::services::users::identity::Profile;
use crate::services::users::standing::Standing;

pub(super) const DISCORD: Known = Known {
    kind: "discord",
    name: "Discord",
    fixed: Some(Fixed {
        issuer: "https://discord.com",
        authorization_url: "https://discord.com/oauth2/authorize",
        token_url: "https://discord.com/api/oauth2/token",
        api_url: "https://discord.com/api/{version}",
        jwks_url: None,
        version: "v10",
        takes_post: true,
    }),
    scope: &["identify", "email"],
    parameters: &[],
    again: &[("prompt", "consent")],
    trust: Trust::Claimed,
    source: Source::Api(ask),
    groups: Some(groups),
    scope_of_groups: &["guilds.members.read"],
};

fn ask<'a>(api: &'a Api<'a>) -> BoxFuture<'a, Result<Profile>> {
    Box::pin(async move {
        let user = api.get("/users/@me").await?;
        // A number of 64 bits, written as text: as a number it would lose digits on the way.
        let id = user["id"].as_str().filter(|id| is_id(id));
        let Some(id) = id else { return Err(api.nonsense("the id is no text of digits")) };
        if user["bot"] == true {
            return Err(api.nonsense("it is a bot's account"));
        }
        let username = user["username"].as_str();
        Ok(Profile {
            who: api.who(id.to_owned()),
            email: user["email"].as_str().and_then(|address| api.email(address, user["verified"] == true)),
            name: api.name([user["global_name"].as_str(), username]),
            username: username.map(str::to_owned),
            picture: picture(id, &user),
            standing: Standing::default(),
        })
    })
}

/// Where Discord's pictures are.
const PICTURES: &str = "https://cdn.discordapp.com";

/// Where the picture of the person `id` is (Image Formatting): their own, else the one that Discord gives to
/// whoever has none. Of one that moves the still, which is smaller.
fn picture(id: &str, user: &Value) -> Option<String> {
    if let Some(hash) = user["avatar"].as_str() {
        let digits = hash.strip_prefix("a_").unwrap_or(hash);
        let is_hash = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return is_hash.then(|| format!("{PICTURES}/avatars/{id}/{hash}.png?size=256"));
    }
    let number = match user["discriminator"].as_str() {
        None | Some("0") => (id.parse::<u64>().ok()? >> 22) % 6,
        Some(old) => old.parse::<u64>().ok()? % 5,
    };
    Some(format!("{PICTURES}/embed/avatars/{number}.png"))
}

/// The servers that they are full members of, and their roles there as `server/role`, all by their ids. Only
/// servers that the settings name are asked about: in which others somebody is, is nobody's business.
fn groups<'a>(api: &'a Api<'a>) -> BoxFuture<'a, Result<Vec<String>>> {
    Box::pin(async move {
        let named = api.connector.groups().filter_map(|name| name.split('/').next()).filter(|id| is_id(id));
        let mut groups = Vec::new();
        for server in named.collect::<BTreeSet<&str>>() {
            let Some(member) = api.membership(&format!("/users/@me/guilds/{server}/member")).await? else {
                continue;
            };
            let roles =
                member["roles"].as_array().ok_or_else(|| api.nonsense("their roles in a server are no list"))?;
            // Who has not agreed to the rules of a server yet may do nothing there.
            if member["pending"] != true {
                let roles = roles.iter().filter_map(Value::as_str).filter(|role| is_id(role));
                groups.extend(roles.map(|role| format!("{server}/{role}")));
                groups.push(server.to_owned());
            }
        }
        Ok(groups)
    })
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::picture;

    #[test]
    fn a_picture_is_ones_own_or_the_one_of_those_who_have_none() {
        let id = "80351110224678912";
        let own = "https://cdn.discordapp.com/avatars/80351110224678912";
        for (avatar, discriminator, expected) in [
            (json!("8342729096ea3675"), json!("0"), Some(format!("{own}/8342729096ea3675.png?size=256"))),
            (json!("a_1269e74af4df7417"), json!("0"), Some(format!("{own}/a_1269e74af4df7417.png?size=256"))),
            (json!(null), json!("0"), Some("https://cdn.discordapp.com/embed/avatars/5.png".to_owned())),
            (json!(null), json!("1337"), Some("https://cdn.discordapp.com/embed/avatars/2.png".to_owned())),
            (json!(null), json!("x"), None),
            (json!("../../../evil?x="), json!("0"), None),
            (json!("a_"), json!("0"), None),
        ] {
            assert_eq!(picture(id, &json!({"avatar": avatar, "discriminator": discriminator})), expected, "{avatar}");
        }
    }
}
