//! Postern's schema, step by step, forward only.
//!
//! A step only adds: the nodes of the previous release go on working beside the new ones. What a
//! step makes obsolete is removed one release later.

pub use sea_orm_migration::migrator::MigratorTrait;

use sea_orm_migration::MigrationTrait;

mod m20261124_000001_accounts;
mod m20261124_000002_sessions;
mod m20261124_000003_operations;
mod m20261125_000004_oidc;
mod m20261125_000005_client_documents;
mod m20261125_000006_federation;
mod m20261125_000007_upstream_sessions;
mod m20261125_000008_pictures;
mod m20261125_000009_consent_resources;

/// Every step, in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_accounts::Migration),
            Box::new(m20261124_000002_sessions::Migration),
            Box::new(m20261124_000003_operations::Migration),
            Box::new(m20261125_000004_oidc::Migration),
            Box::new(m20261125_000005_client_documents::Migration),
            Box::new(m20261125_000006_federation::Migration),
            Box::new(m20261125_000007_upstream_sessions::Migration),
            Box::new(m20261125_000008_pictures::Migration),
            Box::new(m20261125_000009_consent_resources::Migration),
        ]
    }
}
