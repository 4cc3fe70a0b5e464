//! A secret goes to the place that it went to first (SEC-101). Whoever can bend an address in the settings
//! need not know the secret beside it, and would be handed it by the next sign-in. So a connector whose
//! issuer or hosts have changed goes on only once its secret has changed too, and no connector takes a
//! secret elsewhere that another one has. Where nothing was sent yet, nothing is settled: a mistyped
//! issuer is mended by writing it right.

use std::sync::PoisonError;

use entity::TokenHash;
use entity::connector_place::{ActiveModel, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use secrecy::ExposeSecret;
use url::Url;

use super::connector::{Connector, Place};
use super::{Connectors, failure};
use crate::error::{Error, Result};
use crate::services::database::Executor;

impl Connectors {
    /// Makes sure that the secret of `connector` may go where the settings say now, before anybody is
    /// sent there.
    ///
    /// # Errors
    /// [`ErrorKind::ProviderFailed`](crate::error::ErrorKind::ProviderFailed) when it went to another
    /// place; when the database is away.
    pub(super) async fn check_place(&self, connector: &Connector) -> Result<()> {
        let Some(hashes) = self.unsettled(connector) else { return Ok(()) };
        let known = Entity::find().filter(Column::Secret.is_in(hashes)).all(self.parts.database.read()).await?;
        let place = place(connector);
        if known.iter().all(|row| row.place == place) { Ok(()) } else { Err(moved(connector)) }
    }

    /// The same when the secret is about to be sent; from then on it goes nowhere else.
    ///
    /// # Errors
    /// As [`Self::check_place`].
    pub(super) async fn settle_place(&self, connector: &Connector) -> Result<()> {
        let Some(hashes) = self.unsettled(connector) else { return Ok(()) };
        let place = place(connector);
        let write = self.parts.database.write(move |tx| Box::pin(async move { settle(tx, hashes, place).await }));
        if !write.await? {
            return Err(moved(connector));
        }
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(connector.id.clone());
        Ok(())
    }

    /// The forms in which what proves us to the provider may be known, that of now first; none where
    /// nothing does, or this process has settled it: settings stay as long as it does.
    fn unsettled(&self, connector: &Connector) -> Option<Vec<TokenHash>> {
        let text = match (&connector.signer, &connector.client_secret) {
            (Some(signer), _) => [b"key\0", signer.public_key()].concat(),
            (None, Some(secret)) => [b"secret\0", secret.expose_secret().as_bytes()].concat(),
            (None, None) => return None,
        };
        let is_settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(&connector.id);
        (!is_settled).then(|| self.parts.upstream.hashes(&text))
    }
}

fn moved(connector: &Connector) -> Error {
    let why = "its secret went to another issuer or to other hosts before: make a new secret at the provider and set \
               that, if the change is yours";
    tracing::error!(connector = connector.id, "a connector is not used: {why}");
    failure::upstream(why)
}

/// Answers whether the secret of these `hashes` may go to `place`, and remembers it then.
async fn settle(tx: &Executor<'_>, hashes: Vec<TokenHash>, place: String) -> Result<bool> {
    let known = Entity::find().filter(Column::Secret.is_in(hashes.iter().cloned())).all(tx).await?;
    let Some(secret) = hashes.into_iter().next().filter(|_| known.iter().all(|row| row.place == place)) else {
        return Ok(false);
    };
    let row = ActiveModel { secret: Set(secret.clone()), place: Set(place.clone()) };
    Entity::insert(row).on_conflict_do_nothing_on([Column::Secret]).exec_without_returning(tx).await?;
    // Another node may have been faster.
    Ok(Entity::find_by_id(secret).one(tx).await?.is_some_and(|row| row.place == place))
}

/// Where people are sent, and the secret and what comes for it. Another version of an API is at the same
/// host.
fn place(connector: &Connector) -> String {
    match &connector.place {
        Place::Issuer(issuer) => issuer.clone(),
        Place::Fixed(provider) => {
            let host = |address: &str| {
                Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
            };
            let api = provider.api_url.as_deref().unwrap_or_default();
            let hosts = [provider.authorization_url.as_str(), provider.token_url.as_str(), api].map(host);
            format!("{} {}", provider.issuer, hosts.join(" "))
        }
    }
}
