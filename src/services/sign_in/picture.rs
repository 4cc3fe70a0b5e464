//! The picture of somebody who comes in through a provider: fetched beside the sign-in, which neither
//! fails by it nor waits long for it.

use std::time::Duration;

use entity::UserId;

use super::SignIn;
use super::start::Proven;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::connectors::Connector;

/// How long a sign-in waits for the picture, so that what it leads to shows it: of an account that has none.
const PATIENCE: Duration = Duration::from_secs(2);

/// What picture somebody needs.
pub(super) struct PictureErrand {
    user: UserId,
    connector: String,
    /// Where it is; none: the provider has none.
    address: Option<String>,
    /// Whether it comes instead of the one that they have.
    replaces: bool,
    /// Whether they have none.
    lacks: bool,
    doer: Doer,
}

impl PictureErrand {
    /// What picture whoever is `proven` at `connector` needs, if any.
    pub(super) fn of(caller: &Caller, connector: &Connector, proven: &Proven) -> Option<Self> {
        let profile = &proven.arrival.as_ref()?.profile;
        let (lacks, replaces) = (proven.user.picture.is_none(), connector.refreshes);
        let is_needed = if lacks { profile.picture.is_some() } else { replaces };
        is_needed.then(|| Self {
            user: proven.user.id,
            connector: connector.id.clone(),
            address: profile.picture.clone(),
            replaces,
            lacks,
            doer: Doer::stranger(caller),
        })
    }
}

impl SignIn {
    /// Fetches what `errand` says, to the end also when whoever signs in has gone on.
    pub(super) async fn fetch_picture(&self, errand: Option<PictureErrand>) {
        let Some(errand) = errand else { return };
        let (lacks, accounts, connectors) = (errand.lacks, self.accounts.clone(), self.connectors.clone());
        let work = tokio::spawn(async move {
            let PictureErrand { user, connector, address, replaces, doer, .. } = errand;
            let image = match &address {
                // One that cannot be had now is no reason to lose the one that is there.
                Some(address) => Some(connectors.picture(address, &connector).await?),
                None => None,
            };
            if let Err(error) = accounts.take_picture(user, connector, image, replaces, doer).await {
                tracing::warn!(?error, "a picture cannot be kept now");
            }
            Some(())
        });
        if lacks {
            // A picture that takes longer is there a moment later.
            let _ = tokio::time::timeout(PATIENCE, work).await;
        }
    }
}
