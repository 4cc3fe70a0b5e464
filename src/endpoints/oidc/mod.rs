//! The specification's endpoints.

mod client_form;
mod introspect;

pub use introspect::{Api, Direct, INTROSPECT};
