//! `GET /api/config`: what the chat's login page needs, by LibreChat's names.

use poem_openapi::Object;

use crate::config::Config;

/// What the login page needs.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct ChatConfig {
    /// The name of the service.
    app_title: String,
    /// Address of the chat's back end.
    server_domain: String,
    /// Whether a password can be used.
    email_login_enabled: bool,
    /// Whether people can sign up.
    registration_enabled: bool,
    /// Whether any other provider can be used.
    social_login_enabled: bool,
    /// Whether mail can be sent.
    email_enabled: bool,
    /// Whether a forgotten password can be reset by mail.
    password_reset_enabled: bool,
    /// Fewest characters of a password.
    min_password_length: u32,
    /// Ids of the other providers, in the order of their buttons.
    social_logins: Vec<String>,
    /// Whether Google can be used.
    google_login_enabled: bool,
    /// Whether GitHub can be used.
    github_login_enabled: bool,
    /// Whether Discord can be used.
    discord_login_enabled: bool,
    /// Whether Facebook can be used.
    facebook_login_enabled: bool,
    /// Whether Apple can be used.
    apple_login_enabled: bool,
    /// Whether the OpenID provider can be used.
    openid_login_enabled: bool,
    /// The words on the OpenID provider's button.
    openid_label: String,
    /// Address of the picture on that button; empty without one.
    openid_image_url: String,
    /// Whether the login page goes straight to the OpenID provider.
    openid_auto_redirect: bool,
}

impl ChatConfig {
    pub(super) fn of(config: &Config) -> Self {
        let connectors = &config.connectors.list;
        let has = |id: &str| connectors.iter().any(|connector| connector.id == id);
        let openid = connectors.iter().find(|connector| connector.id == "openid");
        let server = config.web.domain_server.as_str().trim_end_matches('/').to_owned();
        Self {
            app_title: config.web.looks.title.clone(),
            server_domain: server,
            email_login_enabled: config.users.email_login,
            registration_enabled: config.users.takes_sign_ups(),
            social_login_enabled: !connectors.is_empty(),
            email_enabled: false,
            password_reset_enabled: false,
            min_password_length: u32::try_from(config.users.min_password_length).unwrap_or(u32::MAX),
            social_logins: connectors.iter().map(|connector| connector.id.clone()).collect(),
            google_login_enabled: has("google"),
            github_login_enabled: has("github"),
            discord_login_enabled: has("discord"),
            facebook_login_enabled: has("facebook"),
            apple_login_enabled: has("apple"),
            openid_login_enabled: openid.is_some(),
            openid_label: openid.map_or("Continue with OpenID", |connector| &connector.label).to_owned(),
            openid_image_url: openid
                .filter(|connector| connector.image.is_some())
                .map(|connector| format!("{}/login/image/{}", config.web.issuer(), connector.id))
                .unwrap_or_default(),
            openid_auto_redirect: config.connectors.straight && openid.is_some(),
        }
    }
}
