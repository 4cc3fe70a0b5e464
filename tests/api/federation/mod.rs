//! Coming in through other providers, as people and providers see it.

mod admission;
mod apple;
mod chat;
mod connections;
mod entering;
mod flows;
mod id_tokens;
mod known;
mod linking;
mod pages;
mod pictures;
mod places;
mod profiles;
mod roles;
mod settings;
mod signing_out;
mod tenants;
mod told;
