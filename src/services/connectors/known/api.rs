//! A provider's API, asked with the token that came for a code.

use std::time::Duration;

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::super::connector::{Connector, Provider};
use super::super::{failure, profile};
use crate::error::{Error, ErrorKind, Result};
use crate::services::outgoing::{Answer, Outgoing, Proof};
use crate::services::users::identity::{ClaimedEmail, Who};
use crate::services::users::name::clean;

/// The longest that we wait when an API asks us to, in seconds.
const LONGEST_PAUSE: f64 = 1.0;

/// What a profile is read from.
#[derive(Debug)]
pub struct Api<'a> {
    pub(in super::super) outgoing: &'a Outgoing,
    pub(in super::super) connector: &'a Connector,
    pub(in super::super) provider: &'a Provider,
    pub(in super::super) token: &'a SecretString,
}

impl Api<'_> {
    /// The JSON at `path`.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.ask_patiently(path).await?;
        match answer.status {
            200 => {
                let value: Value = serde_json::from_slice(&answer.body).map_err(failure::upstream)?;
                // Some wrap a refusal in a 200.
                if value.get("error").is_some() { Err(self.nonsense("it answers with an error")) } else { Ok(value) }
            }
            status => Err(failure::of_status(status)),
        }
    }

    /// The same, or nothing where the token does not open it.
    pub(super) async fn get_if_allowed(&self, path: &str) -> Result<Option<Value>> {
        let answer = self.ask_patiently(path).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).map(Some).map_err(failure::upstream),
            401 | 403 | 404 => Ok(None),
            status => Err(failure::of_status(status)),
        }
    }

    /// What says that somebody is in a group; nothing where they are not.
    ///
    /// # Errors
    /// [`ErrorKind::GroupsUnknown`] where the token does not open it: nobody is in no group because of that.
    pub(super) async fn membership(&self, path: &str) -> Result<Option<Value>> {
        let answer = self.ask_patiently(path).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).map(Some).map_err(failure::upstream),
            404 => Ok(None),
            status @ (401 | 403) => {
                let why = format!("{path} is not shown (it answers {status}): is guilds.members.read in the scope?");
                Err(Error::from(ErrorKind::GroupsUnknown).because(why))
            }
            status => Err(failure::of_status(status)),
        }
    }

    /// Asks, and once more where it says that it will answer in a moment.
    async fn ask_patiently(&self, path: &str) -> Result<Answer> {
        let answer = self.ask(path).await?;
        match pause(&answer) {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                self.ask(path).await
            }
            None => Ok(answer),
        }
    }

    async fn ask(&self, path: &str) -> Result<Answer> {
        let base = self.provider.api_url.as_deref().unwrap_or_default();
        let names = ["retry-after", "x-ratelimit-remaining"];
        let asked = self.outgoing.look_for(&format!("{base}{path}"), Proof::Bearer(self.token), names).await?;
        let (mut answer, [later, left]) = asked;
        if is_limited(answer.status, later.as_deref(), left.as_deref()) || is_busy(&answer) {
            // What others say by this status.
            answer.status = 429;
        }
        Ok(answer)
    }

    /// Facebook's proof that whoever shows the token knows the app's secret (Securing Graph API Requests).
    pub(super) fn secret_proof(&self) -> String {
        let secret = self.connector.client_secret.as_ref().map_or("", |secret| secret.expose_secret());
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hex::encode(hmac::sign(&key, self.token.expose_secret().as_bytes()))
    }

    pub(super) fn who(&self, subject: String) -> Who {
        Who { connector: self.connector.id.clone(), issuer: self.provider.issuer.clone(), subject }
    }

    pub(super) fn email(&self, address: &str, verified: bool) -> Option<ClaimedEmail> {
        profile::email(self.connector.trust, address, verified)
    }

    /// The first of `names` that shows anything.
    pub(super) fn name(&self, names: [Option<&str>; 2]) -> String {
        names.into_iter().flatten().map(clean).find(|name| !name.is_empty()).unwrap_or_default()
    }

    pub(super) fn nonsense(&self, why: &'static str) -> Error {
        failure::upstream(why)
    }
}

/// Whether GitHub refuses because it was asked too often (REST API, Rate limits), by the headers `retry-after`
/// and `x-ratelimit-remaining`.
pub(super) fn is_limited(status: u16, later: Option<&str>, left: Option<&str>) -> bool {
    status == 403 && (later.is_some() || left == Some("0"))
}

/// Whether it refuses because it has no time now (Graph API, Handling Errors: codes that go by themselves).
fn is_busy(answer: &Answer) -> bool {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok().filter(|_| answer.status >= 400);
    let error = body.as_ref().and_then(|body| body.get("error"));
    error.is_some_and(|error| {
        error["is_transient"] == true || matches!(error["code"].as_u64(), Some(1 | 2 | 4 | 17 | 32 | 341 | 613))
    })
}

/// For how long to wait before asking once more, where that is soon enough for a person who waits
/// (Discord, Rate Limits: seconds, also parts of them).
fn pause(answer: &Answer) -> Option<Duration> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok().filter(|_| answer.status == 429);
    let seconds = body?.get("retry_after")?.as_f64()?;
    (0.0..=LONGEST_PAUSE).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}
