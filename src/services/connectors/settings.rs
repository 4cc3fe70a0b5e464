//! Settings of the providers that let people in, by the chat's names.

mod apple;
mod callback;
mod openid;
mod signing_out;

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;

use super::connector::Connector;
use super::draft::Draft;
use super::file;
use super::known::{self, Known};
use crate::env::{Absent, Env, Fault, address, files, words};
use callback::path;

const FILE: &str = "POSTERN_CONNECTORS_FILE";
const SOCIAL_LOGIN: &str = "ALLOW_SOCIAL_LOGIN";

/// Which providers let people in.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Each of them, in the order of their buttons; none while `ALLOW_SOCIAL_LOGIN` is off.
    pub list: Vec<Connector>,
    /// Whether the sign-in page leads straight to the OpenID provider of the environment.
    pub straight: bool,
}

/// The chat's names for one provider: id, secret, callback, with what each is.
struct Names {
    kind: &'static str,
    id: (&'static str, &'static str),
    secret: (&'static str, &'static str),
    callback: (&'static str, &'static str),
}

const OPENID: Names = Names {
    kind: "openid",
    id: ("OPENID_CLIENT_ID", "Our id at an OpenID provider."),
    secret: ("OPENID_CLIENT_SECRET", "Our secret there."),
    callback: ("OPENID_CALLBACK_URL", "Path where people come back from there."),
};

const NAMES: [Names; 4] = [
    Names {
        kind: "google",
        id: ("GOOGLE_CLIENT_ID", "Our id at Google."),
        secret: ("GOOGLE_CLIENT_SECRET", "Our secret there."),
        callback: ("GOOGLE_CALLBACK_URL", "Path where people come back from there."),
    },
    Names {
        kind: "github",
        id: ("GITHUB_CLIENT_ID", "Our id at GitHub."),
        secret: ("GITHUB_CLIENT_SECRET", "Our secret there."),
        callback: ("GITHUB_CALLBACK_URL", "Path where people come back from there."),
    },
    Names {
        kind: "discord",
        id: ("DISCORD_CLIENT_ID", "Our id at Discord."),
        secret: ("DISCORD_CLIENT_SECRET", "Our secret there."),
        callback: ("DISCORD_CALLBACK_URL", "Path where people come back from there."),
    },
    Names {
        kind: "facebook",
        id: ("FACEBOOK_CLIENT_ID", "Our id at Facebook."),
        secret: ("FACEBOOK_CLIENT_SECRET", "Our secret there."),
        callback: ("FACEBOOK_CALLBACK_URL", "Path where people come back from there."),
    },
];

impl Settings {
    /// Reads them; `url` is the public address, if it can be read.
    pub fn read(env: &mut Env, url: Option<&Url>) -> Option<Self> {
        let is_on = env.or(SOCIAL_LOGIN, "false", "Signing in through other providers.", words::boolean);
        let registration = env.or(
            "ALLOW_SOCIAL_REGISTRATION",
            "false",
            "Whether a first sign-in through Google, GitHub, Discord, Facebook or Apple makes an account.",
            words::boolean,
        );
        let by_openid = env.or(
            "POSTERN_OPENID_REGISTRATION",
            "true",
            "Whether a first sign-in through an OpenID provider makes an account.",
            words::boolean,
        );
        let before = env.problems().len();
        let mut drafts = BTreeMap::new();
        let openid::Read { draft, straight, roles } = openid::read(env, url);
        drafts.extend(draft.map(|draft| ("openid".to_owned(), draft)));
        for names in &NAMES {
            if let Some(draft) = one(env, names, url) {
                drafts.insert(names.kind.to_owned(), draft);
            }
        }
        github_enterprise(env, &mut drafts);
        if let Some(draft) = apple::read(env, url) {
            drafts.insert("apple".to_owned(), draft);
        }
        let path = env.optional(
            FILE,
            "",
            "Further providers, and more about those above, in a file (TOML); deploy/connectors.example.toml explains every key.",
            files::existing,
        );
        add_file(env, path.flatten().as_ref(), &mut drafts);
        if let Some(draft) = drafts.get_mut("openid") {
            roles.onto(draft);
        } else if roles.keep_somebody_out() {
            env.warn("OPENID_REQUIRED_ROLE", "says nothing: no provider is called openid.");
        }
        let (is_on, registration, by_openid, straight) = (is_on?, registration?, by_openid?, straight?);
        let may_register = |known: &Known| if known.kind == "openid" { by_openid } else { registration };
        let list = finish(env, drafts, may_register);
        if !is_on {
            env.forgive(before);
        }
        if !is_on && !list.is_empty() {
            env.warn(SOCIAL_LOGIN, "not true, so no other provider lets anybody in although some are set up.");
        }
        Some(Self { list: if is_on { list } else { Vec::new() }, straight })
    }
}

