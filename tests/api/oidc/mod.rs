//! The OpenID provider, as its clients and the people in between see it.

mod apps;
mod assertions;
mod assertions_bent;
mod authorize;
mod back_channel;
mod bearers;
mod claims;
mod codes;
mod consent;
mod cut;
mod device;
mod device_codes;
mod flow;
mod forged;
mod guesses;
mod introspection;
mod logout;
mod pairwise;
mod refresh;
mod registration;
mod registration_bent;
mod registration_kept;
mod returned;
mod rules;
mod signed_answers;
