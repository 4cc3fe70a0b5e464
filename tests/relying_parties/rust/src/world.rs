//! The server, its commands, people, and the browser that is lent out by `hands.js`.

use std::collections::hash_map::RandomState;
use std::env::var;
use std::fs::read;
use std::hash::{BuildHasher, Hasher};
use std::process::Command;

use openidconnect::reqwest::blocking::Client;
use openidconnect::reqwest::{Certificate, redirect};
use openidconnect::url::Url;
use serde_json::{Value, from_slice, json};

use crate::Done;

/// Somebody with a confirmed address.
pub struct Person {
    pub email: String,
    password: String,
}

/// What every step needs.
pub struct World {
    pub issuer: String,
    /// Trusts the server's own certificate, and follows no redirect.
    pub http: Client,
    hands: String,
}

impl World {
    pub fn new() -> Done<Self> {
        let authority = Certificate::from_pem(&read(var("NODE_EXTRA_CA_CERTS")?)?)?;
        let http = Client::builder().redirect(redirect::Policy::none()).add_root_certificate(authority).build()?;
        Ok(Self { issuer: var("POSTERN_URL")?, http, hands: var("HANDS")? })
    }

    /// Where sign-ins end.
    pub fn cb(&self) -> String {
        format!("{}/cb", self.hands)
    }

    /// Where logouts end.
    pub fn bye(&self) -> String {
        format!("{}/bye", self.hands)
    }

    /// A command beside the server, and what it answers.
    pub fn postern(&self, words: &[&str]) -> Done<Value> {
        let said = Command::new(var("POSTERN")?).args(words).arg("--json").current_dir(var("FOLDER")?).output()?;
        match said.status.success() {
            true => Ok(from_slice(&said.stdout)?),
            false => Err(String::from_utf8_lossy(&said.stderr).into()),
        }
    }

    /// Somebody new.
    pub fn member(&self) -> Done<Person> {
        let random = || RandomState::new().build_hasher().finish();
        let it =
            Person { email: format!("{:x}@example.com", random()), password: format!("{:x}{:x}", random(), random()) };
        let form = json!({
            "name": "Maren Olsen", "email": it.email, "password": it.password, "confirm_password": it.password,
        });
        self.post(&format!("{}/api/auth/register", self.issuer), &form)?;
        self.postern(&["user", "verify", &it.email])?;
        Ok(it)
    }

    /// Opens an address in the browser of this name, signs in and presses buttons there; where that ended.
    pub fn browse(&self, name: &str, address: &str, who: &Person, press: &[&str], heading: Option<&str>) -> Done<Url> {
        let who = json!({ "email": who.email, "password": who.password });
        let asked = json!({ "browser": name, "address": address, "who": who, "press": press, "heading": heading });
        let ended = self.post(&self.hands, &asked)?;
        Ok(ended["url"].as_str().ok_or("it ended nowhere")?.parse()?)
    }

    fn post(&self, address: &str, body: &Value) -> Done<Value> {
        let answer =
            self.http.post(address).header("content-type", "application/json").body(body.to_string()).send()?;
        let (status, text) = (answer.status(), answer.text()?);
        match status.is_success() {
            true => Ok(serde_json::from_str(&text)?),
            false => Err(format!("{address} answered {status}: {text}").into()),
        }
    }
}
