//! What people are called and look like, by the word of the providers that they come in by.

use entity::UserId;
use sea_orm::ActiveValue::Set;

use super::{Accounts, Doer};
use crate::error::Result;
use crate::services::audit::EventKind;
use crate::services::outgoing::Image;
use crate::services::shared::Subject;
use crate::services::users::User;
use crate::services::users::identity::Profile;
use crate::services::users::username::Username;

impl Accounts {
    /// Gives `user` the picture that the provider of `connector` has of them: instead of the one that they have
    /// where it `replaces` that, and then none where it has none any more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn take_picture(
        &self,
        user: UserId,
        connector: String,
        image: Option<Image>,
        replaces: bool,
        doer: Doer,
    ) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let now = it.users.hold(tx, user).await?;
                // It may have been taken away, or the account taken back, while the picture was on its way.
                let is_theirs = it.users.linked(tx, user).await?.contains(&connector);
                let may = is_theirs && now.is_some_and(|now| now.picture.is_none() || replaces);
                if !may || it.users.put_picture(tx, user, &connector, image).await?.is_none() {
                    return Ok(((), Vec::new()));
                }
                it.audit.record(tx, doer.event(EventKind::UserChanged, user).with("picture_from", connector)).await?;
                Ok(((), vec![Subject::User(user)]))
            })
        })
        .await
    }

    /// Calls `user` what the provider of `profile` calls them now; its word for their address changes
    /// nothing. `username` is the user name that they have there, if it may be one here.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::error::ErrorKind::NotFound) when the account is gone; when the database
    /// is away.
    pub async fn take_names(
        &self,
        user: User,
        profile: &Profile,
        username: Option<Username>,
        doer: Doer,
    ) -> Result<User> {
        let name = Some(profile.name.clone()).filter(|name| !name.is_empty() && *name != user.name);
        let username = username.filter(|username| username.as_str() != user.username);
        if name.is_none() && username.is_none() {
            return Ok(user);
        }
        let connector = profile.who.connector.clone();
        self.transact(move |it, tx| {
            Box::pin(async move {
                let username = match username {
                    // One that somebody has, or has had, stays theirs for ever.
                    Some(username) if it.users.give(tx, &username).await? => Some(username),
                    _ => None,
                };
                if name.is_none() && username.is_none() {
                    return Ok((user, Vec::new()));
                }
                let changed = it.users.change(tx, user.id, |row| {
                    if let Some(name) = name {
                        row.name = Set(name);
                    }
                    if let Some(username) = username {
                        row.username = Set(username.as_str().to_owned());
                    }
                });
                let changed = changed.await?;
                it.audit.record(tx, doer.event(EventKind::UserChanged, user.id).with("connector", connector)).await?;
                Ok((changed, vec![Subject::User(user.id)]))
            })
        })
        .await
    }
}
