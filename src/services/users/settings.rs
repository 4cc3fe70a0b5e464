//! Settings of accounts and passwords.

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
