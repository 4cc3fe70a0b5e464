//! Settings of accounts and passwords.

use super::email::Email;
use crate::env::{Env, Fault, Parsed, address, numbers, words};
use crate::error::{Error, ErrorKind, Result};

/// How people get accounts and prove who they are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `ALLOW_EMAIL_LOGIN`: password sign-in.
    pub email_login: bool,
    /// `ALLOW_EMAIL_LOGIN_OVERRIDE`: password sign-in by JSON although `email_login` is off.
    pub email_login_override: bool,
    /// `ALLOW_REGISTRATION`: sign-up.
    pub registration: bool,
    /// `POSTERN_ALLOWED_EMAIL_DOMAINS`, lower-case ASCII; none: every domain.
    pub allowed_domains: Option<Vec<String>>,
    /// `MIN_PASSWORD_LENGTH`, in characters.
    pub min_password_length: usize,
    /// `APP_TITLE`: a password must not be made of it.
    pub app_title: String,
    /// Password hashing.
    pub hashing: Hashing,
}

/// What one password hash costs, and how many run at once.
#[derive(Clone, Copy, Debug)]
pub struct Hashing {
    /// `POSTERN_ARGON2_MEMORY_KIB`.
    pub memory_kib: u32,
    /// `POSTERN_ARGON2_ITERATIONS`.
    pub iterations: u32,
    /// `POSTERN_ARGON2_PARALLELISM`.
    pub parallelism: u32,
    /// `POSTERN_HASH_THREADS`: hashes at once.
    pub threads: usize,
    /// `POSTERN_HASH_QUEUE`: hashes that may wait.
    pub queue: usize,
}

/// OWASP's least costs of argon2id (Password Storage Cheat Sheet): memory in KiB, iterations.
const FLOOR: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
/// The least and the greatest length that is asked of a password, in characters.
const SHORTEST: usize = 8;
const LONGEST: u64 = 128;

impl Settings {
    /// Whether strangers may make an account: with a password, so that has to be a way in as well.
    #[must_use]
    pub const fn takes_sign_ups(&self) -> bool {
        self.registration && self.email_login
    }

    /// Whether accounts of this address's domain are wanted here.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] when they are not.
    pub fn check_domain(&self, email: &Email) -> Result<()> {
        match &self.allowed_domains {
            Some(allowed) if !allowed.iter().any(|domain| domain == email.domain()) => {
                let words = "Accounts with an address of this domain are not allowed here.";
                Err(Error::new(ErrorKind::Forbidden, words))
            }
            _ => Ok(()),
        }
    }

    /// Reads them; `app_title` is read with the looks of pages, and `has_other` says whether there is
    /// any other way in than by password.
    pub fn read(env: &mut Env, app_title: &str, has_other: bool) -> Option<Self> {
        let email_login = env.or_off_when_empty("ALLOW_EMAIL_LOGIN", "true", "Signing in with a password.");
        let email_login_override = env.or(
            "ALLOW_EMAIL_LOGIN_OVERRIDE",
            "false",
            "Signing in with a password by the JSON interface although ALLOW_EMAIL_LOGIN is false.",
            words::boolean,
        );
        if !has_other && (email_login, email_login_override) == (Some(false), Some(false)) {
            let right = "Write true, or set up another provider and ALLOW_SOCIAL_LOGIN=true";
            env.problem("ALLOW_EMAIL_LOGIN", Fault::new("is off, and nobody could sign in", right));
        }
        let registration = registration(env);
        let allowed_domains = env.optional(
            "POSTERN_ALLOWED_EMAIL_DOMAINS",
            "all",
            "E-mail domains that may sign up, by comma; each exactly, without its subdomains.",
            |text| words::list(text, address::domain),
        );
        let min_password_length = min_password_length(env);
        let hashing = Hashing::read(env);
        Some(Self {
            email_login: email_login?,
            email_login_override: email_login_override?,
            registration: registration?,
            allowed_domains: allowed_domains?,
            min_password_length: min_password_length?,
            app_title: app_title.into(),
            hashing: hashing?,
        })
    }
}

/// On, but for a chat's own file that says nothing of it: there, not set is off.
fn registration(env: &mut Env) -> Option<bool> {
    const NAME: &str = "ALLOW_REGISTRATION";
    let is_chats = env.is_set("MONGO_URI") && !env.is_set(NAME);
    let registration = env.or(NAME, "true", "Signing up.", words::boolean)?;
    if is_chats {
        env.in_force(NAME, false);
        env.warn(
            NAME,
            "not set beside a chat app's MONGO_URI, so sign-up is off, as it is for the chat; write true to open it.",
        );
    }
    Some(registration && !is_chats)
}

fn min_password_length(env: &mut Env) -> Option<usize> {
    const NAME: &str = "MIN_PASSWORD_LENGTH";
    let read = |text: &str| numbers::integer(text, 0..=LONGEST);
    let length = env.or(NAME, "8", "Characters that a password must have, 8 to 128.", read)?;
    let length = usize::try_from(length).ok()?;
    if length < SHORTEST {
        env.in_force(NAME, SHORTEST);
        env.warn(NAME, "below 8, which is the least that Postern takes; 8 is in force.");
    }
    Some(length.max(SHORTEST))
}

impl Hashing {
    fn read(env: &mut Env) -> Option<Self> {
        let memory =
            env.or("POSTERN_ARGON2_MEMORY_KIB", "19456", "Memory of one password hash (argon2id), in KiB.", |text| {
                within(text, 1024, 4_194_304)
            });
        let iterations =
            env.or("POSTERN_ARGON2_ITERATIONS", "2", "Iterations of one password hash.", |text| within(text, 1, 64));
        let parallelism =
            env.or("POSTERN_ARGON2_PARALLELISM", "1", "Lanes of one password hash.", |text| within(text, 1, 64));
        let threads = env.optional(
            "POSTERN_HASH_THREADS",
            "one less than there are cores, at least 1",
            "Passwords hashed at once; each takes POSTERN_ARGON2_MEMORY_KIB.",
            |text| within(text, 1, 1024),
        );
        let queue = env.or(
            "POSTERN_HASH_QUEUE",
            "64",
            "Password hashes that may wait; whoever comes then is told to try again.",
            |text| within(text, 1, 65_536),
        );
        let threads = threads?.unwrap_or_else(spare_cores);
        env.in_force("POSTERN_HASH_THREADS", threads);
        let hashing = Self {
            memory_kib: memory?,
            iterations: iterations?,
            parallelism: parallelism?,
            threads: threads as usize,
            queue: queue? as usize,
        };
        let is_enough = |&(memory, iterations)| hashing.memory_kib >= memory && hashing.iterations >= iterations;
        if !FLOOR.iter().any(is_enough) {
            env.problem("POSTERN_ARGON2_MEMORY_KIB", below_the_floor());
        }
        Some(hashing)
    }
}

fn below_the_floor() -> Fault {
    let pairs: Vec<_> = FLOOR.iter().map(|(memory, iterations)| format!("{memory} and {iterations}")).collect();
    let right = format!("Write at least one of these for memory and iterations: {}", pairs.join("; "));
    Fault::new("with POSTERN_ARGON2_ITERATIONS is under OWASP's floor for argon2id", right)
}

fn within(text: &str, least: u32, most: u32) -> Parsed<u32> {
    let number = numbers::integer(text, least.into()..=most.into())?;
    u32::try_from(number).map_err(|_| Fault::new("is out of range", "Write a smaller number"))
}

/// One core stays free for answering while all others hash.
fn spare_cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cores).unwrap_or(u32::MAX).saturating_sub(1).max(1)
}
