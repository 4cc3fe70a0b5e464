//! The `claims` parameter (OpenID Connect Core section 5.5): single claims, asked for by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::scope;
use crate::error::{Error, ErrorKind, Result};
use crate::services::clients::Client;

/// How much text one parameter may hold.
const LONGEST: usize = 4096;

/// Which claims are asked for beyond those of the scopes. What nobody here knows is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// For the answer of userinfo.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Option<Wish>>,
    /// For the ID token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Option<Wish>>,
}

/// How one claim is asked for; all of it may lack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Whether the client cannot go on without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The one value that it must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The values of which it should have one, the dearest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

impl ClaimsRequest {
    /// Reads the parameter.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it is no JSON object of this form.
    pub fn parse(text: &str) -> Result<Self> {
        let malformed = || Error::new(ErrorKind::InvalidRequest, "The parameter claims is not what it should be.");
        // A list would be read as its members in order.
        if text.len() > LONGEST || !text.trim_start().starts_with('{') {
            return Err(malformed());
        }
        let mut read: Self = serde_json::from_str(text).map_err(|_| malformed())?;
        // The person is shown what is asked for: any other name is text of the client's own choice.
        for wishes in [&mut read.userinfo, &mut read.id_token] {
            wishes.retain(|name, _| matches!(name.as_str(), "sub" | "acr") || scope::opening(name).is_some());
        }
        Ok(read)
    }

    /// What is left of it for `client`: asking by name opens nothing that it may not ask for by scope.
    #[must_use]
    pub fn within(mut self, client: &Client) -> Self {
        for wishes in [&mut self.userinfo, &mut self.id_token] {
            wishes.retain(|name, _| scope::opening(name).is_none_or(|scope| client.may_ask_for(scope)));
        }
        self
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Every claim about the person that is asked for, wherever it should stand. Who they are to the
    /// client and how they signed in, it is told in any case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.userinfo
            .keys()
            .chain(self.id_token.keys())
            .map(String::as_str)
            .filter(|name| scope::opening(name).is_some())
    }

    /// The `sub` that the ID token must have, or several of which it must have one (Core section
    /// 5.5.1); none where nobody in particular is asked for. What is no text is nobody's.
    #[must_use]
    pub fn subjects(&self) -> Option<Vec<&str>> {
        self.id_token.get("sub")?.as_ref()?.demanded()
    }

    /// The classes of sign-in of which the client needs one; none when it only wishes.
    #[must_use]
    pub fn essential_acr(&self) -> Option<Vec<&str>> {
        self.id_token.get("acr")?.as_ref().filter(|wish| wish.essential)?.demanded()
    }
}

impl Wish {
    /// The texts of which the claim must be one; none where any value will do.
    fn demanded(&self) -> Option<Vec<&str>> {
        let is_any = self.value.is_none() && self.values.is_none();
        let values = self.value.iter().chain(self.values.iter().flatten());
        (!is_any).then(|| values.filter_map(Value::as_str).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_reads_as_core_writes_it() {
        let text = r#"{"userinfo":{"given_name":{"essential":true},"email":null},"id_token":{"acr":{"essential":true,"values":["a","b"]},"sub":{"value":"x"}}}"#;
        let read = ClaimsRequest::parse(text).unwrap();
        assert!(read.userinfo["given_name"].as_ref().unwrap().essential && read.userinfo["email"].is_none());
        assert_eq!(read.essential_acr(), Some(vec!["a", "b"]));
        assert_eq!(read.subjects(), Some(vec!["x"]));
        assert_eq!(ClaimsRequest::parse(&serde_json::to_string(&read).unwrap()).unwrap(), read);
    }

    #[test]
    fn what_is_no_such_object_is_refused() {
        for text in ["", "[]", "1", "{\"userinfo\":[]}", "{\"id_token\":{\"a\":1}}", &"{".repeat(5000)] {
            assert_eq!(ClaimsRequest::parse(text).unwrap_err().kind, ErrorKind::InvalidRequest, "{text:.20}");
        }
        assert!(ClaimsRequest::parse("{\"more\":1}").unwrap().is_empty());
        let words =
            r#"{"userinfo":{"nothing. This app was checked":null},"id_token":{"auth_time":{"essential":true}}}"#;
        assert!(ClaimsRequest::parse(words).unwrap().is_empty(), "names that nobody here knows");
        let named = ClaimsRequest::parse(r#"{"id_token":{"sub":null,"acr":null,"email":null}}"#).unwrap();
        assert_eq!(named.names().collect::<Vec<_>>(), ["email"]);
    }

    #[test]
    fn what_is_demanded_and_no_text_is_met_by_nothing() {
        let read =
            |wish: &str| ClaimsRequest::parse(&format!("{{\"id_token\":{{\"sub\":{wish},\"acr\":{wish}}}}}")).unwrap();
        for none in [
            r#"{"essential":true,"value":1}"#,
            r#"{"essential":true,"values":[2]}"#,
            r#"{"essential":true,"values":[]}"#,
        ] {
            let read = read(none);
            assert_eq!((read.subjects(), read.essential_acr()), (Some(vec![]), Some(vec![])), "{none}");
        }
        for any in ["null", "{}", r#"{"essential":true}"#] {
            let read = read(any);
            assert_eq!((read.subjects(), read.essential_acr()), (None, None), "{any}");
        }
    }
}
