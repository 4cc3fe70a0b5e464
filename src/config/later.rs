//! Our own names that a later release honours: known, so never taken for misspelt, and said when set.

use crate::env::Env;

/// Name, the value that is in force already, and what holds instead of another.
const LATER: &[(&str, &str, &str)] = &[
    ("POSTERN_TLS", "off", "it answers plain http"),
    ("POSTERN_TLS_CERTIFICATE", "", "it answers plain http"),
    ("POSTERN_TLS_KEY", "", "it answers plain http"),
    ("POSTERN_TLS_KEY_FILE", "", "it answers plain http"),
    ("POSTERN_PROXY_PROTOCOL", "false", "connections are taken as they are"),
    ("POSTERN_CA_FILE", "", "nothing is fetched from elsewhere yet"),
    ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "", "nothing is fetched from elsewhere yet"),
    ("POSTERN_OUTBOUND_TIMEOUT", "", "nothing is fetched from elsewhere yet"),
    ("POSTERN_REGISTRATION_MODE", "open", "sign-up is open to everybody while ALLOW_REGISTRATION is true"),
    ("POSTERN_DISPOSABLE_DOMAINS_FILE", "none", "every domain may sign up"),
    ("POSTERN_OPENID_REGISTRATION", "", "there are no connectors yet"),
    ("POSTERN_ENCRYPTION_KEY_PREVIOUS", "", "only POSTERN_ENCRYPTION_KEY opens what was sealed"),
    ("POSTERN_ENCRYPTION_KEY_PREVIOUS_FILE", "", "only POSTERN_ENCRYPTION_KEY opens what was sealed"),
    ("POSTERN_ACCESS_TOKEN_LIFETIME", "", "there is no OpenID provider yet"),
    ("POSTERN_ID_TOKEN_LIFETIME", "", "there is no OpenID provider yet"),
    ("POSTERN_CODE_LIFETIME", "", "there is no OpenID provider yet"),
    ("POSTERN_SIGNING_KEY_ROTATION", "", "there is no OpenID provider yet"),
    ("POSTERN_DYNAMIC_REGISTRATION", "off", "there is no OpenID provider yet"),
    ("POSTERN_CLIENT_METADATA_DOCUMENTS", "false", "there is no OpenID provider yet"),
    ("POSTERN_CONNECTORS_FILE", "", "there are no connectors yet"),
    ("POSTERN_RULES_FILE", "", "there is no forward-auth yet"),
    ("POSTERN_LINK_LIFETIME", "", "no links are mailed yet"),
    ("POSTERN_INVITE_LIFETIME", "", "there are no invitations yet"),
    ("POSTERN_SCORE_WINDOW", "", "nothing is scored yet"),
    ("POSTERN_BAN_EXEMPT", "", "no address is banned yet"),
    ("POSTERN_CHALLENGE", "off", "nobody is asked for proof of work yet"),
    ("POSTERN_REDIS_SENTINEL", "", "Redis is not used yet"),
    ("POSTERN_LOCALE", "en", "pages are in English"),
];

/// Warns of each that is set, and refuses every other name that looks like one of ours.
pub(super) fn note(env: &mut Env) {
    for (name, already, instead) in LATER {
        if env.is_set(name) && !env.says(name, already) {
            env.warn(name, format!("known, but not in force in this release: {instead}."));
        }
    }
    let names: Vec<_> = LATER.iter().map(|(name, ..)| *name).collect();
    env.refuse_unknown("POSTERN_", &names);
}
