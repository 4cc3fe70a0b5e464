//! The specification's endpoints.

pub mod authorize;
mod client_form;
mod cors;
pub mod device;
pub mod discovery;
mod grants;
mod inquiry;
mod introspect;
mod introspection;
pub mod logout;
mod par;
mod parameters;
mod registration;
mod revoke;
mod token;
mod userinfo;

pub use cors::{OPEN, OPEN_WITH_REGISTRATION, OpenAt};
pub use introspect::{Direct, INTROSPECT};
pub use registration::RegistrationApi;

/// The operations that are described and always there.
pub type Api = (
    introspect::IntrospectApi,
    token::TokenApi,
    revoke::RevokeApi,
    userinfo::UserinfoApi,
    par::ParApi,
    device::DeviceApi,
);

/// They hold nothing, so there is one value of each.
pub const API: Api = (
    introspect::IntrospectApi,
    token::TokenApi,
    revoke::RevokeApi,
    userinfo::UserinfoApi,
    par::ParApi,
    device::DeviceApi,
);
