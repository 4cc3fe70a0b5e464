//! Coming in through other providers, as people and providers see it.

mod admission;
mod alike;
mod anew;
mod apple;
mod cells;
mod chat;
mod coming_back;
mod connections;
mod entering;
mod flows;
mod id_tokens;
mod hijacked;
mod known;
mod left_behind;
mod linking;
mod pages;
mod pictures;
mod places;
mod profiles;
mod roles;
mod settings;
mod signing_out;
mod tenants;
mod together;
mod told;
