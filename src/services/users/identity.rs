//! Accounts at other providers that open an account here (SEC-098): by connector, issuer and subject,
//! to the letter; never by an address or a name, which change hands.

use entity::identity::{ActiveModel, Column, Entity};
use entity::{IdentityId, UserId};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

pub use entity::identity::Model as Identity;

use super::Users;
use super::email::Email;
use super::name::clean;
use super::standing::Standing;
use crate::error::Result;
use crate::services::database::Executor;

/// Who somebody is at another provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The connector's id.
    pub connector: String,
    /// The provider, as it calls itself.
    pub issuer: String,
    /// What it calls the person for ever.
    pub subject: String,
}

/// An address that a provider gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedEmail {
    /// The address.
    pub address: Email,
    /// Whether the provider says that it is the person's, and its word counts.
    pub verified: bool,
}

/// What a provider says of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who it is.
    pub who: Who,
    /// Their address.
    pub email: Option<ClaimedEmail>,
    /// What they are called; empty where nothing is known.
    pub name: String,
    /// The user name that they have there.
    pub username: Option<String>,
    /// Where their picture is over there.
    #[serde(default)]
    pub picture: Option<String>,
    /// What they become here by its word.
    #[serde(default)]
    pub standing: Standing,
}

impl Profile {
    /// Whether the provider vouches for the address whose canonical form is `address`.
    #[must_use]
    pub fn vouches_for(&self, address: &str) -> bool {
        self.email.as_ref().is_some_and(|email| email.verified && email.address.canonical() == address)
    }

    /// What the person recognises the identity by: their address, else their name over there.
    #[must_use]
    pub fn label(&self) -> String {
        let email = self.email.as_ref().map(|email| email.address.as_written().to_owned());
        // A user name there is whatever the provider lets it be.
        let username = || self.username.as_deref().map(clean).filter(|name| !name.is_empty());
        email.or_else(username).unwrap_or_else(|| self.name.clone())
    }
}

impl Users {
    /// The identity of `who`, if it opens an account.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn identity(&self, who: &Who) -> Result<Option<Identity>> {
        Ok(Entity::find().filter(of(who)).one(self.database.read()).await?)
    }

    /// Every identity that opens the account of `user`, the oldest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn identities(&self, user: UserId) -> Result<Vec<Identity>> {
        let theirs = Entity::find().filter(Column::UserId.eq(user)).order_by_asc(Column::CreatedAt);
        Ok(theirs.all(self.database.read()).await?)
    }

    /// Lets `profile` open the account of `user` from now on, in the transaction `tx`; answers whether
    /// it did: an identity that opens an account already stays with that.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn link(&self, tx: &Executor<'_>, user: UserId, profile: &Profile) -> Result<bool> {
        let now = self.clock.now();
        let Profile { who, email, .. } = profile;
        let row = ActiveModel {
            id: Set(IdentityId::from_random(self.random.bytes())),
            user_id: Set(user),
            connector: Set(who.connector.clone()),
            issuer: Set(who.issuer.clone()),
            subject: Set(who.subject.clone()),
            label: Set(profile.label()),
            email: Set(email.as_ref().map(|email| email.address.as_written().to_owned())),
            email_verified: Set(email.as_ref().is_some_and(|email| email.verified)),
            created_at: Set(now),
            used_at: Set(now),
        };
        let taken = OnConflict::columns([Column::Connector, Column::Issuer, Column::Subject]).do_nothing().to_owned();
        Ok(Entity::insert(row).on_conflict(taken).exec_without_returning(tx).await? == 1)
    }

    /// Notes in the transaction `tx` that `profile` has just opened the account of `user`; answers its
    /// identity, or nothing where it may not any more.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn note_entry(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        profile: &Profile,
    ) -> Result<Option<IdentityId>> {
        let email = profile.email.as_ref();
        let row = ActiveModel {
            label: Set(profile.label()),
            email: Set(email.map(|email| email.address.as_written().to_owned())),
            email_verified: Set(email.is_some_and(|email| email.verified)),
            used_at: Set(self.clock.now()),
            ..ActiveModel::default()
        };
        let theirs = of(&profile.who).add(Column::UserId.eq(user));
        let noted = Entity::update_many().set(row).filter(theirs).exec_with_returning(tx).await?;
        Ok(noted.into_iter().next().map(|identity| identity.id))
    }

    /// The connectors whose identities open the account of `user`, as the transaction `tx` sees it.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn linked(&self, tx: &Executor<'_>, user: UserId) -> Result<Vec<String>> {
        let theirs = Entity::find().filter(Column::UserId.eq(user)).all(tx).await?;
        Ok(theirs.into_iter().map(|identity| identity.connector).collect())
    }

    /// Takes every identity away from `user`, in the transaction `tx`.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn unlink_all(&self, tx: &Executor<'_>, user: UserId) -> Result<()> {
        Entity::delete_many().filter(Column::UserId.eq(user)).exec(tx).await?;
        Ok(())
    }

    /// Takes the identity `id` away from `user`, in the transaction `tx`; answers which it was.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn unlink(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        id: IdentityId,
    ) -> Result<Option<Identity>> {
        let one = Column::Id.eq(id).and(Column::UserId.eq(user));
        Ok(Entity::delete_many().filter(one).exec_with_returning(tx).await?.into_iter().next())
    }
}

fn of(who: &Who) -> Condition {
    Condition::all()
        .add(Column::Connector.eq(&who.connector))
        .add(Column::Issuer.eq(&who.issuer))
        .add(Column::Subject.eq(&who.subject))
}
