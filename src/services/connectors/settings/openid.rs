//! Settings of the one OpenID provider that the chat's names set up.

use std::time::Duration;

use url::Url;

use super::super::connector::ClaimNames;
use super::super::discovery;
use super::super::draft::Draft;
use super::super::mapping::RoleSync;
use super::super::said::{ClaimTest, TokenKind};
use super::signing_out::SigningOut;
use super::{OPENID, lacks, one};
use crate::env::{Env, Fault, Parsed, address, numbers, words};
use crate::services::users::ADMIN;

const ISSUER: &str = "OPENID_ISSUER";
/// Where a claim stands, by the chat's words.
const KINDS: [(&str, TokenKind); 3] =
    [("access", TokenKind::Access), ("id", TokenKind::Id), ("userinfo", TokenKind::Userinfo)];
/// Longest claim or role, in characters.
const LONGEST: usize = 300;

/// A setting that may lack, and what it means.
type Named = (&'static str, &'static str);

/// A role, the claim that holds it, and where that stands.
type RoleNames = [Named; 3];

const REQUIRED: RoleNames = [
    ("OPENID_REQUIRED_ROLE", "Roles of which somebody needs one to come in, by comma."),
    ("OPENID_REQUIRED_ROLE_PARAMETER_PATH", "The claim that holds them, such as realm_access.roles."),
    ("OPENID_REQUIRED_ROLE_TOKEN_KIND", "Where that claim stands: access, id or userinfo."),
];
const ADMINS: RoleNames = [
    ("OPENID_ADMIN_ROLE", "Role that makes an administrator; whoever lacks it then is none after the next sign-in."),
    ("OPENID_ADMIN_ROLE_PARAMETER_PATH", "The claim that holds it."),
    ("OPENID_ADMIN_ROLE_TOKEN_KIND", "Where that claim stands: access, id or userinfo."),
];

/// What was read of a [`RoleNames`].
type Role = (Option<Vec<String>>, Option<String>, Option<TokenKind>);

/// What was read.
pub(super) struct Read {
    /// The provider, if one is set up here.
    pub(super) draft: Option<Draft>,
    /// Whether the sign-in page leads straight there.
    pub(super) straight: Option<bool>,
    /// Who may come in and what they become, wherever else the provider is set up.
    pub(super) roles: Roles,
}

/// Who may come in by the OpenID provider, and what they become.
#[derive(Default)]
pub(super) struct Roles {
    required: Option<ClaimTest>,
    admin: Option<ClaimTest>,
    sync: Option<RoleSync>,
}

impl Roles {
    pub(super) fn keep_somebody_out(&self) -> bool {
        self.required.is_some()
    }

    pub(super) fn onto(self, draft: &mut Draft) {
        draft.admission.required_role = self.required;
        (draft.mapping.admin, draft.mapping.sync) = (self.admin, self.sync);
    }
}

/// Reads them. Where the issuer is ourselves, these settings are the chat's, for coming in through us.
pub(super) fn read(env: &mut Env, url: Option<&Url>) -> Read {
    let issuer = env.optional(ISSUER, "", "Issuer of the OpenID provider, or the address of its document.", |text| {
        discovery::issuer(text).map_err(|wrong| Fault::new(wrong, "Write such as https://id.example.com"))
    });
    let is_ours = issuer.iter().flatten().any(|issuer| is_ours(issuer, url));
    let usual = basics(env);
    let claims = claim_names(env);
    let audience =
        env.optional("OPENID_AUDIENCE", "", "Audiences of the access token; the first is asked for.", |text| {
            words::list(text, |part| words::line(part, LONGEST))
        });
    let (required, admins) = (role(env, &REQUIRED), role(env, &ADMINS));
    let sync = role_sync(env);
    let about = "The sign-in page leads straight to this provider; /login?redirect=false stays.";
    let straight = env.or("OPENID_AUTO_REDIRECT", "false", about, words::boolean);
    let about = "Picture on its button (PNG, JPEG, GIF or WebP); served by us.";
    let image = env.optional("OPENID_IMAGE_URL", "", about, |text| Ok(text.to_owned()));
    let signing_out = SigningOut::read(env);
    let draft = one(env, &OPENID, url);
    let draft = issuer.and_then(|issuer| provider(env, issuer, draft, url)).zip(usual).map(|(draft, usual)| {
        let mut draft = Draft { claims: claims.unwrap_or_default(), ..usual.onto(draft) };
        if let Some(signing_out) = signing_out {
            draft = signing_out.onto(draft);
        }
        draft.image = image.flatten().filter(|text| is_web(env, text));
        draft.audience = audience.flatten().and_then(|list| list.into_iter().next());
        draft
    });
    if is_ours {
        return Read { draft, straight, roles: Roles::default() };
    }
    // As at the chat, where the rest means nothing without a role.
    let required = required.filter(|(roles, ..)| roles.is_some()).and_then(|it| whole(env, &REQUIRED, it));
    let admin = admins.and_then(|it| whole(env, &ADMINS, it));
    let sync = sync.and_then(|it| it.whole(env));
    Read { draft, straight, roles: Roles { required, admin, sync } }
}

/// Whether the picture can be fetched; a path of the chat's own cannot.
fn is_web(env: &mut Env, text: &str) -> bool {
    let is_web = address::web(text).is_ok();
    if !is_web {
        env.warn("OPENID_IMAGE_URL", "no web address, so the button shows no picture.");
    }
    is_web
}

fn is_ours(issuer: &str, url: Option<&Url>) -> bool {
    url.is_some_and(|url| url.as_str().trim_end_matches('/') == issuer)
}

