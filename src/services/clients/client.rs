//! One client, and the secrets that open for it.

use entity::{ClientId, Timestamp, TokenHash};
use url::Url;

use super::document;
use super::metadata::Metadata;
use super::uri::{RedirectUri, WebUri, host_of, place_of, with_query};
use crate::secret::{Kind, same};

/// The secret that Postern makes for a client.
#[derive(Debug)]
pub struct ClientSecret;

impl Kind for ClientSecret {
    const PREFIX: &'static str = "pst_cs_";
}

/// Where a client is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In `POSTERN_CLIENTS_FILE`: no command changes it.
    File,
    /// In the database, by command.
    Database,
    /// By itself (RFC 7591): what it says of itself is nobody else's word.
    Registration,
    /// Nowhere: it says of itself what it is, in the document at the address that is its id.
    Document,
}

impl Origin {
    /// The word for people and scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Database => "database",
            Self::Registration => "registration",
            Self::Document => "document",
        }
    }
}

/// A relying party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// What it calls itself.
    pub id: ClientId,
    /// What is known of it.
    pub metadata: Metadata,
    /// Where it is declared.
    pub origin: Origin,
    /// When it was added; a client of the file was not.
    pub created_at: Option<Timestamp>,
    /// When one that registered itself is forgotten, unless a person lets it in before.
    pub expires_at: Option<Timestamp>,
    pub(super) secrets: Secrets,
}

impl Client {
    /// What people read: its name, or its id when it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(self.id.as_str())
    }

    /// What it is called where nothing else is said of it, beside a field for a password say: its name counts only
    /// where somebody here has declared it. Else it is its host, or its id, which we have chosen.
    #[must_use]
    pub fn plain_name(&self) -> String {
        match self.is_unvouched() {
            true => self.host().unwrap_or_else(|| self.id.as_str().to_owned()),
            false => self.name().to_owned(),
        }
    }

    /// The host by which people know it: of an address where it takes them back, or of its home page,
    /// which counts only where somebody here has declared it; for one with a document about itself the host
    /// and port of that.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        if self.is_described() {
            return place_of(self.id.as_str());
        }
        let back = self.metadata.redirect_uris.iter().map(RedirectUri::as_str);
        let home = self.metadata.client_uri.iter().filter(|_| !self.is_unvouched()).map(WebUri::as_str);
        back.chain(home).filter_map(host_of).next()
    }

    /// Whether nobody here has declared it, so that what it says of itself is all there is, and people are
    /// asked each time (RFC 6749 section 10.2, RFC 8252 section 8.6).
    #[must_use]
    pub fn is_unvouched(&self) -> bool {
        matches!(self.origin, Origin::Registration | Origin::Document)
    }

    /// Whether it comes with a document about itself, which whoever can read can come as.
    #[must_use]
    pub fn is_described(&self) -> bool {
        self.origin == Origin::Document
    }

    /// Whether an authorization of it may end at `address`: one of those registered, byte for byte;
    /// only the port of a loopback address is free (RFC 8252 section 7.3).
    #[must_use]
    pub fn redirects_to(&self, address: &str) -> bool {
        self.metadata.redirect_uris.iter().any(|known| known.allows(address))
    }

    /// What keeps the ids of its people apart from those that others see: as [`Metadata::sector`], but for an app
    /// with a document the host of that, for nobody has checked that the hosts it names are its own.
    #[must_use]
    pub fn sector(&self) -> Option<String> {
        if self.is_described() { document::host(&self.id) } else { self.metadata.sector() }
    }

    /// Where a page inside a sign-in of it may lead: back to `redirect_uri`, a checked one, or to where it begins
    /// a sign-in anew.
    pub fn ways_on<'a>(&'a self, redirect_uri: &'a str) -> impl Iterator<Item = &'a str> {
        let anew = self.metadata.initiate_login_uri.as_ref().map(WebUri::as_str);
        std::iter::once(redirect_uri).chain(anew)
    }

    /// Where a person goes after a logout that this client asked for: to `address`, if it is registered
    /// byte for byte, with `state` as it came (RP-Initiated Logout section 3). None for any other.
    #[must_use]
    pub fn after_logout(&self, address: &str, state: Option<&str>) -> Option<String> {
        let known = self.metadata.post_logout_redirect_uris.iter().find(|known| known.as_str() == address)?;
        let state = state.map(|state| ("state", state));
        Some(with_query(known.as_str(), state))
    }

    /// Whether pages of `origin` (RFC 6454 section 6.2) are the client's own: an address stands there
    /// that people are sent back to.
    #[must_use]
    pub fn owns_origin(&self, origin: &str) -> bool {
        let Metadata { redirect_uris, post_logout_redirect_uris, .. } = &self.metadata;
        redirect_uris.iter().chain(post_logout_redirect_uris).any(|address| {
            let own = Url::parse(address.as_str()).map(|url| url.origin());
            own.is_ok_and(|own| own.is_tuple() && own.ascii_serialization() == origin)
        })
    }

    /// Until when the secret from before a rotation opens; none when there is none, or no end.
    #[must_use]
    pub fn previous_secret_expires_at(&self) -> Option<Timestamp> {
        self.secrets.previous.as_ref().and_then(|previous| previous.until)
    }
}

