//! The OpenID provider, as its clients and the people in between see it.

mod authorize;
mod back_channel;
mod codes;
mod consent;
mod flow;
mod introspection;
mod logout;
mod refresh;
mod rules;