/// The provider, if one is set up that is not ourselves.
fn provider(env: &mut Env, issuer: Option<String>, draft: Option<Draft>, url: Option<&Url>) -> Option<Draft> {
    match (issuer, draft) {
        (Some(issuer), _) if is_ours(&issuer, url) => {
            env.notice(ISSUER, "is Postern itself: these settings are the chat's, and no provider is set up by them.");
            None
        }
        (Some(issuer), Some(draft)) => Some(Draft { issuer: Some(issuer), ..draft }),
        (Some(_), None) => {
            lacks(env, ISSUER, OPENID.id.0);
            None
        }
        (None, Some(_)) => {
            lacks(env, OPENID.id.0, ISSUER);
            None
        }
        (None, None) => None,
    }
}

/// What every provider of this kind has.
struct Basics {
    scope: Vec<String>,
    label: String,
    tolerance: Duration,
}

impl Basics {
    fn onto(self, draft: Draft) -> Draft {
        let Self { scope, label, tolerance } = self;
        Draft { scope: Some(scope), label: Some(label), clock_tolerance: Some(tolerance), ..draft }
    }
}

fn basics(env: &mut Env) -> Option<Basics> {
    let scope = env.or("OPENID_SCOPE", "openid profile email", "What is asked for there.", scope);
    let label =
        env.or("OPENID_BUTTON_LABEL", "Continue with OpenID", "The words on its button.", |text| words::line(text, 60));
    let tolerance = env.or("OPENID_CLOCK_TOLERANCE", "300", "Seconds that its clock may be off.", |text| {
        numbers::integer(text, 0..=3600).map(Duration::from_secs)
    });
    let about = "true: there is no secret. PKCE is used in any case.";
    let _ = env.or("OPENID_USE_PKCE", "false", about, words::boolean);
    Some(Basics { scope: scope?, label: label?, tolerance: tolerance? })
}

fn scope(text: &str) -> Parsed<Vec<String>> {
    let scope: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    match scope.iter().any(|one| one == "openid") {
        true => Ok(scope),
        false => Err(Fault::new("lacks openid", "Write such as openid profile email")),
    }
}

fn claim_names(env: &mut Env) -> Option<ClaimNames> {
    let mut claim = |name, default, about| env.optional(name, default, about, |text| words::line(text, LONGEST));
    let username = claim("OPENID_USERNAME_CLAIM", "preferred_username, username", "Claim that holds the user name.");
    let usual = "given_name and family_name, else name, else the user name";
    let name = claim("OPENID_NAME_CLAIM", usual, "Claim that holds the name.");
    let about = "Claim that holds the address; what another than email holds counts as not verified.";
    let email = claim("OPENID_EMAIL_CLAIM", "email", about);
    Some(ClaimNames { username: username?, name: name?, email: email? })
}

fn role(env: &mut Env, [role, path, kind]: &RoleNames) -> Option<Role> {
    let names = env.optional(role.0, "", role.1, |text| words::list(text, |part| words::line(part, LONGEST)));
    let path = env.optional(path.0, "", path.1, |text| words::line(text, LONGEST));
    let kind = env.optional(kind.0, "", kind.1, |text| words::choice(text, &KINDS));
    Some((names?, path?, kind?))
}

/// All three, or no role: going on without would let in everybody, or make administrators of nobody.
fn whole(env: &mut Env, names: &RoleNames, role: Role) -> Option<ClaimTest> {
    match role {
        (Some(names), Some(path), Some(kind)) => Some(ClaimTest { names, path, kind }),
        (None, None, None) => None,
        _ => {
            let [role, path, kind] = names.map(|(name, _)| name);
            let right = format!("Set {role}, {path} and {kind}, or none of them");
            env.problem(role, Fault::new("says what only all three say together", right));
            None
        }
    }
}

/// What was read of the chat's way to give a role.
struct Wish {
    is_on: bool,
    kind: TokenKind,
    path: Option<String>,
    priority: Option<Vec<String>>,
    fallback: Option<String>,
}

fn role_sync(env: &mut Env) -> Option<Wish> {
    let is_on =
        env.or("OPENID_ROLE_SYNC_ENABLED", "false", "Whether a claim says which role people have.", words::boolean);
    let kind = env.or("OPENID_ROLE_SYNC_SOURCE", "id", "Where that claim stands: access, id or userinfo.", |text| {
        words::choice(text, &KINDS)
    });
    let path =
        env.optional("OPENID_ROLE_SYNC_CLAIM", "", "The claim, such as roles.", |text| words::line(text, LONGEST));
    let about = "Roles by comma; the first that the claim holds is the person's.";
    let priority = env.optional("OPENID_ROLE_SYNC_ROLE_PRIORITY", "", about, |text| words::list(text, no_admin));
    let fallback = env.optional("OPENID_ROLE_SYNC_FALLBACK_ROLE", "", "The role where it holds none.", no_admin);
    Some(Wish { is_on: is_on?, kind: kind?, path: path?, priority: priority?, fallback: fallback? })
}

impl Wish {
    fn whole(self, env: &mut Env) -> Option<RoleSync> {
        let Self { is_on, kind, path, priority, fallback } = self;
        if is_on && path.is_none() {
            lacks(env, "OPENID_ROLE_SYNC_ENABLED", "OPENID_ROLE_SYNC_CLAIM");
        }
        let path = path.filter(|_| is_on)?;
        Some(RoleSync { kind, path, priority: priority.unwrap_or_default(), fallback })
    }
}

fn no_admin(text: &str) -> Parsed<String> {
    match text.eq_ignore_ascii_case(ADMIN) {
        true => Err(Fault::new("makes administrators", "Take that role out, and set OPENID_ADMIN_ROLE")),
        false => words::line(text, LONGEST),
    }
}
