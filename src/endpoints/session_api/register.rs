//! `POST /api/auth/register`.

use poem_openapi::types::Example;
use poem_openapi::{Object, payload::Json};
use secrecy::SecretString;

use super::Message;
use crate::app::App;
use crate::error::Result;
use crate::services::caller::Caller;
use crate::services::sign_up::Registration;

/// The same for a new and for a known address.
pub(super) const DONE: &str = "If this address is new here, the account is ready: sign in with it.";

/// What a person fills in to get an account.
#[derive(Object)]
#[oai(example)]
pub(super) struct RegisterRequest {
    /// The name that others see, at most 80 characters.
    name: String,
    /// The wanted user name, 2 to 80 of `a-z0-9._-`; made from the name when missing.
    #[oai(default)]
    username: Option<String>,
    /// The e-mail address.
    email: String,
    /// The password, 8 to 128 characters.
    #[oai(validator(max_length = 1024))]
    password: String,
    /// The password once more.
    #[oai(validator(max_length = 1024))]
    confirm_password: String,
    /// An invitation's token; nothing asks for one yet.
    #[oai(default)]
    token: Option<String>,
}

impl Example for RegisterRequest {
    fn example() -> Self {
        let password = "gravel tulip ferry nine";
        Self {
            name: "Maren Olsen".into(),
            username: Some("maren.olsen".into()),
            email: "maren@example.com".into(),
            password: password.into(),
            confirm_password: password.into(),
            token: None,
        }
    }
}

pub(super) async fn register(app: &App, caller: &Caller, form: RegisterRequest) -> Result<Json<Message>> {
    let (password, repeated): (SecretString, SecretString) = (form.password.into(), form.confirm_password.into());
    let registration = Registration {
        name: &form.name,
        username: form.username.as_deref(),
        email: &form.email,
        password: &password,
        repeated: Some(&repeated),
    };
    app.sign_up.register(caller, &registration).await?;
    Ok(Json(Message { message: DONE.to_owned() }))
}
