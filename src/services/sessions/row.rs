//! Rows of the read that joins sessions, people and what clients were granted.

use entity::{grant, refresh_family};
use sea_orm::{DbErr, Iterable, QueryResult, TryGetable};

use super::Session;
use crate::services::users::User;

/// Reads a row from left to right: to look forty columns up by their names would cost more than the
/// query. The order is that of the tables' columns, which [`columns`] writes.
pub(super) struct Row<'r> {
    row: &'r QueryResult,
    place: usize,
}

impl<'r> Row<'r> {
    pub(super) const fn new(row: &'r QueryResult) -> Self {
        Self { row, place: 0 }
    }

    pub(super) fn next<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        self.place += 1;
        self.row.try_get_by_index(self.place - 1)
    }

    pub(super) fn session(&mut self) -> Result<Session, DbErr> {
        Ok(Session {
            id: self.next()?,
            user_id: self.next()?,
            cookie_hash: self.next()?,
            amr: self.next()?,
            provider: self.next()?,
            created_at: self.next()?,
            seen_at: self.next()?,
            idle_at: self.next()?,
            expires_at: self.next()?,
            authenticated_at: self.next()?,
            kept_until: self.next()?,
            address: self.next()?,
            user_agent: self.next()?,
        })
    }

    pub(super) fn user(&mut self) -> Result<User, DbErr> {
        Ok(User {
            id: self.next()?,
            email: self.next()?,
            email_canonical: self.next()?,
            email_verified: self.next()?,
            name: self.next()?,
            username: self.next()?,
            password_hash: self.next()?,
            password_changed_at: self.next()?,
            roles: self.next()?,
            groups: self.next()?,
            provider: self.next()?,
            picture: self.next()?,
            disabled_at: self.next()?,
            created_at: self.next()?,
            updated_at: self.next()?,
        })
    }

    pub(super) fn family(&mut self) -> Result<refresh_family::Model, DbErr> {
        Ok(refresh_family::Model {
            id: self.next()?,
            session_id: self.next()?,
            grant_id: self.next()?,
            generation: self.next()?,
            token_hash: self.next()?,
            sealed: self.next()?,
            used: self.next()?,
            rotated_at: self.next()?,
            access_expires_at: self.next()?,
            created_at: self.next()?,
            expires_at: self.next()?,
        })
    }

    pub(super) fn grant(&mut self) -> Result<grant::Model, DbErr> {
        Ok(grant::Model {
            id: self.next()?,
            client_id: self.next()?,
            user_id: self.next()?,
            session_id: self.next()?,
            scope: self.next()?,
            audience: self.next()?,
            claims: self.next()?,
            redirect_uri: self.next()?,
            challenge: self.next()?,
            nonce: self.next()?,
            code_hash: self.next()?,
            code_expires_at: self.next()?,
            redeemed_at: self.next()?,
            offline: self.next()?,
            authenticated_at: self.next()?,
            created_at: self.next()?,
            expires_at: self.next()?,
        })
    }

    /// Passes over the places of a grant that is not there.
    pub(super) fn skip_grant(&mut self) {
        self.place += grant::Column::iter().count();
    }
}
