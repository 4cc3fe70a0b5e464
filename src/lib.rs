//! Postern: a self-hosted identity sidecar for chat apps.

pub mod clock;
pub mod config;
pub mod env;
pub mod error;
pub mod random;
pub mod secret;
pub mod services;
pub mod web;
