//! Authorization codes as a person's browser gets them, without the pages.

use entity::{ClientId, Names};
use postern::app::App;
use postern::services::grants::{AuthorizationRequest, ClaimsRequest, Prompt, ResponseMode};
use postern::services::sessions::{Entry, Holder, Live};
use postern::services::users::User;

use super::seed::{caller, people};
use crate::Result;
use crate::party::{CHALLENGE, REDIRECT};

/// Makes `count` codes for `client`, each in a session of its own. `codes` then has a line for each:
/// address, code.
///
/// # Errors
/// When the database does not take them.
pub async fn run(client: &str, count: usize) -> Result<()> {
    let client = ClientId::new(client);
    people(count, "codes", move |app, user| {
        let client = client.clone();
        Box::pin(async move { code(app, user, client).await })
    })
    .await
}

async fn code(app: &App, user: &User, client: ClientId) -> Result<String> {
    let entry = Entry { user: user.id, amr: Names::new(["pwd"]), provider: "local".into() };
    let sessions = app.sessions.clone();
    let started = app
        .database
        .write(move |tx| Box::pin(async move { sessions.start(tx, entry, &caller(), Holder::Browser).await }));
    let (session, _) = started.await?;
    let live = Live { session, user: user.clone(), banned: false };
    let issued = app.grants.issue_code(&request(client), &live, None, &caller()).await?;
    Ok(format!("{} {}", user.email, issued.ok_or("no code")?.expose()))
}

fn request(client_id: ClientId) -> AuthorizationRequest {
    AuthorizationRequest {
        client_id,
        redirect_uri: REDIRECT.into(),
        state: None,
        response_mode: ResponseMode::Query,
        scope: ["openid", "offline_access"].map(str::to_owned).to_vec(),
        nonce: Some("a-nonce-of-this-benchmark".into()),
        challenge: Some(CHALLENGE.into()),
        prompt: Prompt::default(),
        max_age: None,
        login_hint: None,
        subject: None,
        claims: ClaimsRequest::default(),
        resources: Vec::new(),
    }
}
