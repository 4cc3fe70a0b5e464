//! The page on which a person types what a device shows, and decides (RFC 8628 section 3.3).
//!
//! A code in the address only fills in the field, so that no link can let a device in; once it was
//! sent from our own form, the session that sent it is asked.

mod authorization;

pub use authorization::DeviceApi;

use std::sync::Arc;

use poem::web::Query;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::authorize::UnverifiedPage;
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::grants::{Device, DeviceState, UserCode, scope, wrong_user_code};
use crate::services::sessions::Live;
use crate::services::tokens::may_enter;
use crate::web::device::describe;
use crate::web::form::Form;
use crate::web::opens::{Opened, elsewhere, opened};
use crate::web::page::Page;
use crate::web::problems::Problems;
use crate::web::visitor::{Member, Visitor, see_other};
use crate::web::when::When;

/// Where the page is, below the base path.
const PATH: &str = "/device";

/// The field for the code.
#[derive(Debug, Default, Serialize)]
pub struct DevicePage {
    /// What stands in it.
    pub code: String,
    /// What was wrong with the last try.
    pub problems: Problems,
}

impl Page for DevicePage {
    const TEMPLATE: &'static str = "device.html";
}

/// Asks whether the person has started this.
#[derive(Debug, Serialize)]
pub struct ConfirmDevicePage {
    /// The code, to be compared with what the device shows.
    pub code: String,
    /// The app on the device.
    pub client: String,
    /// The host that the app is known by; none where it has none but what it chose itself.
    pub host: Option<String>,
    /// Whether nobody here has declared it, so that its name is its own word, or its host's.
    pub is_unvouched: bool,
    /// What the device calls itself.
    pub device: String,
    /// Where it asked from.
    pub address: String,
    /// When it asked.
    pub since: When,
    /// What the app gets.
    pub items: Vec<Opened>,
    /// Where to sign in as somebody else.
    pub not_you: String,
}

impl Page for ConfirmDevicePage {
    const TEMPLATE: &'static str = "device-confirm.html";
}

/// Says what became of it.
#[derive(Debug, Serialize)]
pub struct DecidedDevicePage {
    /// The app on the device.
    pub client: String,
    /// Whether the device was let in.
    pub allowed: bool,
}

impl Page for DecidedDevicePage {
    const TEMPLATE: &'static str = "device-decided.html";
}

/// What `/device` may be asked with.
#[derive(Debug, Deserialize)]
pub(crate) struct DeviceQuery {
    user_code: Option<String>,
}

/// What the forms send: the code alone, or with the decision about it.
#[derive(Debug, Deserialize)]
pub(crate) struct DeviceForm {
    user_code: String,
    decision: Option<Decision>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    Allow,
    Cancel,
}

/// `GET /device`
#[handler]
pub(crate) async fn show(app: App, member: Member, query: Query<DeviceQuery>) -> Result<Response> {
    let Member { visitor, live } = member;
    let Some(code) = query.0.user_code.and_then(|text| UserCode::parse(&text)) else {
        return visitor.show(&DevicePage::default());
    };
    let Some((device, client)) = find(&app, &code, &live).await? else {
        return visitor.show(&DevicePage { code: code.to_string(), ..DevicePage::default() });
    };
    match device.state {
        DeviceState::Pending if !may_enter(&client, &live) => UnverifiedPage::answer(&visitor, &client, &live),
        // What is refreshed lives from the sign-in on.
        DeviceState::Pending if is_too_old(&app, &device, &live) => see_other(&sign_in_again(&visitor, &code)),
        DeviceState::Pending => visitor.show(&confirm(&visitor, &code, device, &client, &live)),
        state => {
            let allowed = state != DeviceState::Denied;
            visitor.show(&DecidedDevicePage { client: client.name().to_owned(), allowed })
        }
    }
}

/// `POST /device`
#[handler]
pub(crate) async fn submit(form: Form<DeviceForm>, app: App, member: Member, caller: Caller) -> Result<Response> {
    let Member { visitor, live } = member;
    let done = match form.decision {
        None => app.grants.enter_user_code(&form.user_code, &live, &caller).await,
        Some(decision) => decide(&app, &form.user_code, decision, &live, &caller).await,
    };
    match done {
        Ok(code) => visitor.lead_to(&format!("{PATH}?user_code={code}")),
        Err(error) if error.kind == ErrorKind::InvalidInput => {
            let problems = Problems::of(&error, "");
            visitor.show_again(&DevicePage { code: form.into_inner().user_code, problems }, &error)
        }
        Err(error) => Err(error),
    }
}

/// Decides about the device of the code `typed`, unless the app does not let this person in, or they have to sign
/// in again: then the page sees to that.
async fn decide(app: &App, typed: &str, decision: Decision, live: &Live, caller: &Caller) -> Result<UserCode> {
    let code = UserCode::parse(typed).ok_or_else(wrong_user_code)?;
    let (device, client) = find(app, &code, live).await?.ok_or_else(wrong_user_code)?;
    let allow = decision == Decision::Allow;
    if !allow || (may_enter(&client, live) && !is_too_old(app, &device, live)) {
        app.grants.decide(&device, live, allow, caller).await?;
    }
    Ok(code)
}

/// The device whose code was typed in this session, as far as its app may ask today, with that app.
async fn find(app: &App, code: &UserCode, live: &Live) -> Result<Option<(Device, Arc<Client>)>> {
    let Some(device) = app.grants.device(code, live).await? else { return Ok(None) };
    let client = app.clients.find(&device.client_id).await?;
    Ok(client.map(|client| (device.cut_for(&client), client)))
}

/// Whether the person of `live` signed in so long ago that `device` could refresh nothing.
fn is_too_old(app: &App, device: &Device, live: &Live) -> bool {
    let offline = device.scope.contains(scope::OFFLINE_ACCESS);
    app.tokens.longest(offline, live.session.authenticated_at()).is_zero()
}

/// Where to sign in again, and back to the question about the device of `code`.
fn sign_in_again(visitor: &Visitor, code: &UserCode) -> String {
    let base = visitor.web.settings.base_path();
    let back: String = form_urlencoded::byte_serialize(format!("{base}{PATH}?user_code={code}").as_bytes()).collect();
    format!("{base}/login?return_to={back}&again=true")
}

fn confirm(visitor: &Visitor, code: &UserCode, device: Device, client: &Client, live: &Live) -> ConfirmDevicePage {
    let mut items = opened(&device.scope, [], &live.user);
    items.extend(device.resources.as_slice().iter().map(|one| elsewhere(one)));
    ConfirmDevicePage {
        code: code.to_string(),
        client: client.name().to_owned(),
        // Nothing goes to the addresses that an app has registered for itself: they say nothing of who this is.
        host: client.host().filter(|_| client.is_described() || !client.is_unvouched()),
        is_unvouched: client.is_unvouched(),
        device: describe(&device.user_agent).name,
        address: device.address,
        since: When::new(device.since, visitor.now()),
        items,
        not_you: sign_in_again(visitor, code),
    }
}
