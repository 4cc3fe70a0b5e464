//! Who a person is to a client: the same to all, or somebody else to each (OpenID Connect Core
//! section 8).

use entity::UserId;
use tokio::sync::OnceCell;

use super::Tokens;
use crate::error::{Error, Result};
use crate::secret::DerivedKey;
use crate::services::clients::{Client, SubjectType};
use crate::services::installation;

/// What pairwise ids are made with, once it was asked for.
pub(super) type Subjects = OnceCell<DerivedKey>;

impl Tokens {
    /// The `sub` of `user` in all that `client` sees: 24 lower-case hex digits of either kind.
    ///
    /// # Errors
    /// When the database is away and was not asked before.
    pub async fn subject(&self, client: &Client, user: UserId) -> Result<String> {
        match client.subject_type {
            SubjectType::Public => Ok(user.to_string()),
            SubjectType::Pairwise => self.pairwise(client, user).await,
        }
    }

    async fn pairwise(&self, client: &Client, user: UserId) -> Result<String> {
        let sector = client.sector().ok_or_else(|| Error::internal("a pairwise client is without a sector"))?;
        let key = self.subjects.get_or_try_init(|| self.pairwise_key()).await?;
        Ok(pairwise(key, &sector, user))
    }

    async fn pairwise_key(&self) -> Result<DerivedKey> {
        let fresh = hex::encode(self.random.bytes::<32>());
        let salt = installation::pairwise_salt(&self.database, fresh, self.clock.now()).await?;
        Ok(DerivedKey::derive(salt.as_bytes(), "pairwise subjects"))
    }
}

/// No host holds a zero byte, so no two pairs make one text.
fn pairwise(key: &DerivedKey, sector: &str, user: UserId) -> String {
    let hash = key.mac(&[sector.as_bytes(), b"\0", user.as_bytes()]);
    let mut id = [0; 12];
    id.copy_from_slice(&hash[..12]);
    UserId::from_bytes(id).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_and_a_person_make_one_id() {
        let (key, other) = (DerivedKey::derive(b"salt", "pairwise subjects"), DerivedKey::derive(b"other", "x"));
        let (ada, bob) = (UserId::from_bytes([1; 12]), UserId::from_bytes([2; 12]));
        let id = pairwise(&key, "app.example", ada);
        assert_eq!(id, pairwise(&key, "app.example", ada));
        let others = [
            pairwise(&key, "app.example", bob),
            pairwise(&key, "lax.example", ada),
            pairwise(&other, "app.example", ada),
            ada.to_string(),
        ];
        assert!(!others.contains(&id) && id.parse::<UserId>().is_ok(), "{others:?}");
    }
}
