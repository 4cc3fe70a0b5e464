//! The checks of an authorization request, in order (RFC 6749 section 4.1.1, OpenID Connect Core
//! section 3.1.2.2).
//!
//! Until client and redirect address are proven, a refusal is a page for the person and never a
//! redirect; from then on it goes to the client.

use std::sync::Arc;

use entity::{ClientId, Names};

use super::refused;
use super::respond::Destination;
use crate::app::App;
use crate::endpoints::oidc::parameters::Parameters;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::caller::Caller;
use crate::services::clients::{Client, GrantType};
use crate::services::grants::{AuthorizationRequest, ClaimsRequest, Prompt, PushedKey, ResponseMode, scope};
use crate::services::tokens::ACR;

/// A request whose client and redirect address are proven, and what is right or wrong with the rest.
pub(super) struct Checked {
    /// Who asks.
    pub(super) client: Arc<Client>,
    /// Where any answer goes.
    pub(super) destination: Destination,
    /// The request, or why it is refused.
    pub(super) request: Result<AuthorizationRequest>,
}

/// Checks the request that `asked` makes.
///
/// # Errors
/// For the person: client or redirect address are not proven.
pub(super) async fn check(app: &App, asked: Parameters, caller: &Caller) -> Result<Checked> {
    let page = |id: &str, address: &str, words| refused::page(caller, id, address, words);
    let address = asked.one("redirect_uri").ok().flatten().unwrap_or_default();
    let missing = "The app did not say who it is (client_id is missing).";
    let id = asked.one("client_id")?.ok_or_else(|| page("", address, missing))?;
    let client = app.clients.meet(&ClientId::new(id), caller).await?;
    let unknown = "The app that sent you here is not known here (client_id).";
    let client = client.ok_or_else(|| page(id, address, unknown))?;
    let (asked, pushed) = pulled(app, &client, asked).await?;
    let (id, nowhere) = (client.id.as_str(), "The app did not say where to go next (redirect_uri is missing).");
    let redirect_uri = asked.one("redirect_uri")?.ok_or_else(|| page(id, "", nowhere))?;
    if !client.redirects_to(redirect_uri) {
        let words = "The app wants you sent to an address that is not registered for it (redirect_uri).";
        return Err(page(id, redirect_uri, words));
    }
    let mode = response_mode(&asked);
    // Where two stand there, neither is echoed.
    let state = asked.one("state").ok().flatten().map(str::to_owned);
    let destination = Destination {
        redirect_uri: redirect_uri.to_owned(),
        state,
        mode: *mode.as_ref().unwrap_or(&ResponseMode::Query),
        issuer: app.config.web.issuer().to_owned(),
    };
    let request = match mode {
        Ok(mode) => rest(app, &client, &asked, pushed, mode).await,
        Err(error) => Err(error),
    };
    Ok(Checked { client, destination, request })
}

/// Checks the request that `client` pushes, as it will be when the browser names it.
///
/// # Errors
/// Whatever is wrong with it (RFC 9126 section 2.3).
pub(in crate::endpoints::oidc) async fn check_pushed(app: &App, client: &Client, asked: &Parameters) -> Result<()> {
    let redirect_uri = asked.one("redirect_uri")?.ok_or_else(|| refuse("The parameter redirect_uri is missing."))?;
    if !client.redirects_to(redirect_uri) {
        return Err(refuse("The redirect_uri is not registered for this client."));
    }
    rest(app, client, asked, true, response_mode(asked)?).await.map(|_| ())
}

/// The parameters that were pushed, where `asked` names some: they alone count (RFC 9126 section 4).
async fn pulled(app: &App, client: &Client, asked: Parameters) -> Result<(Parameters, bool)> {
    let Some(name) = asked.one("request_uri")?.and_then(Secret::<PushedKey>::parse) else { return Ok((asked, false)) };
    let pushed = app.grants.pull(client, &name).await?;
    let words = "This sign-in was used already or waited too long. Go back to the app and start again.";
    let pairs = pushed.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, words))?;
    Ok((Parameters::from_pairs(pairs), true))
}

fn response_mode(asked: &Parameters) -> Result<ResponseMode> {
    match asked.one("response_mode")? {
        None | Some("query") => Ok(ResponseMode::Query),
        Some("fragment") => Ok(ResponseMode::Fragment),
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some(_) => Err(refuse("The response_mode is none of query, fragment, form_post.")),
    }
}

/// What is checked once the client can be told.
async fn rest(
    app: &App,
    client: &Client,
    asked: &Parameters,
    pushed: bool,
    response_mode: ResponseMode,
) -> Result<AuthorizationRequest> {
    asked.check_repeats()?;
    check_form(client, asked, pushed)?;
    let text = |name: &'static str| asked.one(name).map(|value| value.map(str::to_owned));
    let wanted = scope::words(asked.one("scope")?.unwrap_or_default());
    let scope = scope::grantable(&wanted, client);
    if scope.as_slice().is_empty() {
        return Err(ErrorKind::InvalidScope.into());
    }
    let claims = asked.one("claims")?.map(ClaimsRequest::parse).transpose()?.unwrap_or_default().within(client);
    if claims.essential_acr().is_some_and(|values| !values.contains(&ACR)) {
        return Err(ErrorKind::UnmetAuthenticationRequirements.into());
    }
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: text("redirect_uri")?.unwrap_or_default(),
        state: text("state")?,
        response_mode,
        scope: scope.as_slice().to_vec(),
        nonce: text("nonce")?,
        challenge: challenge(client, asked)?,
        prompt: prompt(asked)?,
        max_age: max_age(app, client, asked, &scope)?,
        login_hint: text("login_hint")?.filter(|hint| hint.len() <= 254),
        subject: subject(app, client, asked, &claims).await?,
        claims,
        resources: resources(client, asked)?,
    })
}

