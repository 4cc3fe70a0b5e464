//! `postern doctor connector`: walks what a sign-in at another provider needs, as Postern itself goes there,
//! and names the hop that fails.

mod form;

use serde_json::Value;
use url::{Host, Url};

use super::clock::clock;
use super::report::{Check, Report};
use crate::app::App;
use crate::env::address::is_loopback;
use crate::services::connectors::{Connector, Credentials, Provider, Seen};

/// Every hop in the order of a sign-in.
pub(super) async fn examine(app: &App, connector: &Connector) -> Report {
    let mut report = Report::default();
    report.add(callback(&app.connectors.callback(connector), connector));
    report.add(form::check(connector));
    let is_there = match connector.document() {
        Some(address) => described(app, connector, &address, &mut report).await,
        None => reached(app, connector, &mut report).await,
    };
    report.add(match is_there {
        true => credentials(app, connector).await,
        false => Check::skipped("exchange", "the provider cannot be asked."),
    });
    report
}

/// Whether people can come back.
fn callback(address: &str, connector: &Connector) -> Check {
    const NAME: &str = "callback";
    let (name, kind) = (connector.known.name, connector.known.kind);
    let Ok(url) = Url::parse(address) else {
        return Check::fails(NAME, format!("{address} is no address."), "Correct POSTERN_URL.");
    };
    let https = "Let a proxy or Postern itself speak https, and write that address into POSTERN_URL.";
    if url.scheme() != "https" && (!is_loopback(&url) || kind == "apple") {
        return Check::fails(NAME, format!("{address} is plain http, and {name} sends nobody back there."), https);
    }
    let is_number = !matches!(url.host(), Some(Host::Domain(_))) && !is_loopback(&url);
    if (kind == "apple" && is_loopback(&url)) || (matches!(kind, "apple" | "google") && is_number) {
        let seen = format!("{address} has no domain, and {name} takes no other.");
        return Check::fails(NAME, seen, "Write an address with a domain into POSTERN_URL.");
    }
    Check::ok(NAME, format!("register {address} at {name}, letter by letter."))
}

/// Whether a provider that says what it is says it, and says that it is the one that is meant.
async fn described(app: &App, connector: &Connector, address: &str, report: &mut Report) -> bool {
    let seen = app.connectors.look(address).await;
    let (check, document) = discovery(address, &seen);
    report.add(check);
    let Some(document) = document else { return false };
    report.add(clock_of(connector, &seen));
    let provider = match connector.described_by(document) {
        Ok(provider) => provider,
        Err(error) => {
            let why = error.cause().map_or_else(|| error.to_string(), ToString::to_string);
            let remedy = "Write the issuer as the document's \"issuer\" has it; a slash at the end does not matter.";
            report.add(Check::fails("issuer", format!("{address}: {why}."), remedy));
            return false;
        }
    };
    report.add(Check::ok("issuer", format!("the document speaks for {}.", provider.issuer)));
    let check = keys(app, connector, &provider).await;
    report.add(check)
}

fn discovery(address: &str, seen: &Seen) -> (Check, Option<Value>) {
    const NAME: &str = "discovery";
    let answer = match &seen.answer {
        Ok(answer) => answer,
        Err(why) => return (unreachable(NAME, address, why), None),
    };
    if answer.status != 200 {
        let remedy = "Correct the issuer: it is what stands before /.well-known/openid-configuration in the address of the \
                      provider's document, which answers in a browser.";
        return (Check::fails(NAME, format!("{address} answers with {}.", answer.status), remedy), None);
    }
    match serde_json::from_slice(&answer.body) {
        Ok(document) => (Check::ok(NAME, format!("{address} answers.")), Some(document)),
        Err(_) => {
            let seen = format!("{address} answers with something that is no JSON.");
            (Check::fails(NAME, seen, "Correct the issuer: a page answers there, and no provider."), None)
        }
    }
}

