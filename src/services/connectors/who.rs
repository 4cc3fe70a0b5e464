//! Who came back: what the provider says of them, whether they may come in, and what they become.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::connector::{Connector, Provider};
use super::flow::Begun;
use super::known::{Api, Source};
use super::profile::Claims;
use super::said::{Said, TokenKind, access_claims, has_groups, is_groups};
use super::token_answer::Tokens;
use super::{Connectors, failure, id_token, profile, tenant, upstream};
use crate::error::{Error, ErrorKind, Result};
use crate::services::outgoing::Proof;
use crate::services::users::identity::Profile;
use crate::services::users::standing::Standing;

/// A session over there, by its ID token.
pub(super) struct There {
    /// What the provider calls it.
    pub(super) sid: Option<String>,
    /// How old the proof is that it stands on.
    pub(super) age: Option<Duration>,
}

impl There {
    fn of(claims: &Claims) -> Self {
        let sid = claims.get("sid").and_then(Value::as_str).filter(|sid| !sid.is_empty()).map(upstream::kept_sid);
        Self { sid, age: id_token::age(claims) }
    }
}

impl Connectors {
    /// Who came for `tokens`, and their session over there.
    pub(super) async fn profile(
        &self,
        connector: &Connector,
        provider: &Provider,
        begun: &Begun,
        tokens: &Tokens,
    ) -> Result<(Profile, There)> {
        let (profile, said) = match connector.known.source {
            Source::Api(ask) => {
                let api = Api { outgoing: &self.parts.outgoing, connector, provider, token: &tokens.access };
                let profile = ask(&api).await?;
                let groups = match connector.known.groups {
                    Some(groups) if connector.asks_groups() => groups(&api).await?,
                    _ => Vec::new(),
                };
                (profile, Said { groups, ..Said::default() })
            }
            Source::IdToken => {
                let claims = self.claims(connector, provider, begun, tokens).await?;
                connector.check_hosted_domain(&claims)?;
                if tenant::is_template(&provider.issuer) && connector.admission.tenants.is_empty() {
                    // Whoever has an account at any tenant could come in (SEC-099).
                    return Err(Error::from(ErrorKind::OtherTenant)
                        .because("its issuer has many tenants, and the setting `tenants` names none"));
                }
                let more = self.userinfo(connector, provider, &claims, tokens).await?;
                let profile = profile::of_claims(connector, provider, &claims, &more)?;
                let mut said = Said::by_claims(claims, more, access_claims(tokens.access.expose_secret()));
                if connector.asks_groups() && has_too_many_groups(&said.id) {
                    said.know_groups(self.groups_of_graph(provider, tokens).await?);
                }
                (profile, said)
            }
        };
        Ok((connector.judge(profile, &said)?, There::of(&said.id)))
    }

    /// What the provider says besides, where its ID token says too little. Only of the same person
    /// (OpenID Connect Core section 5.3.2).
    async fn userinfo(
        &self,
        connector: &Connector,
        provider: &Provider,
        claims: &Claims,
        tokens: &Tokens,
    ) -> Result<Claims> {
        let is_needed = connector.reads_userinfo(claims);
        let is_enough = claims.contains_key("email") && claims.contains_key("name") && !is_needed;
        let (Some(address), false) = (&provider.api_url, is_enough) else { return Ok(Claims::new()) };
        let can_do_without = claims.contains_key("email") && !is_needed;
        let answer = match self.parts.outgoing.look(address, Proof::Bearer(&tokens.access)).await {
            Err(error) if can_do_without => {
                tracing::info!(?error, "a provider's userinfo cannot be had");
                return Ok(Claims::new());
            }
            answer => answer?,
        };
        let more: Option<Claims> = serde_json::from_slice(&answer.body).ok();
        match more {
            Some(more) if answer.status == 200 => match more.get("sub") == claims.get("sub") {
                true => Ok(more),
                false => Err(failure::upstream("its userinfo is of somebody else")),
            },
            // Nobody loses a role because a server is away, or answers in a form that we cannot read.
            _ if is_needed && answer.status != 200 => Err(failure::of_status(answer.status)),
            _ if !can_do_without && matches!(answer.status, 408 | 429 | 500..) => {
                Err(failure::of_status(answer.status))
            }
            None if is_needed => Err(failure::upstream("its userinfo is no JSON object")),
            _ => {
                tracing::info!(status = answer.status, "a provider's userinfo cannot be read");
                Ok(Claims::new())
            }
        }
    }

