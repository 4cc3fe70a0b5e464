//! Any OpenID provider, Amazon Cognito, Microsoft Entra and Keycloak among them.

use super::{Known, Source, Trust};

pub(super) const OPENID: Known = Known {
    kind: "openid",
    name: "OpenID",
    fixed: None,
    scope: &["openid", "profile", "email"],
    parameters: &[],
    again: &super::PROVE_ANEW,
    trust: Trust::Claimed,
    source: Source::IdToken,
    groups: None,
    scope_of_groups: &[],
};
