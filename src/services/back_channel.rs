//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): the clients that took part in a
//! session are told when it ends, whoever ended it.

use std::time::Duration;

use entity::{ClientId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::audit::{Event, EventKind};
use super::clients::{Client, Clients, SubjectType};
use super::database::Executor;
use super::keys::Keys;
use super::outbox::{Courier, Delivery, Kind, Letter, Message, Outbox};
use super::outgoing::{Answer, Outgoing};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::random::Random;

/// The `typ` of a logout token (section 2.4).
pub const TYP: &str = "logout+jwt";
/// How long one is good: two minutes at the most (section 4).
pub const TOKEN_LIVES: Duration = Duration::from_secs(120);
/// The member of `events` that makes it one (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// What a try takes besides the call itself.
const MARGIN: Duration = Duration::from_secs(20);

/// Tells clients that sessions have ended.
#[derive(Clone, Debug)]
pub struct BackChannel {
    /// Who is told, and where.
    pub clients: Clients,
    /// What signs the tokens.
    pub keys: Keys,
    /// What waits to be told.
    pub outbox: Outbox,
    /// How it is told.
    pub outgoing: Outgoing,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The `iss` of the tokens.
    pub issuer: String,
}

/// A session that has ended, as it waits in the outbox.
#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    sub: UserId,
    sid: SessionId,
}

impl BackChannel {
    /// Has every client in `told` hear that its session of `user` is over, in the transaction `tx`
    /// that ends it. Whether a client wants to hear it is looked at when it is told.
    ///
    /// # Errors
    /// When the database does not take it.
    pub(super) async fn announce(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        told: impl IntoIterator<Item = (ClientId, SessionId)>,
    ) -> Result<()> {
        let message = |(client, session): (ClientId, SessionId)| {
            let payload = serde_json::to_string(&Ended { sub: user, sid: session }).map_err(Error::internal)?;
            Ok(Message { kind: Kind::BackChannelLogout, target: client.as_str().to_owned(), payload })
        };
        self.outbox.put(tx, told.into_iter().map(message).collect::<Result<_>>()?).await
    }

    /// Tells whoever is due to be told.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn deliver_due(&self) -> Result<()> {
        self.outbox.deliver_due(self).await
    }

    async fn tell(&self, letter: &Letter) -> Result<Delivery> {
        let client = self.clients.find(&ClientId::new(&letter.target)).await?;
        let Some((client, address)) = client.and_then(|client| {
            let address = client.backchannel_logout_uri.clone()?;
            Some((client, address))
        }) else {
            return Ok(Delivery::Done);
        };
        let ended: Ended = serde_json::from_str(&letter.payload).map_err(Error::internal)?;
        let token = self.token(&client, &ended).await?;
        Ok(match self.outgoing.post_form(address.as_str(), &[("logout_token", &token)]).await {
            Ok(answer) => judge(&answer),
            Err(error) => Delivery::Failed { why: cause(&error), away: true },
        })
    }

    /// A logout token (section 2.4). It is made anew for every try: its `jti` may have been noted by a
    /// client that failed later on.
    async fn token(&self, client: &Client, ended: &Ended) -> Result<String> {
        let now = self.clock.now();
        let mut claims: Value = json!({
            "iss": self.issuer,
            "aud": client.id.as_str(),
            "iat": now.seconds(),
            "exp": (now + TOKEN_LIVES).seconds(),
            "jti": hex::encode(self.random.bytes::<16>()),
            "sid": ended.sid.to_string(),
            "events": { EVENT: {} },
        });
        // A client that knows people by ids of its own must not learn the one that others know them by;
        // the session is enough (section 2.4).
        if client.subject_type == SubjectType::Public {
            claims["sub"] = json!(ended.sub.to_string());
        }
        self.keys.sign(client.id_token_signed_response_alg, TYP, &claims).await
    }
}

/// What an answer means (section 2.8). A 400 is the client's own word that this token does not help, and
/// sending it again would not either (section 2.5). Everything else may be somebody on the way: a proxy
/// before a client that is starting answers 404 and 403 as well as 502.
fn judge(answer: &Answer) -> Delivery {
    let Answer { status, body } = answer;
    match status {
        200..=299 => Delivery::Done,
        400 => {
            let words: String = String::from_utf8_lossy(body).chars().take(300).collect();
            Delivery::Refused(format!("it answers 400: {words:?}"))
        }
        _ => Delivery::Failed { why: format!("it answers {status}"), away: matches!(status, 429 | 502..=504) },
    }
}

fn cause(error: &Error) -> String {
    error.cause().map_or_else(|| error.detail.to_string(), ToString::to_string)
}

impl Courier for BackChannel {
    const KIND: Kind = Kind::BackChannelLogout;

    fn longest_try(&self) -> Duration {
        self.outgoing.timeout() * 2 + MARGIN
    }

    async fn deliver(&self, letter: &Letter) -> Delivery {
        let told = self.tell(letter).await;
        // A fault of ours: the others may fare better.
        told.unwrap_or_else(|error| Delivery::Failed { why: format!("{error:?}"), away: false })
    }

    fn lost(&self, letter: &Letter) -> Event {
        let event = Event::new(EventKind::LogoutUndelivered).with("client", letter.target.as_str());
        match serde_json::from_str::<Ended>(&letter.payload) {
            Ok(Ended { sub, sid }) => event.about(sub).with("session", sid.to_string()),
            Err(_) => event,
        }
    }
}