async fn keys(app: &App, connector: &Connector, provider: &Provider) -> Check {
    const NAME: &str = "keys";
    let address = provider.jwks_url.as_deref().unwrap_or_default();
    match app.connectors.count_keys(connector, provider).await {
        Err(why) => unreachable(NAME, address, &why),
        Ok(0) => {
            let remedy = "Let the provider publish an RSA key of 2048 bits or more, or an elliptic one: a shared secret \
                          (HS256) signs nothing here.";
            Check::fails(NAME, format!("{address} holds no key that may sign what it says."), remedy)
        }
        Ok(count) => Check::ok(NAME, format!("{address} holds {count}.")),
    }
}

/// Whether a provider that is known by an API can be called at all.
async fn reached(app: &App, connector: &Connector, report: &mut Report) -> bool {
    const NAME: &str = "reach";
    let address = connector.api().unwrap_or_default();
    let seen = app.connectors.look(address).await;
    let check = match &seen.answer {
        Err(why) => unreachable(NAME, address, why),
        Ok(answer) if answer.status >= 500 => {
            Check::fails(NAME, format!("{address} answers with {}.", answer.status), "Try again later.")
        }
        // Without a token it refuses, and that is an answer.
        Ok(_) => Check::ok(NAME, format!("{address} answers.")),
    };
    let is_ok = report.add(check);
    if is_ok {
        report.add(clock_of(connector, &seen));
    }
    is_ok
}

fn clock_of(connector: &Connector, seen: &Seen) -> Check {
    let most = i64::try_from(connector.clock_tolerance.as_millis()).unwrap_or(i64::MAX);
    clock("the provider", seen.date.as_deref().unwrap_or_default(), seen.asked, seen.answered, most)
}

/// Whether the provider knows who we say we are.
async fn credentials(app: &App, connector: &Connector) -> Check {
    const NAME: &str = "exchange";
    let name = connector.known.name;
    match app.connectors.try_credentials(connector).await {
        Ok(Credentials::Taken) => Check::ok(NAME, format!("{name} takes the client id and what proves it.")),
        Ok(Credentials::Refused(words)) => {
            let remedy =
                "Compare the client id and the secret with those at the provider; an old secret may have expired.";
            Check::fails(NAME, format!("{name} does not take the client id or its secret: {words}."), remedy)
        }
        Ok(Credentials::CallbackUnknown) => {
            let seen = format!("{name} does not know our callback address.");
            Check::fails(NAME, seen, "Register the address that stands above, letter by letter.")
        }
        Ok(Credentials::Unclear(words)) => {
            Check::skipped(NAME, format!("whether {name} takes the client id does not show by its answer: {words}."))
        }
        Err(why) if why.contains("its secret was not") => {
            let remedy = "Make a new secret at the provider and set that, if the change is yours.";
            Check::fails(NAME, "the issuer or its hosts have changed since the secret was set.", remedy)
        }
        Err(why) => unreachable(NAME, "the token endpoint", &why),
    }
}

/// What a call that came to nothing calls for.
fn unreachable(name: &'static str, address: &str, why: &str) -> Check {
    let remedies = [
        ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "Name the network there if the provider is yours."),
        ("UnknownIssuer", "Name the authority of its certificate in POSTERN_CA_FILE."),
        (
            "certificate",
            "See that the provider's certificate is for this host and has not expired, or correct the address.",
        ),
        ("lookup", "The name has no address here: correct it, or see that this machine reaches a name server."),
        ("timed out", "See that no firewall stands between; where only a proxy leads outside, name it in HTTPS_PROXY."),
        ("it answers", "See in a browser what answers at that address."),
    ];
    let remedy = remedies.into_iter().find(|(sign, _)| why.contains(sign));
    let usual = "See that the provider is up and that this machine may call it; where only a proxy leads outside, name it in \
                 HTTPS_PROXY.";
    Check::fails(name, format!("{address}: {}.", why.trim_end_matches('.')), remedy.map_or(usual, |(_, remedy)| remedy))
}
