//! Whether a client is who it says it is, and how often strangers may be wrong about it (SEC-124).
//!
//! A client that is known and shows its secret is let in without a read and without a count, so that
//! nobody's guesses keep it out. Everybody else is counted when they fail.

use std::sync::Arc;
use std::time::Duration;

use entity::ClientId;
use secrecy::ExposeSecret;

use super::assertion::Assertion;
use super::client::Secrets;
use super::{AuthMethod, Client, Clients, Credentials};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::sha256;
use crate::services::caller::Caller;
use crate::services::shared::Limit;

const MINUTE: Duration = Duration::from_secs(60);
/// How often one network may fail to prove a client. From then on it costs no read any more.
const PER_NETWORK: Limit = Limit { max: 60, window: MINUTE };
/// How often one client may be guessed at, from wherever. The right secret opens all the same.
const PER_CLIENT: Limit = Limit { max: 600, window: MINUTE };

impl Clients {
    /// The client that `shown` proves, if that takes no read: it was seen before, and shows its
    /// secret, or needs none.
    #[must_use]
    pub fn recognise(&self, shown: &Credentials) -> Option<Arc<Client>> {
        let found = self.remembered(&ClientId::new(&*shown.id)).flatten();
        match shown.method {
            AuthMethod::None => {
                let described = || self.documents.fresh(&ClientId::new(&*shown.id), self.clock.now());
                found.or_else(described).filter(|client| client.is_public())
            }
            AuthMethod::PrivateKeyJwt => None,
            method => self.opened(found, shown.secret.expose_secret(), method),
        }
    }

    /// The client that `shown` proves to one of `audiences`, the names of this server. A failure
    /// counts against the network of `caller`, known client or not.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidClient`] when it proves nobody, [`ErrorKind::TooManyRequests`] after too
    /// many of those; when the database is away.
    pub async fn prove(&self, shown: &Credentials, audiences: &[&str], caller: &Caller) -> Result<Arc<Client>> {
        let network = format!("client proofs of networks/{}", caller.network());
        let counters = &self.shared.counters;
        if let Some(wait) = counters.wait(&network, PER_NETWORK) {
            return self.recognise_anew(shown).await?.ok_or_else(|| too_many(wait));
        }
        let secret = shown.secret.expose_secret();
        let proven = match shown.method {
            AuthMethod::None => self.public(&shown.id, caller).await,
            AuthMethod::PrivateKeyJwt => self.authenticate_assertion(&shown.id, secret, audiences, caller).await,
            method => self.authenticate(&shown.id, secret, method).await,
        };
        match proven {
            Err(error) if error.kind == ErrorKind::InvalidClient => {
                let client = format!("client proofs of clients/{}", shown.id);
                counters.hit(&network, PER_NETWORK).map_err(too_many)?;
                counters.hit(&client, PER_CLIENT).map_err(too_many)?;
                Err(error)
            }
            proven => proven,
        }
    }

    /// As [`Self::recognise`], for one that has changed since it was seen, as at a rotation of its secret: a
    /// neighbour's guesses are none of its doing. It is read once for each change, whoever asks.
    async fn recognise_anew(&self, shown: &Credentials) -> Result<Option<Arc<Client>>> {
        let id = ClientId::new(&*shown.id);
        if !self.memory.is_outdated(&self.shared, &id) {
            return Ok(None);
        }
        self.fetch(&id).await?;
        Ok(self.recognise(shown))
    }

    /// The client that `id` and `secret` prove, presented by `method` (RFC 6749 section 2.3.1).
    ///
    /// Whoever fails learns nothing about why, neither by the answer nor by the work done: one
    /// look-up, one hash and two comparisons for each.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidClient`] for an unknown or public client, a wrong secret, or a method
    /// that is not the client's own; when the database is away.
    pub async fn authenticate(&self, id: &str, secret: &str, method: AuthMethod) -> Result<Arc<Client>> {
        let found = self.find(&ClientId::new(id)).await?;
        self.opened(found, secret, method).ok_or_else(|| ErrorKind::InvalidClient.into())
    }

    fn opened(&self, found: Option<Arc<Client>>, secret: &str, method: AuthMethod) -> Option<Arc<Client>> {
        let presented = sha256(secret.as_bytes());
        let nobody = Secrets::default();
        let secrets = found.as_ref().map_or(&nobody, |client| &client.secrets);
        let opens = secrets.open_for(&presented, self.clock.now());
        let is_its_own =
            |client: &Arc<Client>| opens && client.has_secret() && client.token_endpoint_auth_method == method;
        found.filter(is_its_own)
    }

    /// The public client called `id`: it can prove nothing, and needs not (RFC 6749 section 2.3).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidClient`] for an unknown one, and for one that has to prove itself.
    pub async fn public(&self, id: &str, caller: &Caller) -> Result<Arc<Client>> {
        let found = self.meet_again(&ClientId::new(id), caller).await?;
        found.filter(|client| client.is_public()).ok_or_else(|| ErrorKind::InvalidClient.into())
    }

    /// The client that has signed `assertion` for one of `audiences` (RFC 7523 section 3), and
    /// calls itself `id` where that is not empty. An assertion opens once.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidClient`], with words about what is wrong for the client alone; when the
    /// database is away, or cannot tell whether the assertion was used before.
    pub async fn authenticate_assertion(
        &self,
        id: &str,
        assertion: &str,
        audiences: &[&str],
        caller: &Caller,
    ) -> Result<Arc<Client>> {
        let nobody = || Error::from(ErrorKind::InvalidClient);
        let assertion = Assertion::read(assertion).ok_or_else(nobody)?;
        let named = assertion.client().filter(|named| id.is_empty() || *named == id).ok_or_else(nobody)?;
        let client = self.meet_again(&ClientId::new(named), caller).await?.ok_or_else(nobody)?;
        let signs = client.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
        if !signs || !self.has_signed(&client, &assertion, caller).await? {
            return Err(nobody());
        }
        let spending = assertion.check(audiences, self.clock.now()).map_err(wrong)?;
        match self.spend(&client.id, &spending).await? {
            true => Ok(client),
            false => Err(wrong("was used before (jti).")),
        }
    }
}

fn wrong(words: &'static str) -> Error {
    Error::new(ErrorKind::InvalidClient, format!("The client assertion {words}"))
}

fn too_many(wait: Duration) -> Error {
    Error::from(ErrorKind::TooManyRequests).retry_after(wait)
}
