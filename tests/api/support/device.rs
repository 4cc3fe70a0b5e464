//! Devices that show a code, and the people who type it (RFC 8628).

use reqwest::header::USER_AGENT;
use reqwest::{Method, RequestBuilder};

use super::{Answer, App, Browser};

/// The grant's name at the token endpoint.
pub(crate) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a device got to begin with.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) code: String,
    pub(crate) user_code: String,
}

impl App {
    /// Begins on a device, whatever the answer.
    pub(crate) async fn begin_device(&self, fields: &[(&str, &str)]) -> Answer {
        let named = |request: RequestBuilder| request.header(USER_AGENT, "fernwood-terminal/2.1");
        let mut fields = fields.to_vec();
        let request = self.site.request(Method::POST, "/oauth2/device_authorization");
        let request = match self.id {
            "tv" => {
                fields.push(("client_id", self.id));
                request
            }
            _ => request.basic_auth(self.id, Some(super::CLIENT_SECRET)),
        };
        self.site.send(named(request).form(&fields)).await
    }

    /// A device that waits for its person.
    pub(crate) async fn device(&self, scope: &str) -> Device {
        let answer = self.begin_device(&[("scope", scope)]).await.expect(200);
        Device { code: answer.text("device_code"), user_code: answer.text("user_code") }
    }

    /// The token endpoint's answer to a device code.
    pub(crate) async fn poll(&self, device: &Device) -> Answer {
        self.token(&[("grant_type", DEVICE_GRANT), ("device_code", &device.code)]).await
    }

    /// Fails unless the device is refused with this code.
    #[track_caller]
    pub(crate) fn expect_refusal(answer: &Answer, error: &str) {
        assert_eq!((answer.status, answer.text("error").as_str()), (400, error), "{answer:?}");
    }
}

impl Browser {
    /// Types a code on the page.
    pub(crate) async fn type_code(&self, code: &str) -> Answer {
        self.submit("/device", "/device", &[("user_code", code)]).await
    }

    /// Answers the question about the device of `code`, on whatever page.
    pub(crate) async fn decide(&self, code: &str, decision: &str) -> Answer {
        self.submit("/device", "/device", &[("user_code", code), ("decision", decision)]).await
    }

    /// Types the code of `device` and lets it in.
    pub(crate) async fn let_in(&self, device: &Device) {
        let asked = self.type_code(&device.user_code).await.expect(303);
        assert!(self.open(asked.header("location")).await.expect(200).body.contains("Did you start this?"));
        let done = self.decide(&device.user_code, "allow").await.expect(303);
        assert!(self.open(done.header("location")).await.expect(200).body.contains("The device is let in"));
    }
}
