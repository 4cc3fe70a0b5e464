//! An answer, taken whole.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.expect("the whole body");
        Self { status, headers, body }
    }

    /// The body, which is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text of the body by its name.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// A header; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// Every `Set-Cookie` line.
    pub(crate) fn cookie_lines(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("ASCII")).collect()
    }

    /// The value that a cookie is set to.
    #[track_caller]
    pub(crate) fn cookie(&self, name: &str) -> String {
        let start = format!("{name}=");
        let line = self.cookie_lines().into_iter().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("no cookie {name}: {self:?}"));
        line[start.len()..].split(';').next().unwrap_or_default().to_owned()
    }

    /// Fails unless the status is this one; hands the answer on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Fails unless this is a refusal in the shape of RFC 9457 with one sentence in `message`.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["type"], format!("urn:postern:problem:{code}"), "{self:?}");
        assert_eq!(body["status"], status);
        assert!(body["errors"].is_array() && body["message"] == body["detail"], "{body}");
        assert!(body["message"].as_str().is_some_and(|text| text.ends_with('.')), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"));
        self
    }

    /// All that a stranger could compare: without date, request id and the values of cookies.
    pub(crate) fn comparable(&self) -> String {
        let id = self.header("x-request-id").to_owned();
        let mut lines: Vec<String> = Vec::new();
        for (name, value) in &self.headers {
            let value = value.to_str().expect("ASCII");
            match name.as_str() {
                "date" | "x-request-id" => lines.push(name.to_string()),
                "set-cookie" => lines.push(format!("set-cookie: {:?}", value.split_once(';'))),
                _ => lines.push(format!("{name}: {value}")),
            }
        }
        lines.sort();
        format!("{}\n{}\n{}", self.status, lines.join("\n"), self.body.replace(&id, "ID"))
    }

    /// The fields of the body that are at fault.
    pub(crate) fn fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
