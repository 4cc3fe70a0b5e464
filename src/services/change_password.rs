//! The change of one's own password: the present one asked, the new one judged, other sessions ended.

use secrecy::SecretString;

use super::accounts::Doer;
use super::audit::{Actor, Event, EventKind};
use super::caller::Caller;
use super::moderation::Violation;
use super::sessions::{BrowserCookie, Live};
use super::sign_in::SignIn;
use super::users::policy::Demands;
use crate::error::{Error, FieldProblem, Result};
use crate::secret::Secret;

impl SignIn {
    /// Gives the person of `live` the password `new`, if `present` is theirs. Their other sessions
    /// end; this one goes on under the cookie that is answered (SEC-027).
    ///
    /// Guessing the current password in a stolen session counts like guessing it at the door, and
    /// is written down like it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::error::ErrorKind::InvalidInput) at `current_password` or `password`;
    /// [`Conflict`](crate::error::ErrorKind::Conflict) when the account changed in the meantime;
    /// [`TooManyRequests`](crate::error::ErrorKind::TooManyRequests);
    /// [`Unavailable`](crate::error::ErrorKind::Unavailable).
    pub async fn change_password(
        &self,
        caller: &Caller,
        live: &Live,
        present: &SecretString,
        new: &SecretString,
    ) -> Result<Secret<BrowserCookie>> {
        let user = &live.user;
        self.moderation.check(Violation::Login, caller)?;
        self.moderation.check_account(Violation::Login, &user.email_canonical)?;
        let verdict = self.hasher.verify(present, user.password_hash.as_deref()).await?;
        if !verdict.good {
            let event = Event::new(EventKind::PasswordChangeRefused).by(Actor::User(user.id)).about(user.id);
            self.audit.record_summed(event.from(caller), &user.email_canonical).await?;
            let problem = FieldProblem::new("current_password", "That is not your current password.");
            return Err(Error::invalid(vec![problem]));
        }
        self.moderation.clear_account(Violation::Login, &user.email_canonical);
        let settings = &self.users.settings;
        let demands = Demands {
            min_length: settings.min_password_length,
            app_title: settings.app_title.clone(),
            own: vec![user.name.clone(), user.email.clone(), user.username.clone()],
        };
        if let Err(sentence) = self.hasher.judge(new, demands).await? {
            return Err(Error::invalid(vec![FieldProblem::new("password", sentence)]));
        }
        let hash = self.hasher.hash(new).await?;
        let doer = Doer::person(user.id, caller);
        self.accounts.change_password(live.clone(), hash, doer).await
    }
}
