//! People's accounts: find, create (the first one is the administrator, once), change.
//!
//! What must be felt by a person's sessions (a new password, a ban, deletion) is a verb of
//! [`accounts`](super::accounts), which calls the ones here inside its transaction.

mod create;
pub mod email;
pub mod identity;
pub mod name;
pub mod password;
pub mod picture;
pub mod policy;
mod settings;
pub mod standing;
pub mod username;

pub use create::{Created, NewUser};
pub use settings::{Hashing, Settings};

pub use entity::user::Model as User;

use std::collections::BTreeSet;

use entity::user::{ActiveModel, Column, Entity};
use entity::{Names, UserId};
use sea_orm::sea_query::{ExprTrait, LockType};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use self::email::Email;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;
use crate::services::database::{Database, Executor};

/// The role of those who may do everything.
pub const ADMIN: &str = "admin";
/// The role of everybody else.
pub const USER: &str = "user";

/// The accounts.
#[derive(Clone, Debug)]
pub struct Users {
    database: Database,
    clock: Clock,
    random: Random,
    /// How accounts are made and proven.
    pub settings: Settings,
}

impl Users {
    /// The accounts in `database`.
    #[must_use]
    pub fn new(database: Database, clock: Clock, random: Random, settings: Settings) -> Self {
        Self { database, clock, random, settings }
    }

    /// The account with this id.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn get(&self, id: UserId) -> Result<Option<User>> {
        Ok(Entity::find_by_id(id).one(self.database.read()).await?)
    }

    /// The account with this canonical address.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn by_email(&self, canonical: &str) -> Result<Option<User>> {
        Ok(Entity::find().filter(Column::EmailCanonical.eq(canonical)).one(self.database.read()).await?)
    }

    /// The account that an operator names by id, address or user name, which no text is two of.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none.
    pub async fn named(&self, name: &str) -> Result<User> {
        let folded = name.trim().to_lowercase();
        let found = match (folded.parse(), Email::parse(name)) {
            (Ok(id), _) => self.get(id).await?,
            (_, Ok(email)) => self.by_email(email.canonical()).await?,
            _ => Entity::find().filter(Column::Username.eq(&folded)).one(self.database.read()).await?,
        };
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("There is no account named {name}.")))
    }

    /// Up to `most` accounts that come after the user name `after`, in the order of user names.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list(&self, after: &str, most: u64) -> Result<Vec<User>> {
        let page = Entity::find().filter(Column::Username.gt(after)).order_by_asc(Column::Username).limit(most);
        Ok(page.all(self.database.read()).await?)
    }

    /// Whether any account exists.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(Entity::find().one(self.database.read()).await?.is_none())
    }

    /// Whether `user` may administer and no other account that is enabled does.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn is_last_admin(&self, user: &User) -> Result<bool> {
        if !user.roles.contains(ADMIN) {
            return Ok(false);
        }
        let others = Entity::find().filter(Column::Id.ne(user.id)).filter(Column::DisabledAt.is_null());
        let lists = others.select_only().column(Column::Roles).distinct().into_tuple::<Names>();
        Ok(!lists.all(self.database.read()).await?.iter().any(|roles| roles.contains(ADMIN)))
    }

    /// The roles that somebody other than `id` has.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn other_roles(&self, id: UserId) -> Result<BTreeSet<String>> {
        let others = Entity::find().filter(Column::Id.ne(id)).select_only().column(Column::Roles).distinct();
        let lists = others.into_tuple::<Names>().all(self.database.read()).await?;
        Ok(lists.iter().flat_map(Names::as_slice).cloned().collect())
    }

    /// Changes the account `id` in the transaction `tx` as `change` says, and answers the new row.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone.
    pub(super) async fn change(
        &self,
        tx: &Executor<'_>,
        id: UserId,
        change: impl FnOnce(&mut ActiveModel) + Send,
    ) -> Result<User> {
        let mut row = ActiveModel { updated_at: Set(self.clock.now()), ..ActiveModel::default() };
        change(&mut row);
        let changed = Entity::update_many().set(row).filter(Column::Id.eq(id)).exec_with_returning(tx).await?;
        changed.into_iter().next().ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Puts `new` in the place of `old` as the hash of the same password, unless it was changed
    /// meanwhile.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn upgrade_hash(&self, tx: &Executor<'_>, id: UserId, old: String, new: String) -> Result<bool> {
        let row = ActiveModel { password_hash: Set(Some(new)), ..ActiveModel::default() };
        let stale = Column::Id.eq(id).and(Column::PasswordHash.eq(old));
        Ok(Entity::update_many().set(row).filter(stale).exec(tx).await?.rows_affected == 1)
    }

    /// Whether the account is still as it was when `proven` was read: there, enabled, with the same
    /// password. Holds the row by `lock` until the transaction ends, so that no change slips in
    /// between.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn is_unchanged(&self, tx: &Executor<'_>, proven: &User, lock: LockType) -> Result<bool> {
        let row = Entity::find_by_id(proven.id).lock(lock).one(tx).await?;
        Ok(row.is_some_and(|row| row.disabled_at.is_none() && row.password_changed_at == proven.password_changed_at))
    }

    /// Holds the account's row until the transaction ends: whoever takes sessions away takes this
    /// first, so that nobody begins one meanwhile and no two wait for each other. Answers it as it is now.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn hold(&self, tx: &Executor<'_>, id: UserId) -> Result<Option<User>> {
        Ok(Entity::find_by_id(id).lock(LockType::Update).one(tx).await?)
    }

    /// Every enabled administrator, held until the transaction ends, in one order for all who hold them.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn hold_admins(&self, tx: &Executor<'_>) -> Result<Vec<UserId>> {
        let admins = Entity::find().filter(Column::Roles.contains(format!("\"{ADMIN}\"")));
        let rows = admins.order_by_asc(Column::Id).lock(LockType::Update).all(tx).await?;
        Ok(rows.into_iter().filter(|user| user.disabled_at.is_none()).map(|user| user.id).collect())
    }

    /// Deletes the account; its sessions and refresh families go with it. Its user name and id are
    /// never given again.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn remove(&self, tx: &Executor<'_>, id: UserId) -> Result<()> {
        Entity::delete_by_id(id).exec(tx).await?;
        Ok(())
    }
}

/// Keeps the account of `id` from being deleted until the transaction `tx` ends; answers whether it is
/// still there. Whoever writes what hangs on an account takes this before anything else that hangs on
/// it, sessions too, as whoever deletes it does: then no two wait for each other.
///
/// # Errors
/// When the database is away.
pub(super) async fn share(tx: &Executor<'_>, id: UserId) -> Result<bool> {
    let found = Entity::find_by_id(id).select_only().column(Column::Id).lock(LockType::KeyShare);
    Ok(found.into_tuple::<UserId>().one(tx).await?.is_some())
}

/// `roles` with that of the administrator in the place of everybody's; what else was given stays.
pub(super) fn as_admin(roles: &Names) -> Names {
    let others = roles.as_slice().iter().map(String::as_str).filter(|role| *role != USER);
    Names::new(std::iter::once(ADMIN).chain(others))
}

/// The role as the chat app writes it: `ADMIN`, `USER` or the operator's own, upper case.
#[must_use]
pub fn chat_role(roles: &Names) -> String {
    if roles.contains(ADMIN) {
        return ADMIN.to_uppercase();
    }
    roles.as_slice().first().map_or_else(|| USER.to_uppercase(), |role| role.to_uppercase())
}

#[cfg(test)]
mod tests;