/// Every connector that is whole, in the order of the buttons: by kind, then by id.
fn finish(env: &mut Env, drafts: BTreeMap<String, Draft>, may_register: impl Fn(&Known) -> bool) -> Vec<Connector> {
    let mut list = Vec::new();
    for (id, draft) in drafts {
        match draft.finish(&id, &may_register) {
            Ok(connector) => list.push(connector),
            Err(problems) => problems.iter().for_each(|problem| tell(env, &format!("connector \"{id}\": {problem}"))),
        }
    }
    refuse_shared_callbacks(env, &list);
    list.sort_by_key(|connector| known::ALL.iter().position(|known| known.kind == connector.known.kind));
    list
}

/// Who comes back by one path comes from one provider (SEC-096).
fn refuse_shared_callbacks(env: &mut Env, list: &[Connector]) {
    let mut known = BTreeMap::new();
    for connector in list {
        if let Some(other) = known.insert(connector.callback.as_str(), connector.id.as_str()) {
            let wrong = format!("gives the connectors \"{other}\" and \"{}\" one callback path", connector.id);
            let setting = format!("{}_CALLBACK_URL", connector.id.to_uppercase());
            env.problem(&setting, Fault::new(wrong, "Take it out, or name a path of its own for each"));
        }
    }
}

fn add_file(env: &mut Env, path: Option<&PathBuf>, drafts: &mut BTreeMap<String, Draft>) {
    let Some(path) = path else { return };
    match file::read(path, drafts) {
        Ok(warnings) => warnings.into_iter().for_each(|warning| env.warn(FILE, warning)),
        Err(problems) => problems.iter().for_each(|problem| tell(env, problem)),
    }
}

fn tell(env: &mut Env, problem: &str) {
    let wrong = format!("cannot be taken: {}", problem.trim_end_matches('.'));
    env.problem(FILE, Fault::new(wrong, "Correct the file"));
}

/// Id and secret of one provider: both or neither. LibreChat passes over half of them in silence.
fn one(env: &mut Env, names: &Names, url: Option<&Url>) -> Option<Draft> {
    let Names { kind, id, secret, callback } = names;
    let client_id = env.optional(id.0, "", id.1, |text| words::line(text, 500));
    let client_secret = env.secret(secret.0, Absent::Words(""), secret.1);
    let default = match *kind {
        "google" => "/oauth/google/callback",
        "github" => "/oauth/github/callback",
        "discord" => "/oauth/discord/callback",
        "facebook" => "/oauth/facebook/callback",
        _ => "/oauth/openid/callback",
    };
    let callback = env.or(callback.0, default, callback.1, |text| path(text, url));
    let (client_id, client_secret, callback) = (client_id?, client_secret?, callback?);
    let is_public = *kind == "openid" && env.says("OPENID_USE_PKCE", "true");
    match (&client_id, &client_secret) {
        (Some(_), None) if !is_public => lacks(env, id.0, secret.0),
        (None, Some(_)) => lacks(env, secret.0, id.0),
        _ => {}
    }
    client_id.as_ref()?;
    if *kind == "facebook" {
        warn_of_plain_http(env, id.0, "Facebook", url);
    }
    let known = known::named(kind);
    Some(Draft { known, client_id, client_secret, is_public, callback: Some(callback), ..Draft::default() })
}

/// Some take no callback that only one machine, or everybody on the way, can read.
fn warn_of_plain_http(env: &mut Env, setting: &str, name: &str, url: Option<&Url>) {
    if url.is_some_and(|url| url.scheme() != "https" || url.host_str() == Some("localhost")) {
        let words = format!("is set, but {name} sends nobody back to an address on plain http or on localhost.");
        env.warn(setting, words);
    }
}

fn lacks(env: &mut Env, given: &str, lacking: &str) {
    let wrong = format!("is set, but {lacking} is not");
    env.problem(given, Fault::new(wrong, format!("Set {lacking} too, or take {given} out")));
}

/// GitHub Enterprise Server has GitHub's addresses on a host of its own, and verifies no addresses.
fn github_enterprise(env: &mut Env, drafts: &mut BTreeMap<String, Draft>) {
    let about = "GitHub Enterprise Server in the place of github.com.";
    let base = env.optional("GITHUB_ENTERPRISE_BASE_URL", "github.com", about, address::base).flatten();
    if let (Some(base), Some(draft)) = (base, drafts.get_mut("github")) {
        let base = base.as_str().trim_end_matches('/');
        draft.issuer = Some(format!("{base}/login/oauth"));
        draft.authorization_url = Some(format!("{base}/login/oauth/authorize"));
        draft.token_url = Some(format!("{base}/login/oauth/access_token"));
        draft.api_url = Some(format!("{base}/api/v3"));
    }
}
