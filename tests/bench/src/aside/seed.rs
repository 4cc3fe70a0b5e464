//! People and sessions as signing in makes them, without the hash for each.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;

use entity::Names;
use postern::app::App;
use postern::services::accounts::Doer;
use postern::services::caller::Caller;
use postern::services::sessions::{Entry, Holder};
use postern::services::users::email::Email;
use postern::services::users::{Created, NewUser, User};
use secrecy::ExposeSecret;
use tokio::task::JoinSet;

use crate::Result;

/// The password of everybody.
pub const PASSWORD: &str = "gravel tulip ferry nine";
/// How many sessions a person has.
const SESSIONS: usize = 10;
/// How much is written at once.
const AT_ONCE: usize = 64;

/// Makes `count` sessions of a tenth as many people. `seeds` then has a line for each: address,
/// session token, refresh token.
///
/// # Errors
/// When the database does not take them.
pub async fn run(count: usize) -> Result<()> {
    people(count, "seeds", |app, user| Box::pin(session(app, user))).await
}

type Making<'a> = Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>>;

/// Makes a tenth of `count` people and ten times for each what `one` makes and tells of in a line;
/// `file` then has the lines.
///
/// # Errors
/// When the database does not take them.
pub async fn people<F>(count: usize, file: &str, one: F) -> Result<()>
where
    F: for<'a> Fn(&'a App, &'a User) -> Making<'a> + Send + Sync + 'static,
{
    let app = super::app().await?;
    let hash: Arc<str> = app.hasher.hash(&PASSWORD.into()).await?.into();
    let (mut tasks, mut lines, one) = (JoinSet::new(), Vec::new(), Arc::new(one));
    for number in 0..count.div_ceil(SESSIONS) {
        if tasks.len() == AT_ONCE {
            lines.append(&mut tasks.join_next().await.ok_or("no task")???);
        }
        let (app, hash, one) = (app.clone(), Arc::clone(&hash), Arc::clone(&one));
        tasks.spawn(async move {
            let user = person(&app, number, &hash).await?;
            let mut lines = Vec::with_capacity(SESSIONS);
            for _ in 0..SESSIONS {
                lines.push(one(&app, &user).await?);
            }
            Ok::<_, crate::Fault>(lines)
        });
    }
    while let Some(done) = tasks.join_next().await {
        lines.append(&mut done??);
    }
    let mut file = std::io::BufWriter::new(std::fs::File::create(file)?);
    lines.iter().try_for_each(|line| writeln!(file, "{line}"))?;
    file.flush()?;
    Ok(app.database.clone().close().await?)
}

/// A person under an address that nobody else has, whatever was made before.
async fn person(app: &App, number: usize, hash: &str) -> Result<User> {
    let address = format!("person{:x}@example.com", u64::from_be_bytes(app.random.bytes()));
    let new = NewUser {
        email: Email::parse(&address).map_err(|error| format!("{error:?}"))?,
        email_verified: true,
        name: format!("Person {number}"),
        username: None,
        password_hash: Some(hash.to_owned()),
        roles: Names::default(),
        groups: Names::new(["staff"]),
        provider: "local".into(),
        may_be_first: true,
    };
    let Created::New(user) = app.accounts.create(new, Doer::command()).await? else {
        return Err("the address is taken".into());
    };
    Ok(*user)
}

async fn session(app: &App, user: &User) -> Result<String> {
    let entry = Entry { user: user.id, amr: Names::new(["pwd"]), provider: "local".into() };
    let (sessions, tokens) = (app.sessions.clone(), Arc::clone(&app.tokens));
    let lifetime = app.sign_in.refresh_lifetime;
    let written = app.database.write(move |tx| {
        Box::pin(async move {
            let (session, _) = sessions.start(tx, entry, &caller(), Holder::Tokens(lifetime)).await?;
            let refresh = tokens.start_family(tx, &session).await?;
            Ok((session, refresh))
        })
    });
    let (session, refresh) = written.await?;
    let token = app.tokens.session_token(&session, user)?;
    Ok(format!("{} {} {}", user.email, token.text.expose_secret(), refresh.expose_secret()))
}

/// Somebody with an everyday browser.
pub fn caller() -> Caller {
    Caller {
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
        request_id: "BNCH-BNCH-BNCH".into(),
    }
}
