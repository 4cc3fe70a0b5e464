//! The session token: the chat's HS256 JWT (RFC 7519), signed with `JWT_SECRET`.

use entity::{SessionId, Timestamp, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::Tokens;
use crate::error::{Error, Result};
use crate::services::sessions::{Live, Session};
use crate::services::users::User;

/// Longer texts are no token of ours; checked before any work is done on them.
const LONGEST: usize = 4096;

/// A session token that goes out.
#[derive(Clone, Debug)]
pub struct SessionToken {
    /// The JWT.
    pub text: SecretString,
    /// Its `exp`.
    pub expires_at: Timestamp,
}

/// The payload that the chat's front end and back end read.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    id: UserId,
    username: String,
    provider: String,
    email: String,
    sub: UserId,
    sid: String,
    iat: i64,
    exp: i64,
}

/// What a genuine, unexpired token claims; whether its session lives is another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

pub(super) struct Keys {
    sign: EncodingKey,
    verify: DecodingKey,
    header: Header,
    /// The first part of every token that we mint. A token with any other header is none of ours,
    /// which settles `alg`, `crit`, `jku` and all the rest at once (RFC 8725 section 3.1).
    prefix: String,
    validation: Validation,
}

impl Keys {
    pub(super) fn new(secret: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would ask the machine's clock; ours decides.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let (sign, header) = (EncodingKey::from_secret(secret), Header::new(Algorithm::HS256));
        let sample = jsonwebtoken::encode(&header, &(), &sign).unwrap_or_default();
        let prefix = sample.split_once('.').map(|(header, _)| format!("{header}.")).unwrap_or_default();
        Self { sign, verify: DecodingKey::from_secret(secret), header, prefix, validation }
    }

    fn mint(&self, claims: &Claims) -> Result<String> {
        jsonwebtoken::encode(&self.header, claims, &self.sign).map_err(Error::internal)
    }

    /// What `token` claims, if it is genuine and has not expired at `now`.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Option<Claimed> {
        self.read_expired(token).filter(|claimed| claimed.expires_at > now)
    }

    /// What `token` claims, if it is genuine, however old it is.
    fn read_expired(&self, token: &str) -> Option<Claimed> {
        if token.len() > LONGEST || self.prefix.is_empty() || !token.starts_with(&self.prefix) {
            return None;
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.verify, &self.validation).ok()?.claims;
        let (issued_at, expires_at) = (Timestamp::from_seconds(claims.iat), Timestamp::from_seconds(claims.exp));
        let is_sound = claims.id == claims.sub && issued_at < expires_at;
        let session = claims.sid.parse().ok()?;
        is_sound.then_some(Claimed { user: claims.sub, session, issued_at, expires_at })
    }
}

impl Tokens {
    /// The living session of a genuine session token, which may itself have expired: good for
    /// signing out and for nothing else.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn session_of_expired(&self, token: &str) -> Result<Option<Live>> {
        let Some(claimed) = self.session_tokens.read_expired(token) else { return Ok(None) };
        let live = self.sessions.look_up(claimed.session).await?;
        Ok(live.filter(|live| live.user.id == claimed.user))
    }

    /// A fresh session token for `session`; its life never passes the session's.
    ///
    /// # Errors
    /// When the JWT library refuses to sign.
    pub fn session_token(&self, session: &Session, user: &User) -> Result<SessionToken> {
        let now = self.clock.now();
        let ends = (now + self.settings.session_token_lifetime).min(session.expires_at);
        let claims = Claims {
            id: user.id,
            username: user.username.clone(),
            provider: session.provider.clone(),
            email: user.email.clone(),
            sub: user.id,
            sid: session.id.to_string(),
            iat: now.seconds(),
            exp: ends.seconds().max(now.seconds() + 1),
        };
        let text = self.session_tokens.mint(&claims)?.into();
        Ok(SessionToken { text, expires_at: Timestamp::from_seconds(claims.exp) })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of more than thirty-two bytes";
    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn payload() -> Value {
        json!({
            "id": "0123456789abcdef01234567", "sub": "0123456789abcdef01234567", "username": "ada",
            "provider": "local", "email": "ada@example.com", "sid": "7f8a1c1e-2f54-4f0e-8f16-0d5f3a3d9b11",
            "iat": 1_799_999_990, "exp": 1_800_000_010,
        })
    }

    fn sign(header: &Value, payload: &Value, key: &[u8]) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(payload));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
        let signature = aws_lc_rs::hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    fn genuine(payload: &Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), payload, &EncodingKey::from_secret(SECRET)).unwrap()
    }

    #[test]
    fn a_genuine_token_reads_until_it_expires() {
        let (keys, token) = (Keys::new(SECRET), genuine(&payload()));
        let claimed = keys.read(&token, NOW).expect("alive");
        assert_eq!(claimed.user.to_string(), "0123456789abcdef01234567");
        assert_eq!(keys.read(&token, Timestamp::from_seconds(1_800_000_010)), None);
        assert_eq!(Keys::new(b"another secret of more than 32 bytes").read(&token, NOW), None);
    }

    #[test]
    fn sec_073_sec_074_no_header_but_ours_is_read() {
        let keys = Keys::new(SECRET);
        for header in [
            json!({"alg": "none", "typ": "JWT"}),
            json!({"alg": "NONE"}),
            json!({"alg": "HS512", "typ": "JWT"}),
            json!({"typ": "JWT", "alg": "HS256", "crit": ["b64"], "b64": false}),
            json!({"typ": "JWT", "alg": "HS256", "kid": "../../dev/null"}),
            json!({"typ": "JWT", "alg": "HS256", "jku": "https://evil.example/keys"}),
            json!({"typ": "at+jwt", "alg": "HS256"}),
        ] {
            assert_eq!(keys.read(&sign(&header, &payload(), SECRET), NOW), None, "{header}");
        }
        let token = genuine(&payload());
        let (message, _) = token.rsplit_once('.').unwrap();
        for broken in [message.to_owned(), format!("{message}."), format!("{token}."), format!("{token}A")] {
            assert_eq!(keys.read(&broken, NOW), None, "{broken}");
        }
    }

    #[test]
    fn sec_076_times_are_whole_numbers_or_nothing() {
        let keys = Keys::new(SECRET);
        for exp in
            [json!(null), json!("1800000010"), json!(1_800_000_010.5), json!(-1), json!(9_223_372_036_854_775_808_u64)]
        {
            let mut odd = payload();
            odd["exp"] = exp;
            assert_eq!(keys.read(&genuine(&odd), NOW), None, "{odd}");
        }
        let mut odd = payload();
        odd.as_object_mut().unwrap().remove("iat");
        assert_eq!(keys.read(&genuine(&odd), NOW), None);
    }

    #[test]
    fn sec_078_a_megabyte_is_refused_before_any_work() {
        let keys = Keys::new(SECRET);
        let token = format!("{}{}", keys.prefix, "A".repeat(1 << 20));
        assert_eq!(keys.read(&token, NOW), None);
    }
}
