//! Coming in through other providers, as people and providers see it.

mod admission;
mod chat;
mod connections;
mod entering;
mod flows;
mod id_tokens;
mod known;
mod linking;
mod pages;
mod roles;
mod settings;
mod tenants;
