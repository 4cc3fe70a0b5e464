//! The clients that a person has let in: those that were allowed something, and those that hold
//! grants without having had to ask.

use std::collections::BTreeMap;

use entity::refresh_family::{Column, Entity};
use entity::{ClientId, GrantId, Names, Timestamp, UserId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Tokens;
use crate::error::Result;
use crate::services::grants::{Consent, Grant};

/// A client that a person has let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Which.
    pub client_id: ClientId,
    /// What it was allowed, and what it holds.
    pub scope: Names,
    /// Single claims that it was allowed.
    pub claims: Names,
    /// The resources that it was allowed, and holds tokens for (RFC 8707).
    pub resources: Names,
    /// Since when.
    pub since: Timestamp,
    /// When it last got tokens that live on; none: it holds nothing now.
    pub used: Option<Timestamp>,
}

impl From<Consent> for Admitted {
    fn from(consent: Consent) -> Self {
        let Consent { client_id, scope, claims, resources, since, .. } = consent;
        Self { client_id, scope, claims, resources, since, used: None }
    }
}

impl Admitted {
    fn of(grant: &Grant) -> Self {
        let (client_id, since) = (grant.client_id.clone(), grant.created_at);
        let none = Names::default;
        Self { client_id, scope: none(), claims: none(), resources: none(), since, used: None }
    }

    fn add(&mut self, grant: &Grant, refreshed: Option<Timestamp>) {
        let both = |own: &Names, its: &Names| Names::new(own.as_slice().iter().chain(its.as_slice()).cloned());
        self.scope = both(&self.scope, &grant.scope);
        self.resources = both(&self.resources, &grant.audience);
        self.since = self.since.min(grant.created_at);
        self.used = self.used.max(grant.redeemed_at).max(refreshed);
    }
}

impl Tokens {
    /// The clients that `user` has let in, the last used first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn admitted(&self, user: UserId) -> Result<Vec<Admitted>> {
        let consents = self.grants.consents(user).await?.into_iter().map(Admitted::from);
        let mut clients: BTreeMap<ClientId, Admitted> = consents.map(|it| (it.client_id.clone(), it)).collect();
        let grants = self.grants.living(user).await?;
        let refreshed = self.refreshed(&grants).await?;
        for grant in &grants {
            let client = clients.entry(grant.client_id.clone()).or_insert_with(|| Admitted::of(grant));
            client.add(grant, refreshed.get(&grant.id).copied());
        }
        let mut clients: Vec<Admitted> = clients.into_values().collect();
        clients.sort_by_key(|it| std::cmp::Reverse((it.used, it.since)));
        Ok(clients)
    }

    /// When each of `grants` was refreshed last, where it was.
    async fn refreshed(&self, grants: &[Grant]) -> Result<BTreeMap<GrantId, Timestamp>> {
        let theirs = Column::GrantId.is_in(grants.iter().map(|grant| grant.id));
        let families = Entity::find().filter(theirs).all(self.database.read()).await?;
        Ok(families.into_iter().filter_map(|family| Some((family.grant_id?, family.rotated_at?))).collect())
    }
}
