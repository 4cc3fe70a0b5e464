//! The command line: one module for each verb.

pub mod client;
