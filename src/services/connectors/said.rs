//! What a provider has said of somebody: its claims, and the groups there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::profile::Claims;
use super::unique::Unique;

/// Claims that hold groups; the second is Amazon Cognito's.
const GROUPS: [&str; 2] = ["groups", "cognito:groups"];

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// In the access token, where that is a JWT.
    Access,
    /// In the ID token.
    Id,
    /// In the answer of the userinfo endpoint.
    Userinfo,
}

/// Names of which one has to stand in a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimTest {
    /// The names.
    pub names: Vec<String>,
    /// The claim, with a dot for each step down.
    pub path: String,
    /// Where it stands.
    pub kind: TokenKind,
}

impl ClaimTest {
    pub(super) fn holds(&self, said: &Said) -> bool {
        said.values(self.kind, &self.path).iter().any(|value| self.names.contains(value))
    }
}

/// What a provider has said.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) id: Claims,
    pub(super) userinfo: Claims,
    pub(super) access: Claims,
    /// The groups, as far as they are known.
    pub(super) groups: Vec<String>,
}

impl Said {
    /// By claims; their groups are among them.
    pub(super) fn by_claims(id: Claims, userinfo: Claims, access: Claims) -> Self {
        let groups = [&id, &userinfo]
            .into_iter()
            .flat_map(|claims| GROUPS.iter().filter_map(|name| claims.get(*name)).flat_map(texts).collect::<Vec<_>>());
        let groups = groups.collect();
        Self { id, userinfo, access, groups }
    }

    /// Takes `groups`, for which the ID token had no room, as if they stood there.
    pub(super) fn know_groups(&mut self, groups: Vec<String>) {
        self.id.insert(GROUPS[0].to_owned(), groups.clone().into());
        self.groups = groups;
    }

    /// What the claim at `path` holds there.
    pub(super) fn values(&self, kind: TokenKind, path: &str) -> Vec<String> {
        let claims = match kind {
            TokenKind::Access => &self.access,
            TokenKind::Id => &self.id,
            TokenKind::Userinfo => &self.userinfo,
        };
        at(claims, path).map(texts).unwrap_or_default()
    }

    /// What the claim at `path` holds in the ID token, else in the userinfo.
    pub(super) fn anywhere(&self, path: &str) -> Vec<String> {
        at(&self.id, path).or_else(|| at(&self.userinfo, path)).map(texts).unwrap_or_default()
    }
}

/// Whether groups stand in the claim at `path`.
pub(super) fn is_groups(path: &str) -> bool {
    GROUPS.contains(&path)
}

/// Whether `claims` say groups themselves.
pub(super) fn has_groups(claims: &Claims) -> bool {
    GROUPS.iter().any(|name| claims.contains_key(*name))
}

/// The value at `path`: the claim of that very name, which may hold dots, else step by step.
pub(super) fn at<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let mut steps = path.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    })
}

/// The texts that `value` is or lists.
fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match value {
        Value::Array(list) => list.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect(),
    }
}

/// The claims of an access token; none where it is no JWT. It came from the token endpoint itself, so
/// that no signature has to say who wrote it, and nothing but roles is read in it.
pub(super) fn access_claims(token: &str) -> Claims {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = payload.and_then(|bytes| serde_json::from_slice::<Unique>(&bytes).ok());
    claims.map(|Unique(claims)| claims).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_path_is_a_name_or_steps_down() {
        let all = claims(json!({
            "https://example.com/roles": ["a"], "realm_access": {"roles": ["b", 1, null, {"c": 1}, true]}, "role": "d",
        }));
        let said = Said::by_claims(all.clone(), Claims::new(), Claims::new());
        for (path, expected) in [
            ("https://example.com/roles", vec!["a"]),
            ("realm_access.roles", vec!["b", "1", "true"]),
            ("role", vec!["d"]),
            ("realm_access", vec![]),
            ("role.d", vec![]),
            ("realm_access.roles.0", vec![]),
            ("", vec![]),
            (".", vec![]),
        ] {
            assert_eq!(said.values(TokenKind::Id, path), expected, "{path}");
        }
        assert!(
            said.values(TokenKind::Access, "role").is_empty() && said.values(TokenKind::Userinfo, "role").is_empty()
        );
        // Text that holds the name is not the name.
        let test = |name: &str| ClaimTest { names: vec![name.into()], path: "role".into(), kind: TokenKind::Id };
        let said = Said::by_claims(claims(json!({"role": "not-an-admin"})), Claims::new(), Claims::new());
        assert!(!test("admin").holds(&said) && test("not-an-admin").holds(&said));
    }

    #[test]
    fn an_access_token_is_read_where_it_is_a_jwt() {
        let token = format!("x.{}.y", URL_SAFE_NO_PAD.encode(r#"{"roles":["member"]}"#));
        assert_eq!(access_claims(&token), claims(json!({"roles": ["member"]})));
        for opaque in
            ["", "an access token", "a.b.c", "x.e30K", format!("x.{}.y", URL_SAFE_NO_PAD.encode("[1]")).as_str()]
        {
            assert!(access_claims(opaque).is_empty(), "{opaque}");
        }
    }
}
