//! Coming in through another provider: whose account it is that the provider vouches for.
//!
//! A known identity opens its account. An unknown one opens an account by its address only where both
//! sides have proven that address (SEC-104); else whoever has the account comes in the old way first.

use entity::Names;

use super::SignIn;
use super::picture::PictureErrand;
use super::start::Proven;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::connectors::{Arrival, Connector, Profile};
use crate::services::metrics::Outcome;
use crate::services::sessions::{BrowserCookie, Live, Session};
use crate::services::tokens::Refreshed;
use crate::services::users::identity::ClaimedEmail;
use crate::services::users::username::Username;
use crate::services::users::{ADMIN, Created, NewUser, USER, User};

/// User names that nobody gets by way of another provider: they look like ours.
const RESERVED: [&str; 6] = ["admin", "administrator", "root", "system", "support", "postern"];

impl SignIn {
    /// Signs a browser in as whoever came back from `connector` by `arrival`; whatever session it held before is
    /// over.
    ///
    /// # Errors
    /// [`ErrorKind::AccountExists`] where the account has to be opened the old way first;
    /// [`ErrorKind::EmailMissing`], [`ErrorKind::RegistrationOff`], [`ErrorKind::Forbidden`] where none
    /// can be made; [`ErrorKind::Banned`], [`ErrorKind::Disabled`]; when the database is away.
    pub async fn browser_through(
        &self,
        caller: &Caller,
        connector: &Connector,
        arrival: &Arrival,
        before: Option<&Live>,
    ) -> Result<(Session, Secret<BrowserCookie>)> {
        let proven = self.recognise(caller, connector, arrival).await?;
        let picture = PictureErrand::of(caller, connector, &proven);
        let entered = self.enter(caller, proven, before).await?;
        self.fetch_picture(picture).await;
        Ok(entered)
    }

    /// The same through the session API, for the chat's own front end.
    ///
    /// # Errors
    /// As [`Self::browser_through`].
    pub async fn session_api_through(
        &self,
        caller: &Caller,
        connector: &Connector,
        arrival: &Arrival,
    ) -> Result<Refreshed> {
        let proven = self.recognise(caller, connector, arrival).await?;
        let picture = PictureErrand::of(caller, connector, &proven);
        let entered = self.enter_chat(caller, proven).await?;
        self.fetch_picture(picture).await;
        Ok(entered)
    }

    async fn recognise(&self, caller: &Caller, connector: &Connector, arrival: &Arrival) -> Result<Proven> {
        let recognised = self.recognise_uncounted(caller, connector, &arrival.profile).await;
        self.metrics.signed_in(Outcome::from(&recognised));
        recognised.map(|user| Proven { user, arrival: Some(arrival.clone()) })
    }

    async fn recognise_uncounted(&self, caller: &Caller, connector: &Connector, profile: &Profile) -> Result<User> {
        let found = match self.users.identity(&profile.who).await? {
            Some(identity) => self.users.get(identity.user_id).await?,
            None => None,
        };
        if let Some(user) = found {
            self.check_admitted(caller, &user).await?;
            let user = self.accounts.take_standing(user, profile, Doer::stranger(caller)).await?;
            return match connector.refreshes {
                true => self.accounts.take_names(user, profile, username(profile), Doer::stranger(caller)).await,
                false => Ok(user),
            };
        }
        let email = profile.email.as_ref().ok_or(ErrorKind::EmailMissing)?;
        match self.users.by_email(email.address.canonical()).await? {
            // The first account's address is the operator's own word, and nobody has proven it: an administrator
            // comes in the old way once, and connects the identity then.
            Some(user) if user.email_verified && email.verified && !user.roles.contains(ADMIN) => {
                self.link_by_address(caller, user, profile).await
            }
            Some(user) => {
                self.note_refusal(caller, email.address.canonical(), Some(&user), ErrorKind::AccountExists).await?;
                Err(ErrorKind::AccountExists.into())
            }
            None => self.make_account(caller, connector, profile, email).await,
        }
    }

    async fn check_admitted(&self, caller: &Caller, user: &User) -> Result<()> {
        if let Err(refusal) = self.admit(user).await {
            self.note_refusal(caller, &user.email_canonical, Some(user), refusal.kind).await?;
            return Err(refusal);
        }
        Ok(())
    }

    async fn link_by_address(&self, caller: &Caller, user: User, profile: &Profile) -> Result<User> {
        self.check_admitted(caller, &user).await?;
        let user = self.accounts.link(user, profile.clone(), Doer::stranger(caller)).await?;
        self.accounts.take_standing(user, profile, Doer::stranger(caller)).await
    }

    /// Where only some domains may come in, an address that anybody could have written counts as none of them.
    fn check_domain(&self, connector: &Connector, email: &ClaimedEmail) -> Result<()> {
        self.users.settings.check_domain(&email.address)?;
        let refuse = |words| Err(Error::new(ErrorKind::Forbidden, words));
        let (own, domain) = (connector.allowed_domains.as_ref(), email.address.domain());
        if own.is_some_and(|allowed| !allowed.iter().any(|one| one == domain)) {
            return refuse("Accounts of this domain may not come in this way.");
        }
        if !email.verified && (own.is_some() || self.users.settings.allowed_domains.is_some()) {
            return refuse("Only confirmed addresses may come in this way. Confirm yours there first.");
        }
        Ok(())
    }

    /// Makes the account of somebody who is new here.
    async fn make_account(
        &self,
        caller: &Caller,
        connector: &Connector,
        profile: &Profile,
        email: &ClaimedEmail,
    ) -> Result<User> {
        if !connector.registration {
            return Err(ErrorKind::RegistrationOff.into());
        }
        self.check_domain(connector, email)?;
        let new = NewUser {
            email: email.address.clone(),
            email_verified: email.verified,
            name: profile.name.clone(),
            username: username(profile),
            password_hash: None,
            roles: profile.standing.roles(&Names::new([USER])),
            groups: profile.standing.groups(&Names::default()),
            provider: connector.id.clone(),
            // A stranger at a public provider must not own the service (SEC-007).
            may_be_first: false,
        };
        match self.accounts.create_for(new, profile.clone(), Doer::stranger(caller)).await? {
            Created::New(user) => Ok(*user),
            // Somebody was faster.
            Created::AddressTaken => Err(ErrorKind::AccountExists.into()),
        }
    }
}

/// The user name that somebody has over there, if it may be one here.
fn username(profile: &Profile) -> Option<Username> {
    let username = profile.username.as_deref().and_then(|name| Username::parse(name).ok());
    username.filter(|name| !RESERVED.contains(&name.as_str()))
}
