//! The `openidconnect` crate as an app of any kind: discovery, login, userinfo, refresh, introspection, revocation,
//! logout, a device, and a token for the app itself; for each way in which the crate proves who the app is.
//!
//! LEFT OUT, for the crate does not offer it: pushed requests, proofs by a key, answers to introspection as a JWT.
//! LEFT OUT, for it needs of a provider what ours does not have: implicit and hybrid answers, the password grant,
//! encrypted tokens. LEFT OUT, for registration by apps is switched off unless an operator wants it: registration.

mod app;
mod world;

use std::error::Error;
use std::thread::sleep;

use openidconnect::core::{CoreAuthenticationFlow, CoreDeviceAuthorizationResponse, CoreUserInfoClaims};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, CsrfToken, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PostLogoutRedirectUrl, RefreshToken, RequestTokenError, Scope, TokenIntrospectionResponse,
    TokenResponse,
};

use app::{App, Claims, Tokens};
use world::{Person, World};

type Done<T = ()> = Result<T, Box<dyn Error>>;

const SCOPES: [&str; 4] = ["profile", "email", "roles", "offline_access"];

fn main() -> Done {
    let world = World::new()?;
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        let id = format!("crate-{method}");
        let app = App::add(&world, &id, method)?;
        let who = world.member()?;
        let (tokens, claims) = sign_in(&world, &app, &who)?;
        let refreshed = ask_and_refresh(&world, &app, &who, &tokens, &claims)?;
        revoke(&world, &app, &refreshed)?;
        log_out(&world, &app, &who)?;
        device(&world, &app, &who)?;
        if method != "none" {
            let own = app.client.exchange_client_credentials().request(&world.http)?;
            assert!(is_active(&world, &app, own.access_token())?);
        }
        println!("the openidconnect crate, by {method}: done");
    }
    Ok(())
}

/// A whole sign-in in a fresh browser.
fn sign_in(world: &World, app: &App, who: &Person) -> Done<(Tokens, Claims)> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = app
        .client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(SCOPES.map(|scope| Scope::new(scope.into())))
        .set_pkce_challenge(challenge)
        .url();
    let answer = world.browse(&who.email, address.as_str(), who, &[], None)?;
    let told = |name: &str| answer.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned());
    assert_eq!(told("state").as_deref(), Some(state.secret().as_str()));
    assert_eq!(told("iss").as_deref(), Some(world.issuer.as_str()));

    let code = AuthorizationCode::new(told("code").ok_or("no code")?);
    let tokens = app.client.exchange_code(code).set_pkce_verifier(verifier).request(&world.http)?;
    let verifier = app.client.id_token_verifier();
    let token = tokens.id_token().ok_or("no ID token")?;
    let claims = token.claims(&verifier, &nonce)?.clone();
    let hash = AccessTokenHash::from_token(tokens.access_token(), token.signing_alg()?, token.signing_key(&verifier)?)?;
    assert_eq!(claims.access_token_hash(), Some(&hash));
    Ok((tokens, claims))
}

/// Userinfo, a refresh and, for an app that can prove itself, introspection; what the refresh brought.
fn ask_and_refresh(world: &World, app: &App, who: &Person, tokens: &Tokens, claims: &Claims) -> Done<Tokens> {
    let subject = claims.subject().clone();
    let asked = app.client.user_info(tokens.access_token().clone(), Some(subject.clone()));
    let info: CoreUserInfoClaims = asked.request(&world.http)?;
    assert_eq!(info.email().map(|it| it.as_str()), Some(who.email.as_str()));
    assert_eq!(info.email_verified(), Some(true));

    let refreshed = app.client.exchange_refresh_token(refresh_token(tokens)?).request(&world.http)?;
    let token = refreshed.id_token().ok_or("no ID token by a refresh")?;
    let again = token.claims(&app.client.id_token_verifier(), |_: Option<&Nonce>| Ok(()))?;
    assert_eq!(again.subject(), &subject);
    if app.is_confidential {
        for access in [tokens.access_token(), refreshed.access_token()] {
            let said = app.client.introspect(access).set_token_type_hint("access_token").request(&world.http)?;
            assert!(said.active());
            assert_eq!(said.sub(), Some(subject.as_str()));
        }
    }
    Ok(refreshed)
}

/// Ends a refresh token, and with it all that came of the sign-in.
fn revoke(world: &World, app: &App, tokens: &Tokens) -> Done {
    let token = refresh_token(tokens)?;
    app.client.revoke_token(token.clone().into())?.request(&world.http)?;
    is_over(world, app, token)?;
    if app.is_confidential {
        assert!(!is_active(world, app, tokens.access_token())?);
    }
    Ok(())
}

/// Signs out with a hint, and without one, where the person is asked.
fn log_out(world: &World, app: &App, who: &Person) -> Done {
    for press in [&[][..], &["Sign out"]] {
        let (tokens, _) = sign_in(world, app, who)?;
        let state = CsrfToken::new_random();
        let mut asked = LogoutRequest::from(app.end_session.clone())
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(world.bye())?)
            .set_state(state.clone())
            .set_client_id(app.id.clone());
        if press.is_empty() {
            asked = asked.set_id_token_hint(tokens.id_token().ok_or("no ID token")?);
        }
        let landed = world.browse(&who.email, asked.http_get_url().as_str(), who, press, None)?;
        assert_eq!(landed.as_str(), format!("{}?state={}", world.bye(), state.secret()));
        is_over(world, app, refresh_token(&tokens)?)?;
    }
    Ok(())
}

/// Lets a device in.
fn device(world: &World, app: &App, who: &Person) -> Done {
    let asked = app.client.exchange_device_code().add_scopes(SCOPES.map(|scope| Scope::new(scope.into())));
    let codes: CoreDeviceAuthorizationResponse = asked.request(&world.http)?;
    let link = codes.verification_uri_complete().ok_or("no link")?.secret();
    let press = ["Continue", "Yes, let this device in"];
    world.browse(&who.email, link, who, &press, Some("The device is let in"))?;
    let tokens = app.client.exchange_device_access_token(&codes).request(&world.http, sleep, None)?;
    let info: CoreUserInfoClaims = app.client.user_info(tokens.access_token().clone(), None).request(&world.http)?;
    assert_eq!(info.email().map(|it| it.as_str()), Some(who.email.as_str()));
    Ok(())
}

fn refresh_token(tokens: &Tokens) -> Done<&RefreshToken> {
    Ok(tokens.refresh_token().ok_or("no refresh token")?)
}

fn is_active(world: &World, app: &App, token: &AccessToken) -> Done<bool> {
    Ok(app.client.introspect(token).request(&world.http)?.active())
}

/// Holds that a refresh token opens nothing more.
fn is_over(world: &World, app: &App, token: &RefreshToken) -> Done {
    match app.client.exchange_refresh_token(token).request(&world.http) {
        Err(RequestTokenError::ServerResponse(refusal)) if refusal.error().as_ref() == "invalid_grant" => Ok(()),
        other => Err(format!("a refresh token that is over gave {other:?}").into()),
    }
}
