//! Signing up: judge all fields at once, count, hash, make. A known address gets the same answer
//! after the same work.

use std::sync::Arc;

use entity::Names;
use secrecy::{ExposeSecret, SecretString};

use super::accounts::{Accounts, Doer};
use super::caller::Caller;
use super::metrics::{Metrics, Outcome};
use super::moderation::{Moderation, Violation};
use super::users::email::Email;
use super::users::name::check_name;
use super::users::password::Hasher;
use super::users::policy::Demands;
use super::users::username::Username;
use super::users::{Created, NewUser, Settings};
use crate::error::{Error, ErrorKind, FieldProblem, Result};

/// What a person filled in.
#[derive(Debug)]
pub struct Registration<'a> {
    /// What they are called.
    pub name: &'a str,
    /// The user name they want; none or empty: one is made.
    pub username: Option<&'a str>,
    /// Their address.
    pub email: &'a str,
    /// The password.
    pub password: &'a SecretString,
    /// The password once more, where it was asked for twice.
    pub repeated: Option<&'a SecretString>,
}

/// The services that signing up joins.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Limits.
    pub moderation: Moderation,
    /// Password hashing.
    pub hasher: Hasher,
    /// Making accounts.
    pub accounts: Accounts,
    /// Who may sign up, and with what.
    pub settings: Settings,
}

impl SignUp {
    /// Makes an account for a stranger. Whether the address was known, the answer does not tell.
    ///
    /// # Errors
    /// [`ErrorKind::RegistrationOff`]; [`ErrorKind::InvalidInput`] with every problem;
    /// [`ErrorKind::Forbidden`] for a domain that is not allowed; [`ErrorKind::TooManyRequests`];
    /// [`ErrorKind::Unavailable`].
    pub async fn register(&self, caller: &Caller, registration: &Registration<'_>) -> Result<()> {
        let registered = self.register_uncounted(caller, registration).await;
        self.metrics.signed_up(Outcome::from(&registered));
        registered
    }

    async fn register_uncounted(&self, caller: &Caller, registration: &Registration<'_>) -> Result<()> {
        if !self.settings.takes_sign_ups() {
            return Err(ErrorKind::RegistrationOff.into());
        }
        self.moderation.check_attempt(Violation::Registration, caller)?;
        let (email, username) = self.check(registration).await?;
        self.settings.check_domain(&email)?;
        // Only now, before anything is hashed: who is sent back over a field has not signed up yet.
        self.moderation.check(Violation::Registration, caller)?;
        let hash = self.hasher.hash(registration.password).await?;
        let new = NewUser {
            email_verified: false,
            name: registration.name.trim().to_owned(),
            username,
            password_hash: Some(hash),
            roles: Names::default(),
            groups: Names::default(),
            provider: "local".to_owned(),
            may_be_first: true,
            email,
        };
        let doer = Doer::stranger(caller);
        if let Created::New(user) = self.accounts.create(new, doer).await? {
            tracing::info!(user = %user.id, "an account was made");
        }
        Ok(())
    }

    async fn check(&self, registration: &Registration<'_>) -> Result<(Email, Option<Username>)> {
        // In the order in which the page asks.
        let mut problems: Vec<_> = check_name(registration.name).into_iter().collect();
        let email = Email::parse(registration.email).map_err(|it| problems.push(FieldProblem::new("email", it))).ok();
        let username = match registration.username.map(str::trim).filter(|wanted| !wanted.is_empty()) {
            Some(wanted) => Username::parse(wanted).map_err(|it| problems.push(FieldProblem::new("username", it))).ok(),
            None => None,
        };
        let known = [registration.email, registration.name];
        problems.extend(judge(&self.hasher, &self.settings, registration.password, &known).await?);
        let differs = |it: &SecretString| it.expose_secret() != registration.password.expose_secret();
        if registration.repeated.is_some_and(differs) {
            problems.push(FieldProblem::new("confirm_password", "The two passwords differ."));
        }
        match email {
            Some(email) if problems.is_empty() => Ok((email, username)),
            _ => Err(Error::invalid(problems)),
        }
    }
}

/// What stands against `password` as the choice of somebody of whom `known` is known.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when too many passwords are judged already.
pub async fn judge(
    hasher: &Hasher,
    settings: &Settings,
    password: &SecretString,
    known: &[&str],
) -> Result<Option<FieldProblem>> {
    let demands = Demands {
        min_length: settings.min_password_length,
        app_title: settings.app_title.clone(),
        own: known.iter().map(ToString::to_string).collect(),
    };
    let judgement = hasher.judge(password, demands).await?;
    Ok(judgement.err().map(|problem| FieldProblem::new("password", problem)))
}