/// What no request may hold, and what each must.
fn check_form(client: &Client, asked: &Parameters, pushed: bool) -> Result<()> {
    if asked.one("request")?.is_some() {
        return Err(ErrorKind::RequestNotSupported.into());
    }
    if asked.one("request_uri")?.is_some() {
        return Err(ErrorKind::RequestUriNotSupported.into());
    }
    if client.require_pushed_authorization_requests && !pushed {
        return Err(refuse("This client must push its requests (RFC 9126)."));
    }
    match asked.one("response_type")? {
        Some("code") => {}
        Some(_) => return Err(ErrorKind::UnsupportedResponseType.into()),
        None => return Err(refuse("The parameter response_type is missing.")),
    }
    if !client.grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(ErrorKind::UnauthorizedClient.into());
    }
    let is_long = |name| asked.one(name).map(|value| value.is_some_and(|value| value.len() > 2048));
    if is_long("nonce")? || is_long("state")? {
        return Err(refuse("The parameters state and nonce may have 2048 characters at most."));
    }
    // RFC 6749 appendix A.5. Anything else would take up to six times its room where it is kept.
    let is_plain = |value: &str| value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_odd = |name| asked.one(name).map(|value| value.is_some_and(|value| !is_plain(value)));
    if is_odd("nonce")? || is_odd("state")? {
        return Err(refuse("The parameters state and nonce are made of printable ASCII characters."));
    }
    Ok(())
}

/// The S256 challenge (RFC 7636 section 4.3); `plain` would show the verifier to whoever reads the address.
fn challenge(client: &Client, asked: &Parameters) -> Result<Option<String>> {
    let method = asked.one("code_challenge_method")?;
    let Some(challenge) = asked.one("code_challenge")? else {
        return match (client.require_pkce, method) {
            (true, _) => Err(refuse("PKCE is required: send code_challenge with the method S256 (RFC 7636).")),
            (false, Some(_)) => Err(refuse("A code_challenge_method needs a code_challenge.")),
            (false, None) => Ok(None),
        };
    };
    let is_hash = challenge.len() == 43
        && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    match (method, is_hash) {
        (Some("S256"), true) => Ok(Some(challenge.to_owned())),
        (Some("S256"), false) => Err(refuse("The code_challenge is not a SHA-256 hash in base64url.")),
        _ => Err(refuse("The only code_challenge_method is S256.")),
    }
}

fn prompt(asked: &Parameters) -> Result<Prompt> {
    let mut prompt = Prompt::default();
    for word in asked.one("prompt")?.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err(refuse("The prompt is none of none, login, consent, select_account.")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
        return Err(refuse("The prompt none stands alone."));
    }
    Ok(prompt)
}

/// How old the sign-in may be: as the client wants it, and no older than what can be refreshed, where that is
/// asked for.
fn max_age(app: &App, client: &Client, asked: &Parameters, scope: &Names) -> Result<Option<u64>> {
    let wanted = match asked.one("max_age")? {
        None => client.default_max_age,
        // A number may not have a sign, which the parser would take.
        Some(text) => match text.parse() {
            Ok(seconds) if !text.starts_with('+') => Some(seconds),
            _ => return Err(refuse("The max_age is no number of seconds.")),
        },
    };
    let refreshed = scope.contains(scope::OFFLINE_ACCESS).then(|| app.config.tokens.refresh_lifetime.as_secs());
    Ok(wanted.into_iter().chain(refreshed).min())
}

/// Whose sign-in it must be by a genuine hint, however old. Where `sub` is among the claims as well,
/// both must hold.
async fn subject(app: &App, client: &Client, asked: &Parameters, claims: &ClaimsRequest) -> Result<Option<String>> {
    let hinted = match asked.one("id_token_hint")? {
        None => None,
        Some(hint) => {
            let malformed = || refuse("The id_token_hint is no ID token of this issuer for this client.");
            Some(app.tokens.hinted(client, hint).await?.ok_or_else(malformed)?)
        }
    };
    // What has another form is nobody's; no sign-in would help.
    let can_be =
        |sub: &&str| sub.parse::<entity::UserId>().is_ok() && hinted.as_deref().is_none_or(|hinted| hinted == *sub);
    match claims.subjects() {
        Some(subjects) if !subjects.iter().any(can_be) => Err(ErrorKind::LoginRequired.into()),
        _ => Ok(hinted),
    }
}

/// The resources that are asked for (RFC 8707 section 2): the client's own alone.
pub(in crate::endpoints::oidc) fn resources(client: &Client, asked: &Parameters) -> Result<Vec<String>> {
    let own = |one: &&str| client.resources.iter().any(|known| known.as_str() == *one);
    let asked: Vec<&str> = asked.all("resource").filter(|one| !one.is_empty()).collect();
    match asked.iter().all(own) {
        true => Ok(asked.into_iter().map(str::to_owned).collect()),
        false => Err(ErrorKind::InvalidTarget.into()),
    }
}

fn refuse(words: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, words)
}
