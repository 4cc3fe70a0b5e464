//! The chat apps that a client can be added for: what each needs of us, and what it cannot do.

use std::str::FromStr;

use url::Url;

use crate::env::address;
use crate::services::clients::{AuthMethod, GrantType, Metadata, RedirectUri, WebUri};
use crate::services::vocabulary::vocabulary;

vocabulary! {
    /// An app whose settings are known.
    ChatApp {
        /// LibreChat.
        LibreChat = "librechat";
        /// Open WebUI.
        OpenWebUi = "open-webui";
        /// Any client of OpenID Connect.
        Generic = "generic";
    }
}

/// All that may be asked for of a person.
const EVERY_SCOPE: &str = "openid profile email roles groups offline_access";
/// What LibreChat asks for.
const OF_LIBRECHAT: &str = "openid profile email roles offline_access";

impl ChatApp {
    /// What people call it.
    pub(super) const fn title(self) -> Option<&'static str> {
        match self {
            Self::LibreChat => Some("LibreChat"),
            Self::OpenWebUi => Some("Open WebUI"),
            Self::Generic => None,
        }
    }

    /// How it proves who it is, where it knows one way alone.
    pub(super) const fn auth_method(self) -> Option<AuthMethod> {
        match self {
            Self::LibreChat => Some(AuthMethod::ClientSecretPost),
            Self::OpenWebUi => Some(AuthMethod::ClientSecretBasic),
            Self::Generic => None,
        }
    }

    /// Whether it can stand below a path of its host.
    pub(super) const fn may_have_path(self) -> bool {
        !matches!(self, Self::OpenWebUi)
    }

    /// Whether it takes no issuer by plain http, not even one on its own machine.
    pub(super) const fn insists_on_https(self) -> bool {
        matches!(self, Self::LibreChat)
    }

    /// The settings that the app at `url` is to be given, with places for what differs.
    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::LibreChat => include_str!("../../../deploy/chat-apps/librechat/block.env"),
            Self::OpenWebUi => include_str!("../../../deploy/chat-apps/open-webui/block.env"),
            Self::Generic => include_str!("../../../deploy/chat-apps/generic/block.env"),
        }
    }

    /// What a client of it is, at `url`.
    ///
    /// # Errors
    /// With words when an address below `url` is none that a client may have.
    pub(super) fn metadata(self, url: Option<&AppUrl>) -> Result<Metadata, String> {
        let common = Metadata {
            client_name: self.title().map(str::to_owned),
            client_uri: url.map(|url| url.web("")).transpose()?,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            token_endpoint_auth_method: self.auth_method().unwrap_or(AuthMethod::ClientSecretBasic),
            scope: Some(EVERY_SCOPE.parse()?),
            ..Metadata::default()
        };
        let Some(url) = url else { return Ok(common) };
        Ok(match self {
            Self::LibreChat => Metadata {
                redirect_uris: url.redirects(&["/oauth/openid/callback", "/api/admin/oauth/openid/callback"])?,
                post_logout_redirect_uris: url.redirects(&["/login", ""])?,
                initiate_login_uri: Some(url.web("/oauth/openid")?),
                scope: Some(OF_LIBRECHAT.parse()?),
                trusted: true,
                requires_verified_email: true,
                ..common
            },
            Self::OpenWebUi => Metadata {
                redirect_uris: url.redirects(&["/oauth/oidc/callback"])?,
                post_logout_redirect_uris: url.redirects(&["/auth", ""])?,
                initiate_login_uri: Some(url.web("/oauth/oidc/login")?),
                trusted: true,
                requires_verified_email: true,
                ..common
            },
            Self::Generic => Metadata {
                redirect_uris: url.redirects(&["/callback"])?,
                post_logout_redirect_uris: url.redirects(&[""])?,
                ..common
            },
        })
    }
}

/// Where an app is: https, or http on this machine; without query, fragment or a slash at the end.
#[derive(Clone, Debug)]
pub(super) struct AppUrl(Url);

impl AppUrl {
    /// The address, without a slash at its end.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether it is more than a host.
    pub(super) fn has_path(&self) -> bool {
        self.0.path() != "/"
    }

    fn redirects(&self, paths: &[&str]) -> Result<Vec<RedirectUri>, String> {
        paths.iter().map(|path| format!("{}{path}", self.as_str()).parse()).collect()
    }

    fn web(&self, path: &str) -> Result<WebUri, String> {
        format!("{}{path}", self.as_str()).parse()
    }
}

impl FromStr for AppUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let url = Self(address::base(text).map_err(|fault| format!("{}. {}.", fault.wrong, fault.right))?);
        url.redirects(&["/"]).map(|_| url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_at_a_host_or_below_a_path_of_it() {
        for (text, kept) in [
            ("https://chat.example.com", "https://chat.example.com"),
            ("https://Chat.example.com/", "https://chat.example.com"),
            ("https://example.com/chat/", "https://example.com/chat"),
            ("http://localhost:3080", "http://localhost:3080"),
            ("http://[::1]:3080/", "http://[::1]:3080"),
        ] {
            assert_eq!(text.parse::<AppUrl>().expect(text).as_str(), kept);
        }
        for text in [
            "chat.example.com",
            "http://chat.example.com",
            "https://chat.example.com/?a=b",
            "https://chat.example.com/#a",
            "https://me@chat.example.com",
            "ftp://chat.example.com",
            "https://",
            "",
        ] {
            assert!(text.parse::<AppUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_preset_stands_on_its_own() {
        let url: AppUrl = "http://localhost:3080/chat".parse().expect("an address");
        for app in ChatApp::ALL {
            let metadata = app.metadata(Some(&url)).expect("a client");
            assert!(metadata.require_pkce && metadata.has_secret());
            assert!(metadata.problems().is_empty());
            let generic = *app == ChatApp::Generic;
            assert_eq!((metadata.trusted, metadata.requires_verified_email), (!generic, !generic));
        }
    }
}
