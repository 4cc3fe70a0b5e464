//! The OpenID provider, as its clients and the people in between see it.

mod authorize;
mod codes;
mod consent;
mod flow;
mod introspection;
mod refresh;
mod rules;
