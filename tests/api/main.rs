//! The program from outside: over HTTP, and by its command line. One file per topic.

mod accounts;
mod audit;
mod base_path;
mod beside;
mod browser_sessions;
mod contract;
mod crash;
mod headers;
mod keys_command;
mod limits;
mod nodes;
mod operations;
mod outage;
mod pages;
mod pages_guarded;
mod people_kept_out;
mod secrets;
mod session_life;
mod start_up;
mod storm;
mod strictness;
mod support;
mod user_command;
mod ways_in;
mod wire;
