//! Whether somebody who comes from a provider has proven anew who they are, where that was asked for
//! (SEC-035).

use super::SignIn;
use crate::error::{ErrorKind, Result};
use crate::services::connectors::{Anew, Arrival, Shown};
use crate::services::sessions::Live;
use crate::services::users::User;

impl SignIn {
    /// Whether `user` has proven who they are for this sign-in, where they were to; else whether that can be
    /// said at all. Somebody whose only way in is a provider that shows nothing has no more to prove than that.
    pub(super) async fn check_anew(&self, user: &User, arrival: &Arrival, before: Option<&Live>) -> Result<bool> {
        let is_asked = match arrival.anew {
            Anew::No => false,
            Anew::Same => before.is_some_and(|before| before.user.id == user.id),
            Anew::Always => true,
        };
        match arrival.shown {
            Shown::Proof => Ok(true),
            _ if !is_asked => Ok(false),
            Shown::OldSession => Err(ErrorKind::NotProvenAnew.into()),
            Shown::Nothing if self.has_better_way(user, &arrival.profile.who.connector).await? => {
                Err(ErrorKind::NotProvenAnew.into())
            }
            Shown::Nothing => Ok(true),
        }
    }

    /// Whether `user` can prove anew who they are in another way than by `connector`.
    async fn has_better_way(&self, user: &User, connector: &str) -> Result<bool> {
        if self.users.settings.email_login && user.password_hash.is_some() {
            return Ok(true);
        }
        let asks_anew = |id: &str| self.connectors.named(id).is_some_and(|one| one.known.asks_anew());
        let identities = self.users.identities(user.id).await?;
        Ok(identities.iter().any(|identity| identity.connector != connector && asks_anew(&identity.connector)))
    }
}
