//! The chat's own names: those that a later release honours, and those that are not for us.

use serde::Serialize;

use crate::env::Env;

/// What a group is about, and its names. One `*` in a name stands for anything.
type Names = (&'static str, &'static str);

/// Not for us, and not worth a word: they tell the chat how to use an OpenID provider.
const SILENT: &str = "OPENID_REUSE_TOKENS OPENID_REUSE_MAX_SESSION_AGE_MS OPENID_REFRESH_AUDIENCE \
                      OPENID_SESSION_SECRET OPENID_GENERATE_NONCE";

/// Known, and not in force in this release.
const LATER: &[Names] = &[
    (
        "SAML, LDAP, Microsoft Graph",
        "SAML_* LDAP_* OPENID_ON_BEHALF_FLOW_* OPENID_GRAPH_SCOPES USE_ENTRA_ID_FOR_PEOPLE_SEARCH \
         ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS",
    ),
    (
        "signing in with other providers",
        "ALLOW_SOCIAL_LOGIN ALLOW_SOCIAL_REGISTRATION GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET \
         GOOGLE_CALLBACK_URL GITHUB_CLIENT_* GITHUB_CALLBACK_URL GITHUB_ENTERPRISE_* DISCORD_CLIENT_* \
         DISCORD_CALLBACK_URL FACEBOOK_CLIENT_* FACEBOOK_CALLBACK_URL APPLE_CLIENT_ID APPLE_TEAM_ID \
         APPLE_KEY_ID APPLE_PRIVATE_KEY_PATH APPLE_CALLBACK_URL OPENID_* DEBUG_OPENID_REQUESTS",
    ),
    ("mail", "EMAIL_* MAILGUN_* ALLOW_PASSWORD_RESET ALLOW_UNVERIFIED_EMAIL_LOGIN"),
    ("deletion of accounts, import", "ALLOW_ACCOUNT_DELETION CREDS_KEY CREDS_KEY_FILE"),
    (
        "bans and further limits",
        "BAN_VIOLATIONS BAN_DURATION BAN_INTERVAL *_VIOLATION_SCORE TWO_FACTOR_TEMP_* RESET_PASSWORD_* \
         VERIFY_EMAIL_* LIMIT_CONCURRENT_MESSAGES LIMIT_MESSAGE_* LIMIT_FORK_* LIMIT_IMPORT_* \
         CONCURRENT_MESSAGE_MAX MESSAGE_IP_* MESSAGE_USER_* ILLEGAL_MODEL_REQ_SCORE FILE_UPLOAD_IP_* \
         FILE_UPLOAD_USER_* FORK_IP_* FORK_USER_* IMPORT_IP_* IMPORT_USER_* TTS_IP_* TTS_USER_* STT_IP_* \
         STT_USER_* FILE_USAGE_USER_*",
    ),
    (
        "Redis",
        "USE_REDIS USE_REDIS_CLUSTER REDIS_URI REDIS_URI_FILE REDIS_USERNAME REDIS_PASSWORD \
         REDIS_PASSWORD_FILE REDIS_CA REDIS_KEY_PREFIX REDIS_KEY_PREFIX_VAR \
         REDIS_USE_ALTERNATIVE_DNS_LOOKUP REDIS_CONNECT_TIMEOUT REDIS_RETRY_* REDIS_PING_INTERVAL",
    ),
];

/// Known, and the chat's alone. Names of the lists above, and those that were read, do not count here.
const UNUSED: &[Names] = &[
    (
        "server, files",
        "HOST PORT TRUST_PROXY UID GID NODE_* HTTP_*_MS NO_INDEX INDEX_* STATIC_CACHE_* ENABLE_* \
         DISABLE_COMPRESSION CONFIG_* MONGO_* MEILI_* SEARCH RAG_* EMBEDDINGS_* CDN_PROVIDER FIREBASE_* \
         AWS_* CLOUDFRONT_* AZURE_STORAGE_* AZURE_CONTAINER_NAME LIBRECHAT_* CREDS_IV",
    ),
    (
        "models and tools",
        "*_API_KEY *_MODELS *_REVERSE_PROXY *_TITLE_MODEL ENDPOINTS OPENAI_* ANTHROPIC_* AZURE_* \
         BEDROCK_* BINGAI_* GEMINI_* GOOGLE_* ASSISTANTS_* DALLE* PLUGIN* SD_WEBUI_URL WOLFRAM* ZAPIER* \
         TAVILY* FIRECRAWL* JINA* SERPER* MCP_* CODE_* SANDPACK_*",
    ),
    (
        "logs and telemetry",
        "DEBUG_* CONSOLE_JSON* LOG_TO_FILE AGENT_DEBUG_LOGGING MEM_DIAG OTEL_* RUM_* LANGFUSE_* \
         ANALYTICS_GTM_ID",
    ),
    (
        "chat features",
        "ALLOW_SHARED_LINKS* SHARED_LINKS_* SHAREPOINT_* CONVERSATION_IMPORT_* FILE_PREVIEW_* \
         FILE_UPLOAD_SSE_ENABLED REMOTE_FILE_* STEER_* TEMP_CHAT_* TITLE_CONVO DEPLOYMENT_* CHECK_BALANCE \
         START_BALANCE CUSTOM_FOOTER SHOW_BIRTHDAY_ICON",
    ),
    (
        "its sessions, cache and admin panel",
        "ADMIN_PANEL_* TRUST_TENANT_HEADER TENANT_ISOLATION_STRICT AUTH_USER_CACHE_MODE USER_PRINCIPALS_* \
         USE_REDIS_STREAMS FORCED_IN_MEMORY_* REDIS_MAX_LISTENERS REDIS_CLUSTER_SAFE_DELETE \
         REDIS_*_CHUNK_SIZE REDIS_SCAN_COUNT REDIS_ENABLE_OFFLINE_QUEUE LEADER_* \
         GENERATION_PROTOCOL_VERSION STREAM_DELTA_COALESCE_MS CONTINUE_ON_UNCAUGHT_EXCEPTION E2E_USER_*",
    ),
    ("names that nobody here knows", "*"),
];

