//! What Postern answers, one folder per topic. They meet through redirects and never use each other.

pub mod account;
pub mod login;

#[cfg(test)]
mod samples;
