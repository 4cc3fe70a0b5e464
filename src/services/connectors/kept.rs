//! Proven identities that wait until whoever has the account of their address has come in the old way:
//! a row each, for one account and the browser that brought them (SEC-106). Where the provider does not
//! vouch for the address, one waits alike whether or not it has an account (SEC-021).

use entity::UserId;
use serde::{Deserialize, Serialize};

use super::Connectors;
use super::upstream::Arrival;
use crate::error::Result;
use crate::secret::{Kind, Secret};
use crate::services::users::{ADMIN, User};

/// The key of such a row; it stands in the address.
#[derive(Debug)]
pub struct LinkKey;

impl Kind for LinkKey {
    const PREFIX: &'static str = "pst_cl_";
}

/// An identity that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// Who the provider says it is, and their session over there.
    pub arrival: Arrival,
    /// The account that it would open; none: its address had none.
    pub user: Option<UserId>,
    /// The address of that account, in its canonical form, when the identity was proven.
    email: String,
    /// Where the person was going: a path of ours.
    pub return_to: String,
}

impl Kept {
    /// Whoever came by `arrival` and waits for `user`, who has its address.
    #[must_use]
    pub fn new(arrival: Arrival, user: Option<&User>, return_to: String) -> Self {
        let email = user.map(|user| user.email_canonical.clone()).unwrap_or_default();
        Self { arrival, user: user.map(|user| user.id), email, return_to }
    }

    /// Whether the provider vouches for its address: only then may it be told whether that has an account.
    #[must_use]
    pub fn is_vouched_for(&self) -> bool {
        self.arrival.profile.email.as_ref().is_some_and(|email| email.verified)
    }

    /// Whether it may open the account of `user`: that one, with the address that it had.
    #[must_use]
    pub fn is_for(&self, user: &User) -> bool {
        self.user == Some(user.id) && self.email == user.email_canonical
    }

    /// Whether the provider vouches for the very address that nobody has confirmed here: then whoever
    /// made the account may be somebody else, who knew the address and no more. Never an administrator's.
    #[must_use]
    pub fn may_claim(&self, user: &User) -> bool {
        let is_open = !user.email_verified && !user.roles.contains(ADMIN);
        self.is_for(user) && is_open && self.arrival.profile.vouches_for(&user.email_canonical)
    }
}

impl Connectors {
    /// Keeps `kept` for the browser that holds `browser`; answers its key.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn keep(&self, kept: &Kept, browser: &str) -> Result<Secret<LinkKey>> {
        self.put(&kept.arrival.profile.who.connector, browser, kept).await
    }

    /// What `key` keeps for the browser that holds `browser`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn kept(&self, key: &Secret<LinkKey>, browser: &str) -> Result<Option<Kept>> {
        self.peek(key, browser).await
    }

    /// Takes it away; nobody gets it a second time.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn take_kept(&self, key: &Secret<LinkKey>, browser: &str) -> Result<Option<Kept>> {
        self.take_out(key, browser, None).await
    }
}
