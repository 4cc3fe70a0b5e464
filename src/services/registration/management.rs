//! How a client looks after its registration (RFC 7592): it alone has the token that opens it, and it
//! reaches no client that was declared in another way.

use entity::ClientId;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::metadata::{self, Policy, refusal};
use super::{HOUR, Registration, WRONG, too_many};
use crate::error::{Error, ErrorKind, FieldProblem, Result};
use crate::secret::Secret;
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;
use crate::services::clients::unvouched::GRANTS;
use crate::services::clients::{Client, ClientSecret, Metadata, RegistrationToken, Replaced, SubjectType};
use crate::services::database::Executor;
use crate::services::shared::{Limit, Subject};

/// How often one client may change.
const CHANGES: Limit = Limit { max: 20, window: HOUR };
/// What a client may not send back to us as its metadata (RFC 7592 section 2.2).
const OURS: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];
/// Two of a client's servers at once, say: one of them has the secret.
const OVERTAKEN: &str = "The client's secret was changed at the same moment. Nothing of this change holds: read the \
                         registration, then try again.";

impl Registration {
    /// The client `id`, which shows `token` to look after its registration.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidToken`] for any other client or token, whether or not there is such a
    /// client; [`ErrorKind::TooManyRequests`] after too many of those; when the database is away.
    pub async fn read(&self, id: &ClientId, token: &SecretString, caller: &Caller) -> Result<Client> {
        Ok(self.managed(id, token, caller).await?.0)
    }

    async fn managed(
        &self,
        id: &ClientId,
        token: &SecretString,
        caller: &Caller,
    ) -> Result<(Client, Secret<RegistrationToken>)> {
        let key = self.check_guesses(caller)?;
        if let Some(token) = Secret::<RegistrationToken>::parse(token.expose_secret())
            && let Some(client) = self.clients.registered(id, &token).await?
        {
            return Ok((client, token));
        }
        self.shared.counters.hit(&key, WRONG).map_err(too_many)?;
        Err(ErrorKind::InvalidToken.into())
    }

    /// Replaces the metadata of the client `id` by what `document` describes (RFC 7592 section 2.2); what
    /// that leaves out is taken away. Answers the client, and a secret where it now needs one and had none.
    ///
    /// # Errors
    /// As [`Self::read`] and [`Self::register`]; [`ErrorKind::Conflict`] when another change was faster that
    /// concerns its secret: nothing was changed then.
    pub async fn replace(
        &self,
        id: &ClientId,
        token: &SecretString,
        document: &Map<String, Value>,
        caller: &Caller,
    ) -> Result<(Client, Option<Secret<ClientSecret>>)> {
        let (before, token) = self.managed(id, token, caller).await?;
        check_own_members(&before, document)?;
        // What was granted stays; more than anybody may have is not to be had by a change.
        let grants = [GRANTS.as_slice(), &before.grant_types].concat();
        let new = metadata::read(document, &Policy { grants: &grants, networks: &self.settings.networks })?;
        let secret = self.clients.missing_secret(&before, &new);
        self.shared.counters.hit(&format!("registration changes/{id}"), CHANGES).map_err(too_many)?;
        self.check_sector(&new, caller).await?;
        let is_another = new.client_name != before.client_name || new.redirect_uris != before.redirect_uris;
        let mut after = before.clone();
        after.metadata = kept(&before.metadata, new);
        // Its people's ids would change, to those that another app on that host sees (Core section 8.1).
        let sees_others = people_of(&after) != people_of(&before);
        let (client, hash) = (after.clone(), secret.as_ref().map(Secret::hash));
        self.change(EventKind::ClientChanged, client.id.clone(), caller, move |it, tx| {
            Box::pin(async move {
                match it.clients.replace_registered(tx, &client, &token, hash).await? {
                    Replaced::Done => {}
                    Replaced::Overtaken => return Err(Error::new(ErrorKind::Conflict, OVERTAKEN)),
                    Replaced::Gone => return Err(ErrorKind::InvalidToken.into()),
                }
                match (sees_others, is_another) {
                    (true, _) => it.grants.forget_client(tx, &client.id).await,
                    (false, true) => it.grants.ask_again(tx, &client.id).await,
                    (false, false) => Ok(()),
                }
            })
        })
        .await?;
        self.grants.tell_soon();
        Ok((after, secret))
    }

    /// Removes the client `id` (RFC 7592 section 2.3), with all that people granted it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn remove(&self, id: &ClientId, token: &SecretString, caller: &Caller) -> Result<()> {
        let (client, token) = self.managed(id, token, caller).await?;
        self.change(EventKind::ClientRemoved, client.id.clone(), caller, move |it, tx| {
            Box::pin(async move {
                match it.clients.remove_registered(tx, &client.id, &token).await? {
                    true => it.grants.forget_client(tx, &client.id).await,
                    false => Err(ErrorKind::InvalidToken.into()),
                }
            })
        })
        .await?;
        self.grants.tell_soon();
        Ok(())
    }

    /// Runs `work` on the client `id` with what every change needs around it.
    async fn change<F>(&self, kind: EventKind, id: ClientId, caller: &Caller, work: F) -> Result<()>
    where
        F: for<'c> FnOnce(&'c Self, &'c Executor<'c>) -> BoxFuture<'c, Result<()>> + Send + 'static,
    {
        let it = self.clone();
        let event = Event::new(kind).by(Actor::Client(id.clone())).from(caller).with("client", id.as_str());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                work(&it, tx).await?;
                it.audit.record(tx, event).await?;
                it.shared.announce(tx, vec![Subject::Client(id)]).await
            })
        });
        self.shared.apply(&write.await?);
        Ok(())
    }
}

/// Whose ids of people `client` sees: those of its sector, or everybody's.
fn people_of(client: &Client) -> Option<Option<String>> {
    (client.subject_type == SubjectType::Pairwise).then(|| client.sector())
}

/// What only an operator says of a client stays as it was.
fn kept(before: &Metadata, new: Metadata) -> Metadata {
    Metadata {
        trusted: before.trusted,
        requires_verified_email: before.requires_verified_email,
        introspect: before.introspect,
        access_token: before.access_token,
        require_pkce: before.require_pkce,
        resources: before.resources.clone(),
        ..new
    }
}

/// A change names its client, and neither what is ours to say nor another secret (RFC 7592 section 2.2).
fn check_own_members(client: &Client, document: &Map<String, Value>) -> Result<()> {
    let text = |key: &str| document.get(key).filter(|value| !value.is_null());
    let mut problems = Vec::new();
    if text("client_id").and_then(Value::as_str) != Some(client.id.as_str()) {
        problems.push(FieldProblem::new("client_id", "must be that of this client."));
    }
    let is_own = |secret: &Value| secret.as_str().is_some_and(|secret| client.has_as_secret(secret));
    if text("client_secret").is_some_and(|secret| !is_own(secret)) {
        problems.push(FieldProblem::new("client_secret", "is not the one that this client has; we make it."));
    }
    for key in OURS.into_iter().filter(|key| text(key).is_some()) {
        problems.push(FieldProblem::new(key, "is not for the client to say: leave it out."));
    }
    if problems.is_empty() { Ok(()) } else { Err(refusal(problems)) }
}
