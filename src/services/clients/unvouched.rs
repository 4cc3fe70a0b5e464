//! What an app may have that nobody here has vouched for, whether it registered itself or comes with a
//! document: it says itself what it is, and a person decides whether to let it in.

use super::metadata::Metadata;
use super::scope::ScopeList;
use super::uri::WebUri;
use super::vocabulary::GrantType;

/// What it may ask tokens for: what a person has agreed to in a browser. A device's code is left out, for
/// nobody sees where a request for one comes from.
pub const GRANTS: [GrantType; 2] = [GrantType::AuthorizationCode, GrantType::RefreshToken];
/// The scopes that it may ask for: who the person is. Roles and groups tell how a house is run, and what
/// introspection tells is an operator's to give.
pub const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What counts of what an app says of itself. `resources` are those that the operator opens to such apps.
pub(super) fn unvouched(said: Metadata, resources: &[WebUri]) -> Metadata {
    let grant_types = said.grant_types.into_iter().filter(|grant| GRANTS.contains(grant)).collect();
    Metadata {
        client_name: said.client_name,
        client_uri: said.client_uri,
        policy_uri: said.policy_uri,
        tos_uri: said.tos_uri,
        redirect_uris: said.redirect_uris,
        token_endpoint_auth_method: said.token_endpoint_auth_method,
        grant_types,
        response_types: said.response_types,
        scope: Some(ScopeList::within(said.scope.as_ref(), &SCOPES)),
        resources: resources.to_vec(),
        jwks: said.jwks,
        jwks_uri: said.jwks_uri,
        subject_type: said.subject_type,
        id_token_signed_response_alg: said.id_token_signed_response_alg,
        userinfo_signed_response_alg: said.userinfo_signed_response_alg,
        default_max_age: said.default_max_age,
        require_pushed_authorization_requests: said.require_pushed_authorization_requests,
        // No address besides that we would call or send people to, and no right that is an operator's to give.
        ..Metadata::default()
    }
    .completed()
}

/// Whether a character is not seen, or moves those around it (Unicode Technical Report 36 section 2.5): a name
/// that holds one can look like another. Those are the characters that no font shows (Unicode 16, section 5.21:
/// `Default_Ignorable_Code_Point`), and some that are drawn as nothing.
///
/// U+200C, U+200D and the variation selectors up to U+FE0F stay: Persian, the scripts of India and pictures are
/// written with them.
#[must_use]
pub const fn is_deceptive(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{16fe4}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::clients::Introspect;

    #[test]
    fn sec_065_sec_115_a_name_shows_what_it_holds() {
        let hidden = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\u{180e}\u{180f}\u{200a}\u{200b}\u{200e}\
            \u{2028}\u{202a}\u{202e}\u{202f}\u{205f}\u{2060}\u{2064}\u{2066}\u{206f}\u{2800}\u{3164}\u{feff}\u{ffa0}\
            \u{fff3}\u{fff9}\u{16fe4}\u{1bca0}\u{1d159}\u{1d173}\u{1d17a}\u{e0001}\u{e0041}\u{e0100}\u{e0fff}";
        for letter in hidden.chars() {
            assert!(is_deceptive(letter), "{letter:?}");
        }
        for shown in "Maren Zoë \u{646}\u{645}\u{200c}\u{646} 👩\u{200d}🚀 ❤\u{fe0f} 東京\u{3000}\u{a0}-'’".chars()
        {
            assert!(!is_deceptive(shown), "{shown:?}");
        }
    }

    #[test]
    fn sec_065_what_an_app_says_of_itself_gives_it_no_right() {
        let address = |text: &str| text.parse().expect("an address");
        let said = Metadata {
            redirect_uris: vec!["https://app.example/cb".parse().expect("an address")],
            post_logout_redirect_uris: vec!["https://app.example/bye".parse().expect("an address")],
            backchannel_logout_uri: Some(address("https://app.example/out")),
            initiate_login_uri: Some(address("https://app.example/in")),
            grant_types: GrantType::ALL.to_vec(),
            scope: Some("openid email roles groups introspect reports".parse().expect("scopes")),
            resources: vec![address("https://secret.example/")],
            trusted: true,
            requires_verified_email: true,
            introspect: Some(Introspect::All),
            require_pkce: false,
            ..Metadata::default()
        };
        let open = [address("https://mcp.example/")];
        let it = unvouched(said, &open);
        assert_eq!(it.grant_types, GRANTS);
        assert_eq!(it.scope, Some("openid email".parse().expect("scopes")));
        assert_eq!(it.resources, open);
        assert!(!it.trusted && it.introspect.is_none() && it.require_pkce);
        assert!(it.post_logout_redirect_uris.is_empty() && it.backchannel_logout_uri.is_none());
        assert!(it.initiate_login_uri.is_none());
        let any = unvouched(Metadata { scope: Some("roles".parse().expect("scopes")), ..Metadata::default() }, &[]);
        assert!(SCOPES.iter().all(|scope| any.may_ask_for(scope)) && !any.may_ask_for("roles"));
    }
}
