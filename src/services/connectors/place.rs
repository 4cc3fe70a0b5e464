//! A secret goes to the place that it was set for (SEC-101). Whoever can bend an address in the settings
//! need not know the secret beside it, and would be handed it by the next sign-in. So a connector whose
//! issuer or hosts have changed goes on only once its secret has changed too.

use std::sync::PoisonError;

use entity::connector_place::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use secrecy::ExposeSecret;
use url::Url;

use super::connector::{Connector, Place};
use super::{Connectors, failure};
use crate::error::Result;
use crate::services::database::Executor;

impl Connectors {
    /// Makes sure that the secret of `connector` may go where the settings say now.
    ///
    /// # Errors
    /// [`ErrorKind::ProviderFailed`](crate::error::ErrorKind::ProviderFailed) when it was set for another
    /// place; when the database is away.
    pub(super) async fn check_place(&self, connector: &Connector) -> Result<()> {
        let Some(secret) = &connector.client_secret else { return Ok(()) };
        // Settings stay as long as the process does.
        if self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(&connector.id) {
            return Ok(());
        }
        let text = format!("{}\0{}", connector.id, secret.expose_secret());
        let now = Model {
            connector: connector.id.clone(),
            place: place(connector),
            secret: self.parts.upstream.hash(text.as_bytes()),
        };
        if !self.parts.database.write(move |tx| Box::pin(async move { settle(tx, now).await })).await? {
            let why = "its issuer or its hosts were changed, and its secret was not: make a new secret at the provider and \
                       set that, if the change is yours";
            tracing::error!(connector = connector.id, "a connector is not used: {why}");
            return Err(failure::upstream(why));
        }
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(connector.id.clone());
        Ok(())
    }
}

/// Answers whether `now` may be, and remembers it then.
async fn settle(tx: &Executor<'_>, now: Model) -> Result<bool> {
    match Entity::find_by_id(now.connector.clone()).one(tx).await? {
        Some(known) if known == now => return Ok(true),
        Some(known) if known.secret == now.secret => return Ok(false),
        _ => {}
    }
    let row = ActiveModel { connector: Set(now.connector), place: Set(now.place), secret: Set(now.secret) };
    let again = OnConflict::column(Column::Connector).update_columns([Column::Place, Column::Secret]).to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(true)
}

/// Where the secret, and what comes for it, goes. Another version of an API is at the same host.
fn place(connector: &Connector) -> String {
    match &connector.place {
        Place::Issuer(issuer) => issuer.clone(),
        Place::Fixed(provider) => {
            let host = |address: &str| {
                Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
            };
            let api = provider.api_url.as_deref().unwrap_or_default();
            [provider.issuer.clone(), host(&provider.token_url), host(api)].join(" ")
        }
    }
}
