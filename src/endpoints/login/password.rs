//! Sign-in by e-mail and password.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::web::Query;
use poem::{Request, Response, handler};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::secret::Secret;
use crate::services::caller::Caller;
use crate::services::grants::RequestKey;
use crate::services::sign_in::Credentials;
use crate::web::cookie::Cookie;
use crate::web::form::Tabbed;
use crate::web::page::Page;
use crate::web::problems::Problems;
use crate::web::refused;
use crate::web::return_to::ReturnTo;
use crate::web::visitor::{Visitor, see_other};
use crate::web::ways::{Way, straight};

/// The sign-in page.
#[derive(Debug, Default, Serialize)]
pub struct LoginPage {
    /// What stands in the e-mail field. The password field is always empty.
    pub email: String,
    /// What is said above the form, besides problems.
    pub notice: Option<Notice>,
    /// What was wrong with the last try.
    pub problems: Problems,
    /// Where the person was going: a path of ours.
    pub return_to: Option<String>,
    /// The app that the person is on the way to.
    pub client: Option<String>,
    /// Whether people may sign up.
    pub sign_up: bool,
    /// Whether they may come in by password.
    pub password: bool,
    /// The other ways in.
    pub ways: Vec<Way>,
}

/// Something to say before signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A sign-up was sent: said alike for a new and a known address.
    Registered,
    /// The page that was asked for needs a signed-in person.
    SignInFirst,
    /// Somebody is signed in, but the app asks for a sign-in now.
    Again,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login.html";
}

/// What `/login` may be asked with.
#[derive(Debug, Deserialize)]
pub struct LoginQuery {
    return_to: Option<String>,
    /// Whether to show the form though somebody is signed in.
    #[serde(default)]
    again: bool,
    /// The wire code of what a provider came to nothing by.
    failed: Option<String>,
    /// The connector of that provider.
    by: Option<String>,
    /// `false`: the page stays though it would lead straight to a provider, as the chat's does.
    redirect: Option<String>,
    /// What comes back from signing out at a provider.
    state: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub struct LoginForm {
    email: String,
    password: String,
    return_to: Option<String>,
}

/// `GET /login`
#[handler]
pub(crate) async fn show(app: App, visitor: Visitor, query: Query<LoginQuery>, request: &Request) -> Result<Response> {
    let settings = &visitor.web.settings;
    let LoginQuery { return_to, again, failed, by, redirect, state } = query.0;
    if let Some(onward) = state.and_then(|state| app.connectors.way_on(&state)) {
        return see_other(&onward);
    }
    // Who comes with an errand is not back from signing out.
    let is_bare = visitor.live.is_none() && return_to.is_none() && failed.is_none() && !again;
    let kept = visitor.web.cookies.read(request.headers(), Cookie::WayOn).filter(|_| is_bare);
    if let Some(onward) = kept.and_then(|kept| app.connectors.way_on(kept)) {
        let mut response = see_other(&onward)?;
        visitor.put_cookie(&mut response, Cookie::WayOn, None)?;
        return Ok(response);
    }
    let problems = failed.zip(by).and_then(|(code, by)| refused::problems(&code, &app.connectors.named(&by)?.name));
    let return_to = return_to.and_then(|text| ReturnTo::parse(&text, settings));
    if visitor.live.is_some() && !again {
        return see_other(return_to.as_ref().map_or(&format!("{}/account", settings.base_path()), ReturnTo::as_str));
    }
    if !app.config.users.email_login && app.connectors.list().is_empty() {
        return Err(ErrorKind::PasswordLoginOff.into());
    }
    let signed_up = visitor.web.cookies.read(request.headers(), Cookie::SignedUp).map(signed_up_address);
    // Whoever was refused there, or has something to read here, is not sent back.
    let stays = problems.is_some() || signed_up.is_some() || again || redirect.as_deref() == Some("false");
    if let Some(path) = straight(&app.connectors, return_to.as_ref()).filter(|_| !stays) {
        return visitor.lead_to(&path);
    }
    let waiting = Waiting::find(&app, &visitor, return_to.as_ref()).await?;
    let notice = match (&signed_up, &return_to) {
        _ if problems.is_some() => None,
        (Some(_), _) => Some(Notice::Registered),
        (None, Some(_)) if visitor.live.is_some() => Some(Notice::Again),
        (None, Some(_)) if waiting.client.is_none() => Some(Notice::SignInFirst),
        _ => None,
    };
    let known = visitor.live.as_ref().map(|live| live.user.email.clone());
    let email = signed_up.clone().or(waiting.hint.clone()).or(known).unwrap_or_default();
    let problems = problems.unwrap_or_default();
    let page = LoginPage { email, notice, problems, return_to: text(return_to.as_ref()), ..LoginPage::new(&app) };
    let mut response = visitor.show(&LoginPage { client: waiting.client.clone(), ..page })?;
    waiting.allow(&visitor, &mut response)?;
    if signed_up.is_some() {
        visitor.put_cookie(&mut response, Cookie::SignedUp, None)?;
    }
    Ok(response)
}

fn text(return_to: Option<&ReturnTo>) -> Option<String> {
    return_to.map(|it| it.as_str().to_owned())
}

/// The app that waits behind the sign-in, if one does.
#[derive(Default)]
struct Waiting {
    client: Option<String>,
    hint: Option<String>,
    /// Where the form may end.
    ways_on: Vec<String>,
}

impl Waiting {
    async fn find(app: &App, visitor: &Visitor, return_to: Option<&ReturnTo>) -> Result<Self> {
        let key = return_to.and_then(|it| it.request_key(&visitor.web.settings)).and_then(Secret::<RequestKey>::parse);
        let Some(key) = key else { return Ok(Self::default()) };
        let Some(waiting) = app.grants.waiting(&key, visitor.browser()).await? else { return Ok(Self::default()) };
        let Some(client) = app.clients.find(&waiting.request.client_id).await? else { return Ok(Self::default()) };
        Ok(Self {
            client: Some(client.plain_name()),
            ways_on: client.ways_on(&waiting.request.redirect_uri).map(str::to_owned).collect(),
            hint: waiting.request.login_hint,
        })
    }