    /// Every group of whoever holds the token, where they are too many for a token (Microsoft Graph,
    /// `directoryObject: getMemberObjects`). The address that the token points to is not followed: it is
    /// that of an older service.
    async fn groups_of_graph(&self, provider: &Provider, tokens: &Tokens) -> Result<Vec<String>> {
        let unknown = |why: String| Error::from(ErrorKind::GroupsUnknown).because(why);
        let base = provider.graph_url.as_deref();
        let base =
            base.ok_or_else(|| unknown("the token leaves groups out and names nobody who knows them".to_owned()))?;
        let question = json!({"securityEnabledOnly": false});
        let address = format!("{base}/me/getMemberObjects");
        let answer = self.parts.outgoing.tell(&address, &question, Proof::Bearer(&tokens.access)).await?;
        match answer.status {
            200 => {}
            408 | 429 | 500.. => return Err(failure::of_status(answer.status)),
            status => {
                let words =
                    "Microsoft Graph does not tell the groups: grant the app User.Read and GroupMember.Read.All";
                return Err(unknown(format!("{words} (it answers {status})")));
            }
        }
        let body: Value = serde_json::from_slice(&answer.body).map_err(failure::upstream)?;
        let list = body["value"].as_array().filter(|_| body.get("@odata.nextLink").is_none());
        let list = list.ok_or_else(|| unknown("Microsoft Graph tells a part of the groups alone".to_owned()))?;
        Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

impl Connector {
    /// `profile` with what its person becomes here, if they may come in by what the provider has `said`.
    ///
    /// # Errors
    /// Why they may not.
    pub(super) fn judge(&self, mut profile: Profile, said: &Said) -> Result<Profile> {
        self.admission.check(said)?;
        profile.standing = self.mapping.standing(&self.admission, said);
        Ok(profile)
    }

    /// What somebody becomes who does not come in by it any more.
    #[must_use]
    pub fn withdrawn(&self) -> Standing {
        self.mapping.standing(&self.admission, &Said::default()).withdrawn()
    }

    /// Whether groups matter here.
    pub(super) fn asks_groups(&self) -> bool {
        let (admission, mapping) = (&self.admission, &self.mapping);
        let tests = [admission.required_role.as_ref(), mapping.admin.as_ref()].into_iter().flatten();
        let paths = tests.map(|it| &it.path).chain(mapping.sync.iter().map(|sync| &sync.path));
        self.groups().next().is_some()
            || paths.chain(mapping.claims.iter().map(|(path, _)| path)).any(|path| is_groups(path))
    }

    /// Every group that is named here.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.admission.groups().chain(self.mapping.groups.iter().map(|mapped| mapped.name.as_str()))
    }

    /// Whether something that matters here may stand in the userinfo alone.
    fn reads_userinfo(&self, id: &Claims) -> bool {
        let (admission, mapping) = (&self.admission, &self.mapping);
        let kinds = [admission.required_role.as_ref(), mapping.admin.as_ref()].into_iter().flatten().map(|it| it.kind);
        kinds.chain(mapping.sync.as_ref().map(|sync| sync.kind)).any(|kind| kind == TokenKind::Userinfo)
            || (self.asks_groups() && !has_groups(id) && !has_too_many_groups(id))
            || mapping.claims.iter().any(|(path, _)| super::said::at(id, path).is_none())
    }

    /// The domain of a Google Workspace is a claim; that of the address may be another (SEC-100).
    pub(super) fn check_hosted_domain(&self, claims: &Claims) -> Result<()> {
        let domain = claims.get("hd").and_then(Value::as_str);
        let is_there = |wanted: &String| domain.is_some_and(|domain| domain.eq_ignore_ascii_case(wanted));
        if self.hosted_domains.is_empty() || self.hosted_domains.iter().any(is_there) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, "Only accounts of certain organisations may come in this way."))
    }
}

/// Whether the token leaves out groups because they are too many (Microsoft Entra, groups overage claim).
pub(super) fn has_too_many_groups(claims: &Claims) -> bool {
    let points = claims.get("_claim_names").is_some_and(|names| names.get("groups").is_some());
    points || claims.get("hasgroups").is_some_and(|has| has == true || has == "true")
}
