//! The connectors file: TOML, one `[[connector]]` table each, every problem of it told at once. A table
//! whose id the environment has set up already adds to that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::{Table, Value};

use super::connector::{SecretMethod, Trust};
use super::draft::Draft;
use super::known;
use crate::env::{Parsed, address, files, words};
use crate::services::vocabulary::nearest;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// Ids that stand for something else at the chat.
const RESERVED: [&str; 2] = ["success", "error"];
/// Keys that are read.
const KEYS: [&str; 29] = [
    "id",
    "kind",
    "issuer",
    "client_id",
    "client_secret",
    "client_secret_file",
    "scope",
    "label",
    "image",
    "token_endpoint_auth_method",
    "pkce",
    "authorization_url",
    "token_url",
    "api_url",
    "api_version",
    "trust_email",
    "registration",
    "allowed_domains",
    "hosted_domains",
    "organizations",
    "teams",
    "guilds",
    "tenants",
    "required_groups",
    "role_map",
    "profile",
    "upstream_logout",
    "post_logout_redirect_uri",
    "keep_tokens",
];

/// Reads the file at `path` into `drafts`; answers what is allowed but better done otherwise, as a sentence each.
///
/// # Errors
/// Every problem, as a sentence that shows no secret.
pub(super) fn read(path: &Path, drafts: &mut BTreeMap<String, Draft>) -> Result<Vec<String>, Vec<String>> {
    let (text, is_open) = files::text(path, LARGEST).map_err(|words| vec![format!("it {words}")])?;
    // The parser's own words quote the line, which may hold a secret.
    let document: Table = toml::from_str(&text).map_err(|_| vec!["it is not TOML.".to_owned()])?;
    let mut file = Reading { path, is_open, ids: BTreeSet::new(), problems: Vec::new(), warnings: Vec::new() };
    for (key, value) in document {
        match (key.as_str(), value) {
            ("connector", Value::Array(tables)) => {
                for (place, table) in tables.into_iter().enumerate() {
                    file.connector(table, place + 1, drafts);
                }
            }
            _ => file.problems.push("only [[connector]] tables are known here.".to_owned()),
        }
    }
    if file.problems.is_empty() { Ok(file.warnings) } else { Err(file.problems) }
}

/// One reading of the file.
struct Reading<'a> {
    path: &'a Path,
    /// Whether every user of the machine can read it.
    is_open: bool,
    /// The ids of the tables so far.
    ids: BTreeSet<String>,
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Reading<'_> {
    fn connector(&mut self, table: Value, number: usize, drafts: &mut BTreeMap<String, Draft>) {
        let Value::Table(table) = table else {
            self.problems.push(format!("connector number {number}: must be a table."));
            return;
        };
        let id = table.get("id").and_then(Value::as_str).unwrap_or_default();
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if id.is_empty() || id.len() > 40 || !id.bytes().all(is_plain) || RESERVED.contains(&id) {
            self.problems.push(format!(
                "connector number {number}: id: lacks, is taken for something else, or holds other characters than a to z, digits, - and _."
            ));
            return;
        }
        if !self.ids.insert(id.to_owned()) {
            self.problems
                .push(format!("connector \"{id}\": id: stands above two tables; write one of all their keys."));
            return;
        }
        let mut keys = Keys { id, table: &table, file: self };
        keys.refuse_unknown();
        keys.fill(drafts.entry(id.to_owned()).or_default());
    }
}

/// The keys of one table.
pub(super) struct Keys<'a, 'f> {
    id: &'a str,
    pub(super) table: &'a Table,
    file: &'a mut Reading<'f>,
}

impl Keys<'_, '_> {
    pub(super) fn problem(&mut self, key: &str, words: &str) {
        self.file.problems.push(format!("connector \"{}\": {key}: {words}", self.id));
    }

    fn refuse_unknown(&mut self) {
        for key in self.table.keys() {
            if !KEYS.contains(&key.as_str()) {
                let hint = nearest(key, &KEYS).map_or(String::new(), |near| format!(" Perhaps `{near}` is meant."));
                self.problem(&key.escape_debug().to_string(), &format!("is not known.{hint}"));
            }
        }
    }

