//! The OpenID provider, as its clients and the people in between see it.

mod apps;
mod authorize;
mod codes;
mod consent;
mod device;
mod device_codes;
mod flow;
mod introspection;
mod refresh;
mod rules;
