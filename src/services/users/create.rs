//! Making an account.

use entity::user::{ActiveModel, Column, Entity};
use entity::{Names, UserId, username};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::email::Email;
use super::username::Username;
use super::{ADMIN, USER, User, Users, as_admin};
use crate::error::{Error, ErrorKind, Result};
use crate::services::database::Executor;
use crate::services::installation;

/// How many numbered user names are tried before a random one is taken.
const NUMBERED: u32 = 20;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its address.
    pub email: Email,
    /// Whether the address is known to be the person's.
    pub email_verified: bool,
    /// What the person is called; empty: the part before the `@`.
    pub name: String,
    /// The wanted user name; none: made from name or address.
    pub username: Option<Username>,
    /// In PHC string format; none for a person who enters another way.
    pub password_hash: Option<String>,
    /// Roles; none given: `user`.
    pub roles: Names,
    /// Groups.
    pub groups: Names,
    /// The way in that makes it: `local` or a connector's id.
    pub provider: String,
    /// Whether this account becomes the administrator if it is the first one ever. Connectors say
    /// no: a stranger at a public provider must not own the service.
    pub may_be_first: bool,
}

/// What became of a [`NewUser`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The account was made.
    New(Box<User>),
    /// The address has an account already; nothing was changed.
    AddressTaken,
}

impl Users {
    /// Makes an account in the transaction `tx`. A known address costs as much as a new one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn create(&self, tx: &Executor<'_>, new: NewUser) -> Result<Created> {
        let given = self.give_username(tx, &new).await?;
        let row = self.row(&new, &given);
        let taken = OnConflict::column(Column::EmailCanonical).do_nothing().to_owned();
        let made = Entity::insert(row).on_conflict(taken).exec_without_returning(tx).await?;
        if made == 0 {
            username::Entity::delete_by_id(given.as_str()).exec(tx).await?;
            return Ok(Created::AddressTaken);
        }
        // Whoever is made an administrator takes that place too: the next stranger must not get it.
        let is_for_admins = new.may_be_first || new.roles.contains(ADMIN);
        let is_first =
            is_for_admins && installation::claim_first_admin(tx, self.clock.now()).await? && new.may_be_first;
        let user = Entity::find().filter(Column::EmailCanonical.eq(new.email.canonical())).one(tx).await?;
        let user = user.ok_or_else(|| Error::internal("an account that was just made is gone"))?;
        if !is_first {
            return Ok(Created::New(Box::new(user)));
        }
        let first = self.change(tx, user.id, |row| {
            row.roles = Set(as_admin(&new.roles));
            // Whoever makes the first account is the operator.
            row.email_verified = Set(true);
        });
        Ok(Created::New(Box::new(first.await?)))
    }

    /// Makes an account for an operator at the shell, in the transaction `tx`.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when somebody was faster with that address.
    pub(in crate::services) async fn create_operator(&self, tx: &Executor<'_>, email: Email) -> Result<User> {
        let new = NewUser {
            email,
            email_verified: true,
            name: String::new(),
            username: None,
            password_hash: None,
            roles: Names::default(),
            groups: Names::default(),
            provider: "local".to_owned(),
            may_be_first: true,
        };
        match self.create(tx, new).await? {
            Created::New(user) => Ok(*user),
            Created::AddressTaken => Err(ErrorKind::Conflict.into()),
        }
    }

    fn row(&self, new: &NewUser, username: &Username) -> ActiveModel {
        let now = self.clock.now();
        let name = new.name.trim();
        let roles = if new.roles.as_slice().is_empty() { Names::new([USER]) } else { new.roles.clone() };
        ActiveModel {
            id: Set(UserId::from_bytes(self.random.bytes())),
            email: Set(new.email.as_written().to_owned()),
            email_canonical: Set(new.email.canonical().to_owned()),
            email_verified: Set(new.email_verified),
            name: Set(if name.is_empty() { new.email.local_part().to_owned() } else { name.to_owned() }),
            username: Set(username.as_str().to_owned()),
            password_hash: Set(new.password_hash.clone()),
            password_changed_at: Set(new.password_hash.as_ref().map(|_| now)),
            roles: Set(roles),
            groups: Set(new.groups.clone()),
            provider: Set(new.provider.clone()),
            picture: Set(None),
            disabled_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        }
    }

    /// Gives a user name that was never given before: the wanted one, else with a number, else
    /// with random digits.
    async fn give_username(&self, tx: &Executor<'_>, new: &NewUser) -> Result<Username> {
        let wanted = new.username.clone().unwrap_or_else(|| Username::suggest(&new.name, &new.email));
        if self.give(tx, &wanted).await? {
            return Ok(wanted);
        }
        for number in 2..=NUMBERED {
            let numbered = wanted.with_suffix(number);
            if self.give(tx, &numbered).await? {
                return Ok(numbered);
            }
        }
        loop {
            let random = wanted.with_suffix(u32::from_be_bytes(self.random.bytes()));
            if self.give(tx, &random).await? {
                return Ok(random);
            }
        }
    }

    /// Gives `name` away in the transaction `tx`, once and for ever; answers whether nobody had it before.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn give(&self, tx: &Executor<'_>, name: &Username) -> Result<bool> {
        let row = username::ActiveModel { username: Set(name.as_str().to_owned()), given_at: Set(self.clock.now()) };
        let given = OnConflict::column(username::Column::Username).do_nothing().to_owned();
        Ok(username::Entity::insert(row).on_conflict(given).exec_without_returning(tx).await? == 1)
    }
}
