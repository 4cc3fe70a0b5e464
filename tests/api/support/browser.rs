//! A browser with its cookies, which fills in forms as a person does.

use reqwest::header::{COOKIE, HeaderName};
use reqwest::{Client, Method, RequestBuilder};

use super::{Answer, PASSWORD, SignedIn, Site};

/// A browser. What follows a form is not followed by itself.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    base: String,
    http: Client,
}

impl Browser {
    /// A fresh one at `site`.
    pub(crate) fn at(site: &Site) -> Self {
        let http = site.client().cookie_store(true).build().expect("a client");
        Self { base: site.base.clone(), http }
    }

    /// The same browser, with its cookies, at another node of the same host.
    pub(crate) fn moved(mut self, site: &Site) -> Self {
        self.base.clone_from(&site.base);
        self
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Opens a page.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.expect("an answer")).await
    }

    /// Opens a page, or asks for its head alone, with a header besides.
    pub(crate) async fn open_with(&self, method: Method, path: &str, header: (HeaderName, &str)) -> Answer {
        let request = self.request(method, path).header(header.0, header.1);
        Answer::of(request.send().await.expect("an answer")).await
    }

    /// Opens a page with these cookies beside its own.
    pub(crate) async fn open_with_cookie(&self, path: &str, cookie: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).header(COOKIE, cookie).send().await.expect("an answer")).await
    }

    /// The token that the forms of `path` carry.
    pub(crate) async fn token(&self, path: &str) -> String {
        let page = self.open(path).await.expect(200).body;
        let start = "name=\"csrf\" value=\"";
        let token = page.split(start).nth(1).and_then(|rest| rest.split('"').next());
        token.unwrap_or_else(|| panic!("no form on {path}: {page}")).to_owned()
    }

    /// Sends a form to `path` with exactly these fields, and a header where one is given.
    pub(crate) async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        header: Option<(HeaderName, &'static str)>,
    ) -> Answer {
        let mut request = self.request(Method::POST, path).form(fields);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        Answer::of(request.send().await.expect("an answer")).await
    }

    /// Opens `page`, fills in its form and sends it to `path`.
    pub(crate) async fn submit(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(page).await;
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", token.as_str())]).collect();
        self.post(path, &fields, None).await
    }

    /// Sends the sign-in form.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.submit("/login", "/login", &[("email", email), ("password", password)]).await
    }

    /// Signs in at the chat in the same browser, which keeps the chat's cookies beside ours.
    pub(crate) async fn sign_in_at_the_chat(&self, email: &str) -> SignedIn {
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let request = self.request(Method::POST, "/api/auth/login").json(&body);
        SignedIn::from(&Answer::of(request.send().await.expect("an answer")).await)
    }

    /// Signs out at the chat in the same browser.
    pub(crate) async fn sign_out_at_the_chat(&self) -> Answer {
        Answer::of(self.request(Method::POST, "/api/auth/logout").send().await.expect("an answer")).await
    }

    /// A browser in which the owner of `email` is signed in.
    pub(crate) async fn signed_in(site: &Site, email: &str) -> Self {
        let browser = Self::at(site);
        browser.sign_in(email, PASSWORD).await.expect(303);
        browser
    }

    /// Whether somebody is signed in.
    pub(crate) async fn is_signed_in(&self) -> bool {
        let answer = self.open("/account").await;
        assert!(answer.status == 200 || answer.header("location").contains("/login"), "{answer:?}");
        answer.status == 200
    }
}
