//! Coming in through another provider: whose account it is that the provider vouches for.
//!
//! A known identity opens its account. An unknown one opens an account by its address only where both
//! sides have proven that address (SEC-104); else whoever has the account comes in the old way first. An
//! address that the provider does not vouch for is anybody's: whether it has an account is not told (SEC-021).

use entity::{IdentityId, Names, UserId};

use super::SignIn;
use super::picture::PictureErrand;
use super::start::Proven;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::accounts::{Doer, Open};
use crate::services::caller::Caller;
use crate::services::connectors::{Arrival, Connector, Profile};
use crate::services::metrics::Outcome;
use crate::services::moderation::Violation;
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
    /// can be made; [`ErrorKind::NotProvenAnew`] where that was asked for and is not shown;
    /// [`ErrorKind::Banned`], [`ErrorKind::Disabled`]; when the database is away.
    pub async fn browser_through(
        &self,
        caller: &Caller,
        connector: &Connector,
        arrival: &Arrival,
        before: Option<&Live>,
    ) -> Result<(Session, Secret<BrowserCookie>)> {
        let proven = self.recognise(caller, connector, arrival, before).await?;
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
        let proven = self.recognise(caller, connector, arrival, None).await?;
        let picture = PictureErrand::of(caller, connector, &proven);
        let entered = self.enter_chat(caller, proven).await?;
        self.fetch_picture(picture).await;
        Ok(entered)
    }

    async fn recognise(
        &self,
        caller: &Caller,
        connector: &Connector,
        arrival: &Arrival,
        before: Option<&Live>,
    ) -> Result<Proven> {
        let recognised = self.recognise_uncounted(caller, connector, &arrival.profile).await;
        self.metrics.signed_in(Outcome::from(&recognised));
        let user = recognised?;
        let is_fresh = self.check_anew(&user, arrival, before).await?;
        Ok(Proven { user, arrival: Some(arrival.clone()), is_fresh })
    }

    /// Takes the identity `id` away from `user`, with what it gave and the sessions that came by it; never the
    /// last way in.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is not theirs; [`ErrorKind::Conflict`] for the last way in.
    pub async fn disconnect(&self, user: UserId, id: IdentityId, doer: Doer) -> Result<()> {
        let open = |it: &Connector| Open { connector: it.id.clone(), withdrawn: it.withdrawn() };
        let open = self.connectors.list().iter().map(open).collect();
        let connectors = self.connectors.clone();
        self.accounts
            .unlink(user, id, open, doer, move |tx, id| Box::pin(async move { connectors.sessions_by(tx, id).await }))
            .await
    }

    async fn recognise_uncounted(&self, caller: &Caller, connector: &Connector, profile: &Profile) -> Result<User> {
        if let Some(user) = self.known(caller, connector, profile).await? {
            return Ok(user);
        }
        match self.newcomer(caller, connector, profile).await {
            // The same identity may have come in another tab, or on another node, and have been faster.
            Err(error) if matches!(error.kind, ErrorKind::AccountExists | ErrorKind::Conflict) => {
                self.known(caller, connector, profile).await?.ok_or(error)
            }
            outcome => outcome,
        }
    }

    /// Whose account `profile` opens already.
    async fn known(&self, caller: &Caller, connector: &Connector, profile: &Profile) -> Result<Option<User>> {
        let Some(identity) = self.users.identity(&profile.who).await? else { return Ok(None) };
        let Some(user) = self.users.get(identity.user_id).await? else { return Ok(None) };
        self.check_admitted(caller, &user).await?;
        let user = self.accounts.take_standing(user, profile, Doer::stranger(caller)).await?;
        if !connector.refreshes {
            return Ok(Some(user));
        }
        self.accounts.take_names(user, profile, username(profile), Doer::stranger(caller)).await.map(Some)
    }

    async fn newcomer(&self, caller: &Caller, connector: &Connector, profile: &Profile) -> Result<User> {
        let email = profile.email.as_ref().ok_or(ErrorKind::EmailMissing)?;
        match self.users.by_email(email.address.canonical()).await? {
            // The first account's address is the operator's own word, and nobody has proven it: an administrator
            // comes in the old way once, and connects the identity then.
            Some(user) if user.email_verified && email.verified && !user.roles.contains(ADMIN) => {
                self.link_by_address(caller, user, profile).await
            }
            None if email.verified => {
                self.check_new(connector, email)?;
                let new = new_user(connector, profile, email);
                match self.accounts.create_for(new, profile.clone(), Doer::stranger(caller)).await? {
                    Created::New(user) => Ok(*user),
                    // Somebody was faster.
                    Created::AddressTaken => Err(ErrorKind::AccountExists.into()),
                }
            }
            user => {
                self.note_refusal(caller, email.address.canonical(), user.as_ref(), ErrorKind::AccountExists).await?;
                Err(ErrorKind::AccountExists.into())
            }
        }
    }

    /// Whether somebody new whom `profile` describes may have an account; the answer does not depend on who
    /// has one.
    #[must_use]
    pub fn may_register(&self, connector: &Connector, profile: &Profile) -> bool {
        profile.email.as_ref().is_some_and(|email| self.check_new(connector, email).is_ok())
    }

    /// Makes an account that `profile` opens, whose address nobody vouches for. Whether that address had one,
    /// the answer does not tell (SEC-021); it signs nobody in, as signing up by password does.
    ///
    /// # Errors
    /// [`ErrorKind::RegistrationOff`], [`ErrorKind::Forbidden`], [`ErrorKind::EmailMissing`];
    /// [`ErrorKind::TooManyRequests`]; when the database is away.
    pub async fn register_through(&self, caller: &Caller, connector: &Connector, profile: &Profile) -> Result<()> {
        let registered = self.register_uncounted(caller, connector, profile).await;
        self.metrics.signed_up(Outcome::from(&registered));
        registered
    }

    async fn register_uncounted(&self, caller: &Caller, connector: &Connector, profile: &Profile) -> Result<()> {
        let email = profile.email.as_ref().ok_or(ErrorKind::EmailMissing)?;
        self.check_new(connector, email)?;
        self.moderation.check(Violation::Registration, caller)?;
        let new = new_user(connector, profile, email);
        match self.accounts.create_for(new, profile.clone(), Doer::stranger(caller)).await {
            // In another tab the same was quicker: the identity opens an account.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
            made => made.map(|_| ()),
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
        let user = self.accounts.link_by_address(user, profile.clone(), Doer::stranger(caller)).await?;
        self.accounts.take_standing(user, profile, Doer::stranger(caller)).await
    }

    /// Whether somebody new with this address may have an account. Where only some domains may come in, an
    /// address that anybody could have written counts as none of them.
    fn check_new(&self, connector: &Connector, email: &ClaimedEmail) -> Result<()> {
        if !connector.registration {
            return Err(ErrorKind::RegistrationOff.into());
        }
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
}

/// The account of somebody who is new here.
fn new_user(connector: &Connector, profile: &Profile, email: &ClaimedEmail) -> NewUser {
    NewUser {
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
    }
}

/// The user name that somebody has over there, if it may be one here.
fn username(profile: &Profile) -> Option<Username> {
    let username = profile.username.as_deref().and_then(|name| Username::parse(name).ok());
    username.filter(|name| !RESERVED.contains(&name.as_str()))
}
