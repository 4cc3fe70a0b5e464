//! A browser without JavaScript: it keeps cookies, and sends the forms that it was shown.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};

use super::{Answer, PASSWORD, Site};

/// One browser at one site.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    site: Site,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn at(site: &Site) -> Self {
        Self { site: site.clone(), cookies: BTreeMap::new() }
    }

    /// Sends a request with this browser's cookies, and keeps those of the answer.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answer {
        let line: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if line.is_empty() { request } else { request.header("cookie", line.join("; ")) };
        let answer = self.site.send(request).await;
        for line in answer.cookie_lines() {
            let (name, rest) = line.split_once('=').expect("a name");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap_or_default().to_owned());
            }
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.site.request(Method::GET, path);
        self.send(request).await
    }

    /// Sends a form as it is, with whatever token stands in it.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.site.request(Method::POST, path).form(fields);
        self.send(request).await
    }

    /// Opens the page `path` and sends its form with these fields.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = csrf(&self.get(path).await.expect(200));
        let fields = [fields, &[("csrf", token.as_str())]].concat();
        self.post(path, &fields).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str) {
        let answer = self.submit("/login", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/account"), "{answer:?}");
    }

    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.get("/account").await.status == 200
    }
}

/// The token in the forms of a page.
#[track_caller]
pub(crate) fn csrf(page: &Answer) -> String {
    let start = page.body.split(r#"name="csrf" value=""#).nth(1).unwrap_or_else(|| panic!("no form: {page:?}"));
    start.split('"').next().unwrap_or_default().to_owned()
}