    fn fill(&mut self, draft: &mut Draft) {
        if let Some(kind) = self.kind() {
            draft.known = Some(kind);
        }
        let is_web = |text: &str| address::web(text).map(|_| text.to_owned());
        put(&mut draft.issuer, self.text("issuer", |text| Ok(text.to_owned())));
        put(&mut draft.client_id, self.text("client_id", |text| words::line(text, 500)));
        put(&mut draft.client_secret, self.secret());
        put(&mut draft.label, self.text("label", |text| words::line(text, 60)));
        put(&mut draft.image, self.text("image", is_web));
        put(&mut draft.authorization_url, self.text("authorization_url", is_web));
        put(&mut draft.token_url, self.text("token_url", is_web));
        put(&mut draft.api_url, self.text("api_url", is_web));
        put(&mut draft.api_version, self.text("api_version", |text| words::line(text, 20)));
        let scope = self.text("scope", |text| Ok(text.split_ascii_whitespace().map(str::to_owned).collect()));
        put(&mut draft.scope, scope);
        let methods = [
            ("client_secret_basic", Some(SecretMethod::Basic)),
            ("client_secret_post", Some(SecretMethod::Post)),
            ("none", None),
        ];
        if let Some(method) = self.text("token_endpoint_auth_method", |text| words::choice(text, &methods)) {
            (draft.method, draft.is_public) = (method, method.is_none());
        }
        let trusts = [("never", Trust::Never), ("claimed", Trust::Claimed), ("always", Trust::Always)];
        put(&mut draft.trust, self.text("trust_email", |text| words::choice(text, &trusts)));
        put(&mut draft.pkce, self.boolean("pkce"));
        let refreshes = [("first", false), ("always", true)];
        if let Some(refreshes) = self.text("profile", |text| words::choice(text, &refreshes)) {
            draft.refreshes = refreshes;
        }
        self.signing_out(draft);
        put(&mut draft.registration, self.boolean("registration"));
        put(&mut draft.allowed_domains, self.domains("allowed_domains"));
        if let Some(domains) = self.domains("hosted_domains") {
            draft.hosted_domains = domains;
        }
        self.admission(&mut draft.admission);
        self.mapping(&mut draft.mapping);
    }

    /// The kind that is written, else the one that the id names.
    fn kind(&mut self) -> Option<&'static known::Known> {
        match self.text("kind", |text| Ok(text.to_owned())) {
            Some(kind) => {
                let found = known::named(&kind);
                if found.is_none() {
                    self.problem("kind", "is none of google, github, discord, facebook, apple, openid.");
                }
                found
            }
            None => known::named(self.id),
        }
    }

    pub(super) fn text<T>(&mut self, key: &str, read: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        let Some(text) = self.table.get(key)?.as_str() else {
            self.problem(key, "must be text.");
            return None;
        };
        read(text).map_err(|fault| self.problem(key, &fault.to_string())).ok()
    }

    pub(super) fn boolean(&mut self, key: &str) -> Option<bool> {
        let value = self.table.get(key)?.as_bool();
        if value.is_none() {
            self.problem(key, "must be true or false.");
        }
        value
    }

    /// The secret, or that of the file that is named, which may stand beside this one.
    fn secret(&mut self) -> Option<SecretString> {
        let inline = self.text("client_secret", |text| Ok(SecretString::from(text)));
        if inline.is_some() && self.file.is_open {
            self.warn("client_secret", self.file.path.to_owned());
        }
        let Some(file) = self.text("client_secret_file", |text| Ok(text.to_owned())) else { return inline };
        let file = self.file.path.parent().unwrap_or(Path::new("")).join(file);
        match files::text(&file, LARGEST) {
            Ok((text, is_open)) if inline.is_none() && !text.trim().is_empty() => {
                if is_open {
                    self.warn("client_secret_file", file);
                }
                Some(text.trim_end_matches(['\r', '\n']).into())
            }
            Ok(_) => {
                self.problem("client_secret_file", "names an empty file, or stands beside client_secret.");
                None
            }
            Err(words) => {
                self.problem("client_secret_file", &format!("names a file that {words}"));
                None
            }
        }
    }

    fn warn(&mut self, key: &str, open: PathBuf) {
        let open = open.display();
        let words = format!("{open} can be read by every user of the machine.");
        self.file.warnings.push(format!("connector \"{}\": {key}: {words}", self.id));
    }
}

pub(super) fn put<T>(place: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *place = given;
    }
}