/// Names that only a file shared with LibreChat holds.
const SIGNS: &str = "MONGO_URI DOMAIN_CLIENT DOMAIN_SERVER CREDS_KEY CREDS_IV ENDPOINTS MEILI_* LIBRECHAT_*";

/// Settings of the chat's that Postern has no use for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What they are about.
    pub group: &'static str,
    /// Their names.
    pub names: Vec<String>,
}

/// Whether the settings are shared with a LibreChat.
pub(super) fn are_of_librechat(env: &Env) -> bool {
    env.names_set().any(|name| matches_any(SIGNS, name))
}

/// Notes which groups of the chat's settings are set but not in force yet.
pub(super) fn note(env: &mut Env) {
    for Group { group, names } in grouped(env, env.names_set(), LATER) {
        let are = if names.len() == 1 { "is" } else { "are" };
        env.notice(group, format!("{} {are} known, but not in force in this release.", names.join(", ")));
    }
}

/// The names of the `.env` file that Postern has no use for, group by group. The environment holds
/// what is for others, and is passed over.
#[must_use]
pub fn unused(env: &Env) -> Vec<Group> {
    let is_for_later = |name: &str| LATER.iter().any(|(_, names)| matches_any(names, name));
    let names = env.names_in_file().filter(|name| !is_for_later(name) && !env.has_problem(name));
    grouped(env, names, UNUSED)
}

fn grouped<'e>(env: &Env, all: impl Iterator<Item = &'e str>, groups: &[Names]) -> Vec<Group> {
    let mut found: Vec<_> = groups.iter().map(|(group, _)| Group { group, names: Vec::new() }).collect();
    for name in all.filter(|name| !env.is_known(name) && !matches_any(SILENT, name)) {
        if let Some(at) = groups.iter().position(|(_, names)| matches_any(names, name)) {
            found[at].names.push(name.to_owned());
        }
    }
    found.retain(|group| !group.names.is_empty());
    found
}

fn matches_any(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|pattern| match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, groups: impl Fn(&Env) -> Vec<Group>) -> Vec<String> {
        let mut env = Env::new([], Some((std::path::Path::new(".env"), text)));
        let _ = env.or("LOGIN_MAX", "7", "", |text| Ok(text.to_owned()));
        groups(&env).into_iter().map(|it| format!("{}: {}", it.group, it.names.join(" "))).collect()
    }

    #[test]
    fn every_name_is_told_once_in_its_group() {
        let text = "MONGO_URI=1\nPORT=\nOPENAI_API_KEY=1\nMAILGUN_API_KEY=1\nGOOGLE_KEY=1\nGOOGLE_CLIENT_ID=1\nLOGIN_MAX=7\n\
            OPENID_REUSE_TOKENS=true\nOPENID_SESSION_SECRET=1\nOPENID_GENERATE_NONCE=true\nOPENID_ISSUER=1\nDEBUG_PLUGINS=1\nDEBUG_OPENID_REQUESTS=1\nREDIS_URI=1\n\
            REDIS_DELETE_CHUNK_SIZE=1\nSAML_CERT=1\nOPENID_GRAPH_SCOPES=1\nWHATEVER=1\nALLOW_ACCOUNT_DELETION=true\n";
        assert_eq!(
            told(text, unused),
            [
                "server, files: MONGO_URI",
                "models and tools: GOOGLE_KEY OPENAI_API_KEY",
                "logs and telemetry: DEBUG_PLUGINS",
                "its sessions, cache and admin panel: REDIS_DELETE_CHUNK_SIZE",
                "names that nobody here knows: WHATEVER",
            ]
        );
        assert_eq!(
            told(text, |env| grouped(env, env.names_set(), LATER)),
            [
                "SAML, LDAP, Microsoft Graph: OPENID_GRAPH_SCOPES SAML_CERT",
                "signing in with other providers: DEBUG_OPENID_REQUESTS GOOGLE_CLIENT_ID OPENID_ISSUER",
                "mail: MAILGUN_API_KEY",
                "deletion of accounts, import: ALLOW_ACCOUNT_DELETION",
                "Redis: REDIS_URI",
            ]
        );
    }

    #[test]
    fn what_the_shell_holds_for_others_is_passed_over() {
        let shell = [("OPENAI_API_KEY", "1"), ("PORT", "80"), ("WHATEVER", "1"), ("SAML_CERT", "1")];
        let env = Env::new(shell.map(|(name, value)| (name.into(), value.into())), None);
        assert_eq!(unused(&env), []);
        assert_eq!(grouped(&env, env.names_set(), LATER).len(), 1, "somebody counts on it");
    }
}
