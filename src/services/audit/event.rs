//! One event, and the table of kinds.

use std::fmt;

use entity::{ClientId, UserId};
use serde_json::{Map, Value};

use crate::services::caller::Caller;

macro_rules! event_kinds {
    ($($(#[$about:meta])* $kind:ident = $name:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventKind { $($(#[$about])* $kind,)* }

        impl EventKind {
            /// The word in the row.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

event_kinds! {
    /// A person signed in.
    SignIn = "sign_in";
    /// A sign-in was refused; summed.
    SignInRefused = "sign_in.refused";
    /// A session ended: by logout, by its owner from elsewhere, or by an operator.
    SignOut = "sign_out";
    /// A refresh token came back that should not have; its family ended.
    RefreshReplayed = "refresh.replayed";
    /// An account was made.
    UserCreated = "user.created";
    /// Somebody signed up with an address that has an account; summed.
    RegistrationRepeated = "registration.repeated";
    /// An account at another provider opens this one from now on.
    IdentityLinked = "identity.linked";
    /// It does no longer.
    IdentityUnlinked = "identity.unlinked";
    /// The owner of its address took an account back from whoever had made it.
    UserClaimed = "user.claimed";
    /// Name, user name or address was changed.
    UserChanged = "user.changed";
    /// An address was confirmed.
    EmailVerified = "user.email_verified";
    /// A password was changed or set.
    PasswordChanged = "user.password_changed";
    /// A change of password was refused: the present one was wrong; summed.
    PasswordChangeRefused = "user.password_change_refused";
    /// A password's hash was made anew under today's parameters.
    PasswordUpgraded = "user.password_upgraded";
    /// Roles or groups were changed.
    RolesChanged = "user.roles_changed";
    /// An account was disabled.
    UserDisabled = "user.disabled";
    /// An account was enabled again.
    UserEnabled = "user.enabled";
    /// An account was banned.
    UserBanned = "user.banned";
    /// A ban was lifted.
    UserUnbanned = "user.unbanned";
    /// An account was deleted.
    UserDeleted = "user.deleted";
    /// An administrator was made from the shell.
    AdminRecovered = "admin.recovered";
    /// A client was added.
    ClientAdded = "client.added";
    /// A client was changed.
    ClientChanged = "client.changed";
    /// A client's secret was replaced.
    ClientSecretRotated = "client.secret_rotated";
    /// A client was removed.
    ClientRemoved = "client.removed";
    /// A client registered itself.
    ClientRegistered = "client.registered";
    /// A token was made that lets clients register themselves.
    RegistrationTokenMade = "client.registration_token_made";
    /// A person let a client in: a code was issued.
    Authorized = "authorized";
    /// A code was exchanged a second time; its grant ended.
    CodeReplayed = "code.replayed";
    /// A person allowed a client something.
    ConsentGiven = "consent.given";
    /// A person withdrew what a client was allowed.
    ConsentWithdrawn = "consent.withdrawn";
    /// A client was never told that a session has ended.
    LogoutUndelivered = "logout.undelivered";
    /// A person let a device in.
    DeviceAllowed = "device.allowed";
    /// A person kept a device out.
    DeviceDenied = "device.denied";
    /// A client gave tokens up.
    TokenRevoked = "token.revoked";
    /// A person proved again who they are.
    Reauthenticated = "reauthenticated";
    /// A signing key was made and published.
    KeyMade = "key.made";
    /// The turn of a signing key was moved: it signs from another moment on than it would have.
    KeyRotated = "key.rotated";
    /// A signing key stopped signing; what it signed stays good.
    KeyRetired = "key.retired";
    /// A signing key was given up, with all that it signed.
    KeyCondemned = "key.condemned";
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A client.
    Client(ClientId),
    /// Whoever has the shell.
    Command,
    /// Whoever writes a file of the operator's that is watched.
    File,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::Command => f.write_str("command"),
            Self::File => f.write_str("file"),
        }
    }
}

/// An event to be written.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) kind: EventKind,
    pub(super) actor: Option<Actor>,
    pub(super) user: Option<UserId>,
    pub(super) address: Option<String>,
    pub(super) network: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) detail: Map<String, Value>,
}

impl Event {
    /// An event of `kind`; nobody known did it yet.
    #[must_use]
    pub fn new(kind: EventKind) -> Self {
        Self { kind, actor: None, user: None, address: None, network: None, request_id: None, detail: Map::new() }
    }

    /// Who did it.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Whose account it touches.
    #[must_use]
    pub fn about(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// From where.
    #[must_use]
    pub fn from(mut self, caller: &Caller) -> Self {
        self.address = Some(caller.address.to_string());
        self.network = Some(caller.network());
        self.request_id = Some(caller.request_id.clone());
        self
    }

    /// One more detail; never a secret.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}