impl std::ops::Deref for Client {
    type Target = Metadata;
    /// A client is its metadata with an id and secrets.
    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

/// The hashes of what opens for a client. Plain SHA-256 is enough: every secret is random.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Secrets {
    pub(super) current: Option<TokenHash>,
    pub(super) previous: Option<Previous>,
}

/// The secret from before a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Previous {
    pub(super) hash: TokenHash,
    /// None: for as long as it is declared.
    pub(super) until: Option<Timestamp>,
}

impl Secrets {
    /// Whether `presented` opens at `now`. Two comparisons whatever is set, each in constant time.
    pub(super) fn open_for(&self, presented: &TokenHash, now: Timestamp) -> bool {
        let is_alive = |previous: &&Previous| previous.until.is_none_or(|until| now < until);
        let previous = self.previous.as_ref().filter(is_alive).map(|previous| &previous.hash);
        [self.current.as_ref(), previous].into_iter().fold(false, |opens, hash| {
            let matches = same(hash.map_or(&[0; 32], TokenHash::as_bytes), presented.as_bytes());
            opens | (matches & hash.is_some())
        })
    }
}

/// Reads what a client may be called by: 1 to 255 printable ASCII characters without blanks
/// (RFC 6749 appendix A.1 allows blanks too; nobody uses them on purpose).
///
/// # Errors
/// With words when `text` is something else.
pub fn client_id(text: &str) -> Result<ClientId, String> {
    if is_client_id(text) {
        Ok(ClientId::new(text))
    } else {
        Err("A client's id is 1 to 255 printable ASCII characters without blanks.".into())
    }
}

pub(super) fn is_client_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::sha256;

    #[test]
    fn sec_069_both_secrets_open_while_the_previous_one_lives() {
        let (now, end) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        let secrets = Secrets {
            current: Some(sha256(b"new")),
            previous: Some(Previous { hash: sha256(b"old"), until: Some(end) }),
        };
        assert!(secrets.open_for(&sha256(b"new"), now) && secrets.open_for(&sha256(b"old"), now));
        assert!(secrets.open_for(&sha256(b"new"), end) && !secrets.open_for(&sha256(b"old"), end));
        assert!(!secrets.open_for(&sha256(b"other"), now));
    }

    #[test]
    fn sec_023_no_hash_opens_where_no_secret_is_set() {
        let now = Timestamp::from_seconds(1);
        assert!(!Secrets::default().open_for(&TokenHash::new([0; 32]), now));
        assert!(!Secrets::default().open_for(&sha256(b""), now));
    }

    #[test]
    fn sec_069_a_secret_of_ours_has_256_random_bits() {
        let secret = crate::secret::Secret::<ClientSecret>::generate(&crate::random::Random::system());
        let random = secret.expose().strip_prefix("pst_cs_").expect("it begins as its kind does");
        assert_eq!(random.len(), 43, "32 bytes in base64url");
    }
}
