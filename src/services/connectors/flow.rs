//! Sign-ins at providers that are under way: a row each, found by the state that goes round, taken away
//! by whoever finds it first on whichever node, and only for the browser that began it (SEC-094, SEC-097).

use std::time::Duration;

use entity::connector_flow::{Column, Entity};
use entity::{SessionId, UserId};
use sea_orm::ColumnTrait;
use serde::{Deserialize, Serialize};

use super::Connectors;
use super::connector::Connector;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Kind, Secret};
use crate::services::caller::Caller;
use crate::services::database::sweep;
use crate::services::shared::Limit;

/// How long a person may take at a provider.
pub(super) const LASTS: Duration = Duration::from_secs(600);
/// How many sign-ins of one network may begin within [`WINDOW`]: an office behind one address begins
/// far fewer, and a flood stays bounded.
const MOST: u32 = 600;
const WINDOW: Duration = Duration::from_secs(600);

/// The state that goes to a provider and comes back.
#[derive(Debug)]
pub(super) struct State;

impl Kind for State {
    const PREFIX: &'static str = "pst_cf_";
}

/// What a sign-in is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// Signing in on our own pages, and going on to this path of ours.
    Enter(String),
    /// Signing in for the chat's own front end.
    Chat,
    /// Letting the identity open the account of whoever is signed in here.
    Link {
        /// Whose account.
        user: UserId,
        /// The session that asked for it.
        session: SessionId,
    },
}

/// Whether somebody who comes back has to have proven anew who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anew {
    /// No: a session over there is enough.
    #[default]
    No,
    /// Where it is whoever is signed in here already.
    Same,
    /// Whoever it is.
    Always,
}

/// What was begun. It holds what the provider must prove to know.
#[derive(Clone, Serialize, Deserialize)]
pub struct Begun {
    /// What it is for.
    pub errand: Errand,
    /// Whether it was asked for a new proof.
    #[serde(default)]
    pub(super) anew: Anew,
    /// When, in seconds.
    #[serde(default)]
    pub(super) at: i64,
    /// What the ID token has to hold.
    pub(super) nonce: String,
    /// What the code is exchanged with (RFC 7636).
    pub(super) verifier: String,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").field("errand", &self.errand).finish_non_exhaustive()
    }
}

impl Connectors {
    /// Writes down that the browser which holds `browser` goes to `connector`; answers the state that
    /// it takes along.
    pub(super) async fn note(
        &self,
        connector: &Connector,
        begun: &Begun,
        browser: &str,
        caller: &Caller,
    ) -> Result<Secret<State>> {
        let limit = Limit { max: MOST, window: WINDOW };
        let hit = self.parts.shared.counters.hit(&format!("connector flows/{}", caller.network()), limit);
        hit.map_err(|wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait))?;
        self.put(&connector.id, browser, begun).await
    }

    /// Takes away what `state` stands for, if the browser that holds `browser` began it at `connector`
    /// and it is not too old. Nobody gets it a second time.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn take(&self, connector: &Connector, state: &str, browser: &str) -> Result<Option<Begun>> {
        let Some(state) = Secret::<State>::parse(state) else { return Ok(None) };
        self.take_out(&state, browser, Some(&connector.id)).await
    }

    /// Removes up to `most` sign-ins that nobody came back from; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, most: u64) -> Result<u64> {
        let old = Column::ExpiresAt.lte(self.parts.clock.now());
        sweep(&self.parts.database, Entity, Column::Id, old, most).await
    }
}
