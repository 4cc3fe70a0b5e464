//! Roles, groups and names that come by a provider's word.

use entity::UserId;
use sea_orm::ActiveValue::Set;

use super::{Accounts, Doer};
use crate::error::{ErrorKind, Result};
use crate::services::audit::EventKind;
use crate::services::database::Executor;
use crate::services::installation;
use crate::services::shared::Subject;
use crate::services::users::identity::Profile;
use crate::services::users::standing::Standing;
use crate::services::users::{ADMIN, User, as_admin};

impl Accounts {
    /// Gives `user` the roles and groups that `profile` makes of them. The last administrator stays one:
    /// a provider's word must not leave a service that nobody can run.
    ///
    /// # Errors
    /// [`ErrorKind::WrongCredentials`] when the account is gone; when the database is away.
    pub async fn take_standing(&self, user: User, profile: &Profile, doer: Doer) -> Result<User> {
        if profile.standing.is_of(&user) {
            return Ok(user);
        }
        let (standing, connector) = (profile.standing.clone(), profile.who.connector.clone());
        self.transact(move |it, tx| {
            Box::pin(async move {
                let admins = match user.roles.contains(ADMIN) {
                    true => it.users.hold_admins(tx).await?,
                    false => Vec::new(),
                };
                let now = it.users.hold(tx, user.id).await?.ok_or(ErrorKind::WrongCredentials)?;
                let changed = it.lay(tx, &now, &admins, &standing, &connector, &doer).await?;
                let subjects = changed.iter().map(|user| Subject::User(user.id)).collect();
                Ok((changed.unwrap_or(now), subjects))
            })
        })
        .await
    }

    /// Lays `standing`, which is by `connector`, over what `now` has; answers the account if that changes it.
    /// Both `now` and the `admins` are held.
    pub(super) async fn lay(
        &self,
        tx: &Executor<'_>,
        now: &User,
        admins: &[UserId],
        standing: &Standing,
        connector: &str,
        doer: &Doer,
    ) -> Result<Option<User>> {
        let (mut roles, groups) = (standing.roles(&now.roles), standing.groups(&now.groups));
        let is_demoted = now.roles.contains(ADMIN) && !roles.contains(ADMIN);
        if is_demoted && !self.has_another(tx, now.id, admins).await? {
            tracing::warn!(user = %now.id, connector, "the last administrator stays one");
            roles = as_admin(&roles);
        }
        if (&roles, &groups) == (&now.roles, &now.groups) {
            return Ok(None);
        }
        if roles.contains(ADMIN) {
            // A service with an administrator has no place left for a first one.
            installation::claim_first_admin(tx, self.clock.now()).await?;
        }
        let changed = self.users.change(tx, now.id, |row| (row.roles, row.groups) = (Set(roles), Set(groups))).await?;
        let event = doer.event(EventKind::RolesChanged, now.id).with("connector", connector);
        let event = event.with("roles", changed.roles.to_string()).with("groups", changed.groups.to_string());
        self.audit.record(tx, event).await?;
        Ok(Some(changed))
    }

    /// Whether one of `admins` can run the service besides `user`.
    async fn has_another(&self, tx: &Executor<'_>, user: UserId, admins: &[UserId]) -> Result<bool> {
        for admin in admins.iter().filter(|admin| **admin != user) {
            if !self.moderation.is_banned(tx, *admin).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
