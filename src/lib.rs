//! Postern: a self-hosted identity sidecar for chat apps.

pub mod cli;
pub mod clock;
pub mod env;
pub mod error;
pub mod random;
pub mod secret;
pub mod services;
pub mod web;
