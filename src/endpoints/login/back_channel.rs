//! A provider tells us that a session over there is over (OpenID Connect Back-Channel Logout 1.0).

use poem::http::StatusCode;
use poem::http::header::CACHE_CONTROL;
use poem::web::Path;
use poem::{Response, handler};

use super::posted::Posted;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::accounts::Doer;
use crate::services::caller::Caller;

/// `POST /oauth2/backchannel-logout/{connector}`: ends what came by that session; the apps that took part
/// hear of it in their turn.
#[handler]
pub(crate) async fn receive(Path(id): Path<String>, posted: Posted, app: App, caller: Caller) -> Result<Response> {
    let connector = app.connectors.named(&id).ok_or(ErrorKind::NotFound)?;
    let token = posted
        .value("logout_token")
        .ok_or_else(|| Error::new(ErrorKind::InvalidRequest, "The form lacks logout_token."))?;
    let over = app.connectors.over(connector, &token, &caller).await?;
    for session in &over.sessions {
        if let Some(live) = app.sessions.look_up(*session).await? {
            app.accounts.end_session(live.user.id, *session, Doer::stranger(&caller)).await?;
        }
    }
    // Last, so that a token whose work failed half-way may come once more. Of two that came at once, one is
    // told that it was not the first.
    app.connectors.spend(over).await?;
    Ok(Response::builder().status(StatusCode::OK).header(CACHE_CONTROL, "no-store").finish())
}
