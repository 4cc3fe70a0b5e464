//! Our own names that a later release honours: known, so never taken for misspelt, and said when set.

use crate::env::{Env, Fault};

/// Name, the value that is in force already, and what holds instead of another.
const LATER: &[(&str, &str, &str)] = &[
    ("POSTERN_DISPOSABLE_DOMAINS_FILE", "none", "every domain may sign up"),
    ("POSTERN_RULES_FILE", "", "there is no forward-auth yet"),
    ("POSTERN_LINK_LIFETIME", "", "no links are mailed yet"),
    ("POSTERN_INVITE_LIFETIME", "", "there are no invitations yet"),
    ("POSTERN_SCORE_WINDOW", "", "nothing is scored yet"),
    ("POSTERN_BAN_EXEMPT", "", "no address is banned yet"),
    ("POSTERN_CHALLENGE", "off", "nobody is asked for proof of work yet"),
    ("POSTERN_REDIS_SENTINEL", "", "Redis is not used yet"),
    ("POSTERN_LOCALE", "en", "pages are in English"),
];

/// Names whose wish must not be passed over: going on without would leave open what the operator
/// wanted closed. Name, the value that is in force already, what to do instead.
const NEEDED: &[(&str, &str, &str)] = &[
    ("POSTERN_PROXY_PROTOCOL", "false", "Leave it out, and let the proxy send X-Forwarded-For"),
    ("POSTERN_REGISTRATION_MODE", "open", "Write open, or ALLOW_REGISTRATION=false to close sign-up"),
];

/// Warns of each that is set, refuses what is needed and lacks, and every other name that looks like one of ours.
pub(super) fn note(env: &mut Env) {
    for (name, already, instead) in LATER {
        if env.is_set(name) && !env.says(name, already) {
            env.warn(name, format!("known, but not in force in this release: {instead}."));
        }
    }
    for (name, already, right) in NEEDED {
        if env.is_set(name) && !env.says(name, already) {
            env.problem(name, Fault::new("is known, but not built into this release", *right));
        }
    }
    let names: Vec<_> = LATER.iter().chain(NEEDED).map(|(name, ..)| *name).collect();
    env.refuse_unknown("POSTERN_", &names);
}
