//! The page for somebody whose address has an account that their other provider does not open yet:
//! come in the old way once, or, where that cannot be, take the address back.

use poem::web::Path;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::connectors::{Connector, Kept, LinkKey};
use crate::services::users::User;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::visitor::{Visitor, see_other};

/// Says that there is an account, and how the two come together.
#[derive(Debug, Serialize)]
pub struct KnownPage {
    /// What people call the provider.
    pub name: String,
    /// Its kind, whose mark is shown.
    pub kind: &'static str,
    /// The address, which the person's provider gave.
    pub email: String,
    /// The key of what waits.
    pub key: String,
    /// Where the sign-in leads on to.
    pub sign_in: String,
    /// Whether the person may take the address back.
    pub may_claim: bool,
}

impl Page for KnownPage {
    const TEMPLATE: &'static str = "known.html";
}

/// What the form sends.
#[derive(Deserialize)]
pub struct ClaimForm {
    claim: String,
}

/// What waits under a key in the address, and for whom.
struct Waiting<'a> {
    kept: Kept,
    key: Secret<LinkKey>,
    connector: &'a Connector,
    user: User,
}

impl<'a> Waiting<'a> {
    async fn find(app: &'a App, visitor: &Visitor, key: &str) -> Result<Self> {
        let key = Secret::<LinkKey>::parse(key).ok_or_else(gone)?;
        let kept = app.connectors.kept(&key, visitor.browser()).await?.ok_or_else(gone)?;
        let connector = app.connectors.named(&kept.arrival.profile.who.connector).ok_or_else(gone)?;
        let user = app.users.get(kept.user).await?.filter(|user| kept.is_for(user)).ok_or_else(gone)?;
        Ok(Self { kept, key, connector, user })
    }
}

fn gone() -> Error {
    let words = "This has waited too long, was done already, or was begun in another browser. Begin it again.";
    Error::new(ErrorKind::InvalidRequest, words)
}

/// `GET /login/link/KEY`
#[handler]
pub(crate) async fn show(Path(key): Path<String>, app: App, visitor: Visitor) -> Result<Response> {
    let waiting = Waiting::find(&app, &visitor, &key).await?;
    let base = visitor.web.settings.base_path();
    let onward = format!("{base}/account/connections/{}", waiting.key.expose());
    let onward: String = form_urlencoded::byte_serialize(onward.as_bytes()).collect();
    visitor.show(&KnownPage {
        name: waiting.connector.name.clone(),
        kind: waiting.connector.known.kind,
        email: waiting.kept.arrival.profile.email.as_ref().map_or(String::new(), |email| email.address.to_string()),
        key,
        // The one provider that the page would lead straight to is the one they come from.
        sign_in: format!("{base}/login?return_to={onward}&redirect=false"),
        may_claim: waiting.kept.may_claim(&waiting.user),
    })
}

/// `POST /login/link/KEY`: the owner of the address takes it back.
#[handler]
pub(crate) async fn submit(
    Path(key): Path<String>,
    form: Form<ClaimForm>,
    app: App,
    visitor: Visitor,
    caller: Caller,
) -> Result<Response> {
    let waiting = Waiting::find(&app, &visitor, &key).await?;
    if form.claim != "yes" || !waiting.kept.may_claim(&waiting.user) {
        return Err(ErrorKind::Forbidden.into());
    }
    let kept = app.connectors.take_kept(&waiting.key, visitor.browser()).await?.ok_or_else(gone)?;
    app.accounts.claim(waiting.user, kept.arrival.profile.clone(), Doer::stranger(&caller)).await?;
    let entered = app.sign_in.browser_through(&caller, waiting.connector, &kept.arrival, visitor.live.as_ref());
    let (session, cookie) = entered.await?;
    let mut response = see_other(&kept.return_to)?;
    let life = session.expires_at.since(visitor.now());
    visitor.put_cookie(&mut response, Cookie::Session, Some((cookie.expose(), life)))?;
    Ok(response)
}
