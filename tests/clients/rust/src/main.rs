//! Signs up, signs in and introspects through the client that progenitor generates.

use std::collections::hash_map::RandomState;
use std::env::var;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};

use postern::{Client, types};

mod postern {
    progenitor::generate_api!(spec = "../../../openapi/openapi.json", interface = Builder);
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = var("POSTERN_URL")?;
    let email = format!("{:x}@example.com", RandomState::new().build_hasher().finish());
    let password = format!("{:x}", u128::from(RandomState::new().build_hasher().finish()) << 48);
    let nobody = Client::new(&url);

    let body = types::RegisterRequest::builder()
        .name("Ada Rust")
        .email(email.as_str())
        .password(password.as_str())
        .confirm_password(password.as_str());
    let signed_up = nobody.register().body(body).send().await?;
    assert!(!signed_up.message.is_empty());

    let body = types::LoginRequest::builder().email(email.as_str()).password(password.as_str());
    let signed_in = nobody.login().body(body).send().await?.into_inner();
    assert_eq!(signed_in.user.email, email);

    let http = reqwest::Client::builder().default_headers(client_authentication()?).build()?;
    let backend = Client::new_with_client(&url, http);
    let introspect = |token: &str| backend.introspect().body(types::IntrospectionRequest::builder().token(token.to_owned())).send();
    let live = introspect(&signed_in.token).await?.into_inner();
    assert!(live.active);
    assert_eq!(live.email.as_deref(), Some(email.as_str()));
    assert_eq!(live.sub.as_deref(), Some(signed_in.user.id.as_str()));
    assert!(!introspect("made-up").await?.active);

    let body = types::LoginRequest::builder().email(email.as_str()).password("not this one");
    match nobody.login().body(body).send().await {
        Err(progenitor::progenitor_client::Error::ErrorResponse(refused)) => assert_eq!(refused.status(), 401),
        other => return Err(format!("a wrong password gave {other:?}").into()),
    }
    println!("the Rust client signed up, signed in and introspected");
    Ok(())
}

/// `client_secret_basic` (RFC 6749 section 2.3.1): the generator knows no security schemes.
fn client_authentication() -> Result<reqwest::header::HeaderMap, Box<dyn Error>> {
    let request = reqwest::Client::new()
        .get("http://localhost")
        .basic_auth(var("INTROSPECT_CLIENT_ID")?, Some(var("INTROSPECT_CLIENT_SECRET")?))
        .build()?;
    Ok(request.headers().clone())
}
