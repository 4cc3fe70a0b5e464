//! What the id and the secret of a connector look like: people paste what stands beside them.

use secrecy::ExposeSecret;

use super::super::report::Check;
use crate::services::connectors::Connector;

/// Whether id and secret have the form that the provider gives them.
pub(super) fn check(connector: &Connector) -> Check {
    const NAME: &str = "form";
    let name = connector.known.name;
    let secret = connector.client_secret.as_ref().map_or("", |secret| secret.expose_secret());
    match odd(connector, &connector.client_id, secret) {
        Some((seen, remedy)) => Check::fails(NAME, seen, remedy),
        None if connector.client_secret.is_none() && connector.signer.is_none() => {
            Check::ok(NAME, format!("there is no secret at {name}: PKCE alone proves who we are."))
        }
        None => Check::ok(NAME, format!("the id and what proves it look like those that {name} gives.")),
    }
}

type Odd = Option<(&'static str, &'static str)>;

/// What is wrong, and what to do. Nothing of a secret is shown.
fn odd(connector: &Connector, id: &str, secret: &str) -> Odd {
    let has_blanks = |text: &str| text.contains(char::is_whitespace) || text.starts_with('"') || text.starts_with('\'');
    if connector.known.kind != "openid" && (has_blanks(id) || has_blanks(secret)) {
        return Some(("the id or the secret holds blanks or quotes.", "Copy them once more, alone."));
    }
    if is_microsofts(connector) {
        return of_microsoft(id, secret);
    }
    // What runs at an address of its own has ids of its own.
    if !connector.is_at_home() {
        return None;
    }
    match connector.known.kind {
        "google" if !id.ends_with(".apps.googleusercontent.com") => Some((
            "the client id does not end in .apps.googleusercontent.com.",
            "Copy the Client ID of the OAuth client, a Web application; not a project's or a service account's.",
        )),
        "github" => of_github(id, secret),
        "discord" => of_discord(id, secret),
        "facebook" => of_facebook(id, secret),
        "apple" => connector.signer.as_ref().and_then(|signer| of_apple(id, signer.team(), signer.key_id())),
        _ => None,
    }
}

fn of_github(id: &str, secret: &str) -> Odd {
    if is_digits(id) {
        let remedy = "Copy the Client ID, which begins with Ov or Iv; the number is the App ID, and no client's.";
        return Some(("the client id is a number.", remedy));
    }
    let is_hex = secret.len() == 40 && is_hex(secret);
    (!is_hex).then_some((
        "the secret is not 40 digits of hex.",
        "Generate a new client secret and copy that: not a webhook's, a token, or the app's private key.",
    ))
}

fn of_discord(id: &str, secret: &str) -> Odd {
    if !is_digits(id) {
        return Some(("the client id is no number.", "Copy the Client ID from the page OAuth2."));
    }
    if secret.contains('.') {
        return Some((
            "the secret is a bot's token.",
            "Copy the Client Secret from the page OAuth2; Postern needs no bot.",
        ));
    }
    (secret.len() == 64 && is_hex(secret))
        .then_some(("the secret is the application's public key.", "Copy the Client Secret from the page OAuth2."))
}

fn of_facebook(id: &str, secret: &str) -> Odd {
    if !is_digits(id) {
        return Some(("the app id is no number.", "Copy the App ID from App settings, Basic."));
    }
    (secret.len() != 32 || !is_hex(secret)).then_some((
        "the app secret is not 32 digits of hex.",
        "Copy the App secret from App settings, Basic: not a client token or an access token.",
    ))
}

fn of_microsoft(id: &str, secret: &str) -> Odd {
    if !is_guid(id) {
        return Some(("the client id is no GUID.", "Copy the Application (client) ID from the overview of the app."));
    }
    is_guid(secret).then_some((
        "the secret is the Secret ID.",
        "Copy what stands under Value beside it; it is shown once, so make a new secret if it is gone.",
    ))
}

fn of_apple(id: &str, team: &str, key: &str) -> Odd {
    let is_short = |text: &str| text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !id.contains('.') {
        return Some((
            "the client id is no Services ID.",
            "Copy the Identifier of the Services ID, such as com.example.chat.web.",
        ));
    }
    (!is_short(team) || !is_short(key)).then_some((
        "the team or the key id is not 10 letters and digits.",
        "Copy the Team ID from Membership details, and the Key ID from the page of the key.",
    ))
}

fn is_microsofts(connector: &Connector) -> bool {
    connector.document().is_some_and(|address| address.starts_with("https://login.microsoftonline."))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.split('-').all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_an_id_or_a_secret_is_told_from_it() {
        let (hex40, hex32) = ("0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef");
        let guid = "11111111-2222-4333-8444-555555555555";
        for (found, word) in [
            (of_github("Ov23liExample0client", hex40), None),
            (of_github("Iv1.0123456789abcdef", hex40), None),
            (of_github("123456", hex40), Some("is a number")),
            (of_github("Ov23liExample0client", "-----BEGIN RSA PRIVATE KEY-----"), Some("not 40 digits")),
            (of_discord("197038439483310086", "abc-DEF_123"), None),
            (of_discord("postern", "abc"), Some("no number")),
            (of_discord("1", "MTk3.abc.def"), Some("bot's token")),
            (of_discord("1", &format!("{hex32}{hex32}")), Some("public key")),
            (of_facebook("1234567890", hex32), None),
            (of_facebook("1234567890", "1234567890|abc"), Some("not 32 digits")),
            (of_microsoft(guid, "abc8Q~example"), None),
            (of_microsoft(guid, guid), Some("Secret ID")),
            (of_microsoft("postern", "abc"), Some("no GUID")),
            (of_apple("com.example.chat.web", "DEF123GHIJ", "ABC123DEFG"), None),
            (of_apple("postern", "DEF123GHIJ", "ABC123DEFG"), Some("no Services ID")),
            (of_apple("com.example.chat.web", "DEF123GHIJ", "AuthKey_ABC123DEFG"), Some("not 10 letters")),
        ] {
            assert_eq!(found.is_some(), word.is_some(), "{found:?} {word:?}");
            assert!(found.is_none_or(|(seen, _)| seen.contains(word.unwrap_or_default())), "{found:?}");
        }
    }
}
