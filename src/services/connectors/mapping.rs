//! What people become by what a connector's provider says of them.

use super::admission::{Admission, tells_groups};
use super::known::{Known, Source};
use super::said::{ClaimTest, Said, TokenKind};
use crate::services::users::ADMIN;
use crate::services::users::standing::Standing;

/// A name over there, and the roles that it gives here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The group, or the value of a claim.
    pub name: String,
    /// The roles.
    pub roles: Vec<String>,
}

/// The chat's way: one role, the first of a list that a claim holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSync {
    /// Where the claim stands.
    pub kind: TokenKind,
    /// The claim, with a dot for each step down.
    pub path: String,
    /// The roles, the strongest first, as the claim has them; here they are in lower case.
    pub priority: Vec<String>,
    /// What somebody is who has none of them.
    pub fallback: Option<String>,
}

/// What people become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// By their groups.
    pub groups: Vec<Mapped>,
    /// By claims, each with its path.
    pub claims: Vec<(String, Vec<Mapped>)>,
    /// Who becomes an administrator.
    pub admin: Option<ClaimTest>,
    /// By the chat's own way.
    pub sync: Option<RoleSync>,
}

impl Mapping {
    /// What somebody becomes who comes in by `admission`. The groups that the two name are theirs here
    /// too; no others, which may be many and nobody's business.
    pub(super) fn standing(&self, admission: &Admission, said: &Said) -> Standing {
        let mut standing = Standing::default();
        let mut note = |mapped: &Mapped, has: &[String]| {
            standing.roles.note(mapped.roles.iter().map(String::as_str), has.contains(&mapped.name));
        };
        self.groups.iter().for_each(|mapped| note(mapped, &said.groups));
        for (path, values) in &self.claims {
            let has = said.anywhere(path);
            values.iter().for_each(|mapped| note(mapped, &has));
        }
        if let Some(sync) = &self.sync {
            let has = said.values(sync.kind, &sync.path);
            let first = sync.priority.iter().find(|role| has.contains(role)).or(sync.fallback.as_ref());
            for role in sync.priority.iter().chain(&sync.fallback) {
                standing.roles.note([role.to_lowercase().as_str()], Some(role) == first);
            }
        }
        if let Some(admin) = &self.admin {
            standing.roles.note([ADMIN], admin.holds(said));
        }
        for group in admission.groups().chain(self.groups.iter().map(|mapped| mapped.name.as_str())) {
            standing.groups.note([group], said.groups.iter().any(|one| one == group));
        }
        standing
    }

    /// What a provider of this kind cannot tell, each as a sentence that begins with the key.
    pub(super) fn problems(&self, known: &Known) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.groups.is_empty() && !tells_groups(known) {
            problems.push(format!("role_map: {} tells no groups.", known.name));
        }
        if !self.claims.is_empty() && !matches!(known.source, Source::IdToken) {
            problems.push(format!("role_map: {} gives no claims, only groups.", known.name));
        }
        problems
    }
}
