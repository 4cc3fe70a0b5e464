//! What Postern answers, one folder per topic. Endpoints never import each other: they meet through
//! redirects, and what two share is a verb of a service.

pub mod account;
pub mod assets;
mod by_hand;
pub mod document;
pub mod login;
pub mod oidc;
pub mod operations;
pub mod session_api;

#[cfg(test)]
mod samples;
