//! The only route table, and in which form each group fails.

use std::collections::BTreeSet;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Request, Response, Route};
use poem_openapi::{OpenApi, OpenApiService};

use crate::app::App;
use crate::endpoints::{account, assets, login, oidc, operations, session_api};
use crate::services::registration::Mode;
use crate::services::users::picture::PICTURES;
use crate::web::Web;
use crate::web::error_page;
use crate::web::failure::{Allow, Failures, get, post};
use crate::web::legible::Legible;
use crate::web::surface::Surface;

/// Everything that Postern answers on its public listeners.
#[must_use]
pub fn public(app: &App, web: &Web) -> impl Endpoint<Output = Response> + use<> {
    let routes = Express {
        path: format!("{}{}", web.settings.base_path(), oidc::INTROSPECT),
        direct: oidc::Direct(app.clone()).with(Failures::oauth(Allow::default())),
        others: routed(app, web),
    };
    Counted { app: app.clone(), routes: Surface::new(web.clone(), routes) }
}

/// The same by the routers alone; for behind a [`Surface`].
#[must_use]
pub fn routed(app: &App, web: &Web) -> impl Endpoint<Output = Response> + use<> {
    let (places, endpoint) = match app.config.registration.mode {
        Mode::Off => (oidc::OPEN, described(oidc::API, Failures::oauth)),
        Mode::Token | Mode::Open => {
            (oidc::OPEN_WITH_REGISTRATION, described((oidc::API, oidc::RegistrationApi), Failures::oauth))
        }
    };
    let oauth = oidc::OpenAt { base: web.settings.base_path().to_owned(), places, endpoint };
    let everything = session_api(Route::new()).nest_no_strip("/oauth2", oauth);
    let everything = pages(discovery(explorer(probes(everything))), app, web);
    let routes = match web.settings.base_path() {
        "" => everything,
        // What a proxy hands over by fixed paths answers at the root too.
        base => inserted(probes(federation(session_api(Route::new()), app, web)), base).nest(base, everything),
    };
    Legible(routes).with(Failures::problem(Allow::default())).data(app.clone())
}

/// What answers on the metrics listener.
#[must_use]
pub fn metrics(app: &App, web: &Web) -> impl Endpoint<Output = Response> + use<> {
    let routes = Route::new().at("/metrics", get(operations::metrics));
    Surface::new(web.clone(), routes.with(Failures::bare()).data(app.clone()))
}

fn session_api(route: Route) -> Route {
    route.nest_no_strip("/api", described(session_api::Api, Failures::problem))
}

fn probes(route: Route) -> Route {
    route.at("/healthz", get(operations::healthz)).at("/readyz", get(operations::readyz))
}

/// What a client finds everything by.
fn discovery(route: Route) -> Route {
    route
        .at("/.well-known/openid-configuration", get(oidc::discovery::show))
        .at("/.well-known/oauth-authorization-server", get(oidc::discovery::show))
        .at("/oauth2/jwks", get(oidc::discovery::keys))
}

/// For an issuer with a path RFC 8414 section 3 puts the well-known part before it.
fn inserted(route: Route, base: &str) -> Route {
    ["oauth-authorization-server", "openid-configuration"]
        .into_iter()
        .fold(route, |route, name| route.at(format!("/.well-known/{name}{base}"), get(oidc::discovery::show)))
}

fn explorer(route: Route) -> Route {
    route
        .at("/openapi.json", get(operations::openapi))
        .at("/docs", get(operations::explorer))
        .at("/docs/docs.css", get(operations::explorer_style))
}

/// What a person opens in a browser. Whatever else is asked for below the base path is no page.
fn pages(route: Route, app: &App, web: &Web) -> Route {
    let pages = Route::new()
        .at("/", get(account::home))
        .at("/login", get(login::password::show).post(login::password::submit))
        .at("/logout", get(login::logout::show).post(login::logout::submit))
        .at("/register", get(account::registration::show).post(account::registration::submit))
        .at("/account", get(account::settings::show))
        .at("/account/name", get(account::settings::show_name).post(account::settings::submit_name))
        .at("/account/theme", post(account::settings::submit_theme))
        .at("/account/security", get(account::security::show).post(account::security::submit))
        .at("/account/sessions", get(account::sessions::show).post(account::sessions::submit))
        .at("/login/image/:id", get(login::image::show))
        .at("/login/link/:key", get(login::link::show).post(login::link::submit))
        .at("/account/connections", get(account::connections::show).post(account::connections::submit))
        .at("/account/connections/:key", get(account::connections::ask).post(account::connections::connect))
        .at(format!("{PICTURES}/:id"), get(account::picture::show))
        .at("/account/apps", get(account::apps::show).post(account::apps::submit))
        .at("/consent", get(oidc::authorize::show_consent).post(oidc::authorize::submit_consent))
        .at("/device", get(oidc::device::show).post(oidc::device::submit))
        .at("/assets/:name", get(assets::show));
    let failures = || Failures::page(error_page::renderer(web));
    let route = federation(route, app, web);
    let logout = get(oidc::logout::end).post(oidc::logout::end_by_form).on(Method::HEAD, oidc::logout::look);
    let told = post(login::back_channel::receive);
    let begin =
        get(oidc::authorize::begin).post(oidc::authorize::begin_by_form).on(Method::HEAD, oidc::authorize::look);
    let go_on = get(oidc::authorize::go_on).on(Method::HEAD, oidc::authorize::look);
    route
        .at("/oauth2/authorize", begin.with(failures()))
        .at("/oauth2/authorize/:key", go_on.with(failures()))
        .at("/oauth2/logout", logout.with(failures()))
        .at("/oauth2/backchannel-logout/:connector", told.with(Failures::oauth(Allow::default())))
        .nest_no_strip("/", pages.with(failures()))
}

/// Other providers: the way there and back, which a chat's proxy hands over as it does the session API.
fn federation(route: Route, app: &App, web: &Web) -> Route {
    let go = || get(login::connector::go).on(Method::HEAD, login::connector::look);
    let failures = || Failures::page(error_page::renderer(web));
    let by_form = app.connectors.list().iter().filter(|connector| connector.known.answers_by_form());
    let callbacks: BTreeSet<&str> = by_form.map(|connector| connector.callback.as_str()).collect();
    let route = callbacks
        .into_iter()
        .fold(route, |route, callback| route.at(callback, go().post(login::form_post::receive).with(failures())));
    route.at("/oauth/*rest", go().with(failures()))
}

/// The operations of `api`, failing as `failures` says.
fn described<A: OpenApi + 'static>(api: A, failures: fn(Allow) -> Failures) -> BoxEndpoint<'static, Response> {
    let endpoint = OpenApiService::new(api, "", "").into_endpoint();
    endpoint.with(failures(Allow::of::<A>())).boxed()
}

/// Takes introspection past the routers. They know it too, for the document and for the methods that
/// it does not take; `tests/api/introspection.rs` holds that both answer alike.
struct Express<D, E> {
    path: String,
    direct: D,
    others: E,
}

impl<D: Endpoint<Output = Response>, E: Endpoint<Output = Response>> Endpoint for Express<D, E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if *request.method() == Method::POST && request.uri().path() == self.path {
            return self.direct.call(request).await;
        }
        // In a box of its own, or introspection would carry the room for it about.
        Box::pin(self.others.call(request)).await
    }
}

/// Counts what goes out.
struct Counted<E> {
    app: App,
    routes: E,
}

impl<E: Endpoint> Endpoint for Counted<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let response = self.routes.call(request).await?.into_response();
        self.app.metrics.answered(response.status().as_u16());
        Ok(response)
    }
}
