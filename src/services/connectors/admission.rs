//! Who may come in by a connector, besides having an account there.

use super::connector::Place;
use super::known::{Known, Source};
use super::said::{ClaimTest, Said};
use super::tenant;
use crate::error::{ErrorKind, Result};

/// Who may come in. Each list that is not empty has to hold something of the person's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// GitHub's organisations, in lower case.
    pub organizations: Vec<String>,
    /// GitHub's teams as `organisation/team`, in lower case.
    pub teams: Vec<String>,
    /// Discord's servers, by their ids.
    pub guilds: Vec<String>,
    /// Tenants of Microsoft Entra, by their ids.
    pub tenants: Vec<String>,
    /// Groups, as the provider calls them.
    pub required_groups: Vec<String>,
    /// A role in a claim.
    pub required_role: Option<ClaimTest>,
}

impl Admission {
    /// The lists of groups.
    fn lists(&self) -> [&Vec<String>; 4] {
        [&self.organizations, &self.teams, &self.guilds, &self.required_groups]
    }

    /// Every group that is named.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.lists().into_iter().flatten().map(String::as_str)
    }

    /// Whether somebody may come in of whom the provider has `said` this.
    ///
    /// # Errors
    /// [`ErrorKind::OtherTenant`], [`ErrorKind::NotMember`], [`ErrorKind::RoleMissing`].
    pub(super) fn check(&self, said: &Said) -> Result<()> {
        let tenant = said.id.get("tid").and_then(serde_json::Value::as_str);
        if !self.tenants.is_empty() && !self.tenants.iter().any(|one| Some(one.as_str()) == tenant) {
            return Err(ErrorKind::OtherTenant.into());
        }
        let is_met = |list: &Vec<String>| list.is_empty() || list.iter().any(|group| said.groups.contains(group));
        if !self.lists().into_iter().all(is_met) {
            return Err(ErrorKind::NotMember.into());
        }
        match &self.required_role {
            Some(role) if !role.holds(said) => Err(ErrorKind::RoleMissing.into()),
            _ => Ok(()),
        }
    }

    /// What a provider of this kind at this place cannot tell, or has to be told; each as a sentence
    /// that begins with the key.
    pub(super) fn problems(&self, known: &Known, place: &Place) -> Vec<String> {
        let mut problems = Vec::new();
        let mut only = |key: &str, is_given: bool, kind: &str| {
            if is_given && known.kind != kind {
                problems.push(format!("{key}: is for the kind {kind} alone."));
            }
        };
        only("organizations", !self.organizations.is_empty(), "github");
        only("teams", !self.teams.is_empty(), "github");
        only("guilds", !self.guilds.is_empty(), "discord");
        only("tenants", !self.tenants.is_empty(), "openid");
        if !self.required_groups.is_empty() && !tells_groups(known) {
            problems.push(format!("required_groups: {} tells no groups.", known.name));
        }
        // Whoever has an account at Microsoft could come in.
        if matches!(place, Place::Issuer(issuer) if tenant::is_of_many(issuer)) && self.tenants.is_empty() {
            problems.push("tenants: lacks, and says whose people come in by an issuer of many tenants.".to_owned());
        }
        problems
    }
}

/// Whether providers of this kind can tell groups.
pub(super) fn tells_groups(known: &Known) -> bool {
    matches!(known.source, Source::IdToken) || known.groups.is_some()
}
