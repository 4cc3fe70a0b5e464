//! Calls by which a server that lets our people in is asked: with a proof of who asks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{Answer, LARGEST_ANSWER, Outgoing, failed, read};
use crate::error::Result;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// Nobody, or the form says it.
    None,
    /// A client, by HTTP Basic as RFC 6749 section 2.3.1 has it.
    Basic(&'a str, &'a SecretString),
    /// Whoever holds the token (RFC 6750 section 2.1).
    Bearer(&'a SecretString),
}

impl Outgoing {
    /// Sends `fields` as a form to `url` and wants JSON; whatever status the answer has, it is one.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::error::ErrorKind::Unavailable) when the address may not be
    /// called, nothing came back in time, or the answer is longer than [`LARGEST_ANSWER`].
    pub async fn ask(&self, url: &str, fields: &[(&str, &str)], proof: Proof<'_>) -> Result<Answer> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let proof = proof.header()?;
        let form = |client: &Client, url: Url| {
            let request = client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
            with(request.header(ACCEPT, "application/json"), proof)
        };
        self.call(url, LARGEST_ANSWER, form).await
    }

    /// What `url` answers, which should be JSON; whatever status it has.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn look(&self, url: &str, proof: Proof<'_>) -> Result<Answer> {
        let proof = proof.header()?;
        let get = |client: &Client, url: Url| with(client.get(url).header(ACCEPT, "application/json"), proof);
        self.call(url, LARGEST_ANSWER, get).await
    }

    /// The same, with the headers of these names where they are text; of several of one name the first.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn look_for<const N: usize>(
        &self,
        url: &str,
        proof: Proof<'_>,
        names: [&str; N],
    ) -> Result<(Answer, [Option<String>; N])> {
        let proof = proof.header()?;
        let get = |client: &Client, url: Url| with(client.get(url).header(ACCEPT, "application/json"), proof);
        let response = self.send(url, get).await?;
        let found = names.map(|name| response.headers().get(name)?.to_str().ok().map(str::to_owned));
        let status = response.status().as_u16();
        Ok((Answer { status, body: read(response, LARGEST_ANSWER).await? }, found))
    }

    /// Sends `document` to `url`; whatever status the answer has, it is one.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn tell(&self, url: &str, document: &Value, proof: Proof<'_>) -> Result<Answer> {
        let (proof, body) = (proof.header()?, document.to_string());
        let post = |client: &Client, url: Url| {
            let request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
            with(request.header(ACCEPT, "application/json"), proof)
        };
        self.call(url, LARGEST_ANSWER, post).await
    }
}

impl Proof<'_> {
    fn header(self) -> Result<Option<HeaderValue>> {
        let text = match self {
            Self::None => return Ok(None),
            Self::Basic(id, secret) => {
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
                format!("Basic {}", STANDARD.encode(pair))
            }
            Self::Bearer(token) => format!("Bearer {}", token.expose_secret()),
        };
        let mut value = HeaderValue::try_from(text).map_err(failed)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

fn with(request: RequestBuilder, proof: Option<HeaderValue>) -> RequestBuilder {
    match proof {
        Some(proof) => request.header(AUTHORIZATION, proof),
        None => request,
    }
}