    /// Lets the form lead on to the app once the person is signed in.
    fn allow(&self, visitor: &Visitor, response: &mut Response) -> Result<()> {
        match self.ways_on.as_slice() {
            [] => Ok(()),
            addresses => visitor.allow_form_to(response, addresses.iter().map(String::as_str)),
        }
    }
}

/// The address in the cookie of a sign-up; it only fills in a field, so anything else is nothing.
fn signed_up_address(value: &str) -> String {
    URL_SAFE_NO_PAD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// `POST /login`
#[handler]
pub(crate) async fn submit(form: Tabbed<LoginForm>, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    let LoginForm { email, password, return_to } = match form {
        Tabbed::Current(form) => form.into_inner(),
        // Another tab was quicker: nobody is signed in by this form, but its request goes on.
        Tabbed::Outdated { form, .. } if visitor.live.is_some() => {
            return see_other(ReturnTo::or(form.return_to.as_deref(), "/account", &visitor.web.settings).as_str());
        }
        Tabbed::Outdated { refusal, .. } => return Err(refusal),
    };
    let password = SecretString::from(password);
    let credentials = Credentials { email: &email, password: &password };
    match sign_in(&app, &visitor, &caller, &credentials, return_to.as_deref()).await {
        Err(error) if matches!(error.kind, ErrorKind::WrongCredentials | ErrorKind::InvalidInput) => {
            let problems = Problems::of(&error, "You are not signed in");
            let going = return_to.as_deref().and_then(|text| ReturnTo::parse(text, &visitor.web.settings));
            let waiting = Waiting::find(&app, &visitor, going.as_ref()).await?;
            let page = LoginPage { email, problems, return_to, client: waiting.client.clone(), ..LoginPage::new(&app) };
            let mut response = visitor.show_again(&page, &error)?;
            waiting.allow(&visitor, &mut response)?;
            Ok(response)
        }
        answer => answer,
    }
}

async fn sign_in(
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    credentials: &Credentials<'_>,
    return_to: Option<&str>,
) -> Result<Response> {
    if !app.config.users.email_login {
        return Err(ErrorKind::PasswordLoginOff.into());
    }
    let (session, cookie) = app.sign_in.browser(caller, credentials, visitor.live.as_ref()).await?;
    let going = ReturnTo::or(return_to, "/account", &visitor.web.settings);
    let mut response = see_other(going.as_str())?;
    let life = session.expires_at.since(visitor.now());
    visitor.put_cookie(&mut response, Cookie::Session, Some((cookie.expose(), life)))?;
    Ok(response)
}

impl LoginPage {
    fn new(app: &App) -> Self {
        Self {
            sign_up: app.config.users.takes_sign_ups(),
            password: app.config.users.email_login,
            ways: app.connectors.list().iter().map(Way::from).collect(),
            ..Self::default()
        }
    }
}
