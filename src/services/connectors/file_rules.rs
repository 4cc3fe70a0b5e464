//! The keys of the connectors file that say who may come in, what they become, and what is left when
//! they go.

use toml::Value;

use super::admission::Admission;
use super::connector::UpstreamLogout;
use super::draft::Draft;
use super::file::{Keys, put};
use super::mapping::{Mapped, Mapping};
use super::tenant;
use crate::env::{Parsed, address, words};
use crate::services::users::ADMIN;

/// Longest name of a group, a claim or a role, in bytes; those of directories are long.
const LONGEST: usize = 300;
/// Longest role, in characters.
const LONGEST_ROLE: usize = 80;

impl Keys<'_, '_> {
    pub(super) fn signing_out(&mut self, draft: &mut Draft) {
        let logouts = [
            ("off", UpstreamLogout::Off),
            ("standard", UpstreamLogout::Standard),
            ("cognito", UpstreamLogout::Cognito),
        ];
        let is_web = |text: &str| address::web(text).map(|_| text.to_owned());
        put(&mut draft.logout, self.text("upstream_logout", |text| words::choice(text, &logouts)));
        put(&mut draft.after_logout, self.text("post_logout_redirect_uri", is_web));
        put(&mut draft.keep_tokens, self.boolean("keep_tokens"));
    }

    pub(super) fn admission(&mut self, admission: &mut Admission) {
        let lower =
            |is_right: fn(&str) -> bool| move |text: &str| Some(text.to_lowercase()).filter(|text| is_right(text));
        let as_is = |is_right: fn(&str) -> bool| move |text: &str| Some(text.to_owned()).filter(|text| is_right(text));
        self.list("organizations", "\"example-org\"", lower(is_login), &mut admission.organizations);
        self.list("teams", "\"example-org/back-end\"", lower(is_team), &mut admission.teams);
        self.list("guilds", "\"197038439483310086\"", as_is(is_number), &mut admission.guilds);
        let tenant = "\"11111111-2222-4333-8444-555555555555\"";
        self.list("tenants", tenant, lower(tenant::is_guid), &mut admission.tenants);
        self.list("required_groups", "\"staff\"", as_is(is_name), &mut admission.required_groups);
    }

    pub(super) fn domains(&mut self, key: &str) -> Option<Vec<String>> {
        let list = self.table.get(key)?.as_array();
        let texts = list.and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        let domains = texts.map(|texts| texts.into_iter().map(address::domain).collect::<Parsed<Vec<String>>>());
        match domains {
            Some(Ok(domains)) if !domains.is_empty() => Some(domains),
            _ => {
                self.problem(key, "must be a list of domains, such as [\"example.com\"].");
                None
            }
        }
    }

    /// A list that holds something; an empty one could mean everybody or nobody.
    fn list(&mut self, key: &str, example: &str, read: impl Fn(&str) -> Option<String>, into: &mut Vec<String>) {
        let Some(value) = self.table.get(key) else { return };
        let read = |value: &Value| value.as_str().and_then(&read);
        match value.as_array().and_then(|list| list.iter().map(read).collect::<Option<Vec<_>>>()) {
            Some(list) if !list.is_empty() => *into = list,
            _ => self.problem(key, &format!("must be a list such as [{example}].")),
        }
    }

    /// `role_map`: a group with its role or roles, or a claim with a table of its values.
    pub(super) fn mapping(&mut self, mapping: &mut Mapping) {
        let Some(value) = self.table.get("role_map") else { return };
        let read = value.as_table().and_then(|table| {
            let (claims, groups): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| value.is_table());
            let of_claim = |(path, values): (&String, &Value)| {
                Some((path.clone(), values.as_table()?.iter().map(mapped).collect::<Option<Vec<_>>>()?))
            };
            let groups = groups.into_iter().map(mapped).collect::<Option<Vec<_>>>()?;
            Some((groups, claims.into_iter().map(of_claim).collect::<Option<Vec<_>>>()?))
        });
        match read {
            Some((groups, claims)) => (mapping.groups, mapping.claims) = (groups, claims),
            None => self.problem(
                "role_map",
                "must say for groups and values of claims which roles they give, such as \
                 {editors = \"editor\", \"realm_access.roles\" = {staff = [\"member\", \"beta\"]}}.",
            ),
        }
    }
}

fn mapped((name, roles): (&String, &Value)) -> Option<Mapped> {
    let role = |value: &Value| value.as_str().filter(|role| is_role(role)).map(str::to_owned);
    let roles = match roles {
        Value::Array(list) => list.iter().map(role).collect::<Option<Vec<_>>>()?,
        one => vec![role(one)?],
    };
    (is_name(name) && !roles.is_empty()).then(|| Mapped { name: name.clone(), roles })
}

/// A role as the command line takes them; the one of administrators is written in one way.
fn is_role(text: &str) -> bool {
    is_name(text) && text.chars().count() <= LONGEST_ROLE && (text == ADMIN || !text.eq_ignore_ascii_case(ADMIN))
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_login(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_plain)
}

fn is_team(text: &str) -> bool {
    text.split_once('/').is_some_and(|(organization, team)| is_login(organization) && is_login(team))
}
