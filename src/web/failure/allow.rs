//! Which methods a path takes: what a 405 has to tell (RFC 9110, section 15.5.6).

use std::collections::HashMap;
use std::sync::Arc;

use poem::error::MethodNotAllowedError;
use poem::http::{HeaderValue, Method};
use poem::{Endpoint, IntoEndpoint, Request, Response};
use poem::{PathPattern, RouteMethod};
use poem_openapi::OpenApi;

/// The methods of paths that are described in the OpenAPI document.
#[derive(Clone, Debug, Default)]
pub struct Allow(Arc<HashMap<String, HeaderValue>>);

/// What one route takes; travels on the error of a [`Methods`] route.
#[derive(Clone)]
struct Taken(HeaderValue);

impl Allow {
    /// Of all operations of `Api`, tuples included.
    #[must_use]
    pub fn of<Api: OpenApi>() -> Self {
        let mut paths: HashMap<String, Vec<Method>> = HashMap::new();
        for path in Api::meta().into_iter().flat_map(|api| api.paths) {
            let methods = path.operations.into_iter().map(|operation| operation.method);
            paths.entry(pattern(&path.path)).or_default().extend(methods);
        }
        Self(Arc::new(paths.into_iter().map(|(path, methods)| (path, list(&methods))).collect()))
    }

    /// What the path that `error` happened at takes, where we know.
    pub(super) fn methods(&self, error: &poem::Error, base_path: &str) -> Option<HeaderValue> {
        if let Some(Taken(methods)) = error.data() {
            return Some(methods.clone());
        }
        let route = pattern(&error.data::<PathPattern>()?.0);
        let below_base = || self.0.get(route.strip_prefix(base_path)?);
        self.0.get(&route).or_else(below_base).cloned()
    }
}

/// `/users/{id}` of the document is `/users/:param0` of the route: parameters lose their names.
fn pattern(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with(['{', ':']) { ":" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// HEAD goes where GET goes.
fn list(methods: &[Method]) -> HeaderValue {
    let mut names: Vec<_> = methods.iter().map(Method::as_str).collect();
    if methods.contains(&Method::GET) {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.dedup();
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

/// A route of ours that is not in the document (a page), by method: like poem's `RouteMethod`, but
/// its 405 tells which methods there are.
#[derive(Default)]
pub struct Methods {
    routes: RouteMethod,
    methods: Vec<Method>,
}

/// A route that answers GET (and HEAD).
pub fn get<E: IntoEndpoint<Endpoint: 'static>>(endpoint: E) -> Methods {
    Methods::default().on(Method::GET, endpoint)
}

/// A route that answers POST.
pub fn post<E: IntoEndpoint<Endpoint: 'static>>(endpoint: E) -> Methods {
    Methods::default().on(Method::POST, endpoint)
}

impl Methods {
    /// Answers POST as well.
    #[must_use]
    pub fn post<E: IntoEndpoint<Endpoint: 'static>>(self, endpoint: E) -> Self {
        self.on(Method::POST, endpoint)
    }

    /// Answers `method` as well.
    #[must_use]
    pub fn on<E: IntoEndpoint<Endpoint: 'static>>(mut self, method: Method, endpoint: E) -> Self {
        self.methods.push(method.clone());
        Self { routes: self.routes.method(method, endpoint), ..self }
    }
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut answer = self.routes.call(request).await;
        if let Err(error) = &mut answer
            && error.is::<MethodNotAllowedError>()
        {
            error.set_data(Taken(list(&self.methods)));
        }
        answer
    }
}
