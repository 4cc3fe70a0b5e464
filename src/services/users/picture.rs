//! People's pictures. Each has an id that tells nothing of its person, and goes with the account.

use entity::UserId;
use entity::picture::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{User, Users};
use crate::error::Result;
use crate::services::database::Executor;
use crate::services::outgoing::Image;

/// The path below the base path at which pictures are, each by its id.
pub const PICTURES: &str = "/pictures";

/// Where the picture of `user` is, for whoever finds us at `issuer`.
#[must_use]
pub fn address(user: &User, issuer: &str) -> Option<String> {
    user.picture.as_ref().map(|id| format!("{issuer}{PICTURES}/{id}"))
}

impl Users {
    /// The picture called `id`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn picture(&self, id: &str) -> Result<Option<Image>> {
        let row = Entity::find_by_id(id).one(self.database.read()).await?;
        // What stands in the table is looked at as what came from elsewhere was.
        Ok(row.and_then(|row| Image::of(row.bytes.into())))
    }

    /// Gives `user` the picture that `connector` gave, or takes theirs away where it gives none any more; in
    /// the transaction `tx`. Answers the account, unless it stays as it is.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn put_picture(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        connector: &str,
        image: Option<Image>,
    ) -> Result<Option<User>> {
        let before = Entity::find().filter(Column::UserId.eq(user)).one(tx).await?;
        let stays = |before: &Model| match &image {
            Some(image) => image.bytes == before.bytes,
            // One that somebody else gave is not this one's to take.
            None => before.connector != connector,
        };
        if before.as_ref().map_or(image.is_none(), stays) {
            return Ok(None);
        }
        self.drop_picture(tx, user).await?;
        let id = match image {
            Some(image) => Some(self.keep_picture(tx, user, connector, image).await?),
            None => None,
        };
        self.change(tx, user, |row| row.picture = Set(id)).await.map(Some)
    }

    /// Takes the picture of `user` away, in the transaction `tx`.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn drop_picture(&self, tx: &Executor<'_>, user: UserId) -> Result<()> {
        Entity::delete_many().filter(Column::UserId.eq(user)).exec(tx).await?;
        Ok(())
    }

    async fn keep_picture(&self, tx: &Executor<'_>, user: UserId, connector: &str, image: Image) -> Result<String> {
        let id = hex::encode(self.random.bytes::<16>());
        let row = ActiveModel {
            id: Set(id.clone()),
            user_id: Set(user),
            connector: Set(connector.to_owned()),
            bytes: Set(image.bytes.to_vec()),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
        Ok(id)
    }
}
