//! Postern: a self-hosted identity sidecar for chat apps.
//!
//! The bands, from the ground up; a module uses only what stands above it in this list:
//! [`clock`], [`random`], [`mod@env`], [`error`], [`secret`] know nothing of Postern; [`services`] is
//! what it keeps and does, without HTTP; [`config`] and [`app`] read the settings and build the
//! services once; [`web`] is pages, forms, cookies and how an error looks; [`endpoints`] is what it
//! answers; [`routes`], [`jobs`], [`server`] and [`cli`] put it together.

pub mod clock;
pub mod random;
pub mod error;
pub mod env;
pub mod secret;
pub mod services;
pub mod config;
pub mod app;
pub mod web;
pub mod endpoints;
pub mod routes;
pub mod jobs;
pub mod server;
pub mod cli;
