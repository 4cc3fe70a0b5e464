//! The table of refusals: wire code, status, words. To add a kind: one line.

macro_rules! error_kinds {
    ($($(#[$about:meta])* $kind:ident = $code:literal, $status:literal, $detail:literal;)*) => {
        /// What went wrong, as a row of the table: wire code, status, default words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind { $($(#[$about])* $kind,)* }

        impl ErrorKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The code on the wire (RFC 6749 section 5.2 where it has one).
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)* }
            }

            /// What a person reads when nothing more exact is known.
            #[must_use]
            pub const fn default_detail(self) -> &'static str {
                match self { $(Self::$kind => $detail,)* }
            }
        }
    };
}

error_kinds! {
    /// The request is malformed: a missing or repeated parameter, a value of a wrong type.
    InvalidRequest = "invalid_request", 400, "The request is malformed.";
    /// Fields hold values that cannot be accepted; the problems name them.
    InvalidInput = "invalid_input", 400, "Some fields need another look.";
    /// A client did not prove who it is (RFC 6749 section 5.2).
    InvalidClient = "invalid_client", 401, "Client authentication failed.";
    /// A code or refresh token is none, is used, or belongs to somebody else (RFC 6749 section 5.2).
    InvalidGrant = "invalid_grant", 400, "The code or refresh token is not valid.";
    /// The client may not use this grant (RFC 6749 section 5.2).
    UnauthorizedClient = "unauthorized_client", 400, "This client may not do this.";
    /// No such grant is spoken here (RFC 6749 section 5.2).
    UnsupportedGrantType = "unsupported_grant_type", 400, "This grant type is not supported.";
    /// More is asked for than was granted (RFC 6749 section 5.2).
    InvalidScope = "invalid_scope", 400, "A scope is unknown or more than may be granted.";
    /// The resource is none that the client may use (RFC 8707 section 2).
    InvalidTarget = "invalid_target", 400, "The resource is none that this client may use.";
    /// An address of a client that registers itself cannot be taken (RFC 7591 section 3.2.2).
    InvalidRedirectUri = "invalid_redirect_uri", 400, "A redirect address cannot be taken.";
    /// What a client says of itself cannot be taken (RFC 7591 section 3.2.2).
    InvalidClientMetadata = "invalid_client_metadata", 400, "The client's metadata cannot be taken.";
    /// Statements of others about a client are not read (RFC 7591 section 3.2.2).
    UnapprovedSoftwareStatement = "unapproved_software_statement", 400, "Software statements are not accepted here.";
    /// Only `code` is spoken here (RFC 6749 section 4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type", 400, "Only the response type code is supported.";
    /// Request objects are not read (OpenID Connect Core section 3.1.2.6).
    RequestNotSupported = "request_not_supported", 400, "Request objects are not supported.";
    /// Only pushed requests are named by URI (OpenID Connect Core section 3.1.2.6).
    RequestUriNotSupported = "request_uri_not_supported", 400, "Only the request_uri of a pushed request is supported.";
    /// Nobody is signed in, and nobody may be asked (OpenID Connect Core section 3.1.2.6).
    LoginRequired = "login_required", 400, "The person has to sign in.";
    /// The person has not agreed, and may not be asked (OpenID Connect Core section 3.1.2.6).
    ConsentRequired = "consent_required", 400, "The person has to agree.";
    /// A page has to be shown, and none may be (OpenID Connect Core section 3.1.2.6).
    InteractionRequired = "interaction_required", 400, "The person has to do something first.";
    /// No sign-in here is of the class that was asked for (OpenID Connect Unmet Authentication Requirements).
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400, "No sign-in of the requested class is possible.";
    /// The person said no (RFC 6749 section 4.1.2.1, RFC 8628 section 3.5).
    AccessDenied = "access_denied", 400, "The person did not agree.";
    /// Nobody has decided about the device yet (RFC 8628 section 3.5).
    AuthorizationPending = "authorization_pending", 400, "Nobody has let the device in yet.";
    /// The same, and the device must ask less often from now on (RFC 8628 section 3.5).
    SlowDown = "slow_down", 400, "The device asks too often: wait five seconds longer from now on.";
    /// The device code has died (RFC 8628 section 3.5).
    ExpiredToken = "expired_token", 400, "The device code has died. Start again.";
    /// The access token is dead or not meant for this (RFC 6750 section 3.1).
    InvalidToken = "invalid_token", 401, "The access token is not valid.";
    /// The access token does not open this (RFC 6750 section 3.1).
    InsufficientScope = "insufficient_scope", 403, "The access token does not open this.";
    /// E-mail and password do not belong together, for whatever reason.
    WrongCredentials = "wrong_credentials", 401, "That e-mail and password do not match an account.";
    /// Nobody is signed in, or the token is dead.
    Unauthenticated = "unauthenticated", 401, "Sign in to go on.";
    /// A page's form was not ours, or came from elsewhere.
    Forged = "forged_form", 403, "This form is out of date. Load the page again and repeat what you did.";
    /// The person is known but may not do this.
    Forbidden = "forbidden", 403, "You may not do this.";
    /// The account is banned; said only after the right password.
    Banned = "banned", 403, "This account is banned.";
    /// The account is disabled; said only after the right password.
    Disabled = "disabled", 403, "This account is disabled. Ask the operator of this service.";
    /// A provider that people sign in at answered what no sign-in can be made of.
    ProviderFailed = "provider_failed", 400, "The sign-in over there came to nothing. Try it once more.";
    /// A provider gave no address that an account can be made with.
    EmailMissing = "email_missing", 403, "An account needs an e-mail address, and none came along. Add or confirm one over there, and let it be passed on.";
    /// Somebody whom a provider vouches for has an account here already, which is not linked with it.
    AccountExists = "account_exists", 409, "There is an account with that e-mail address. Sign in the way you did before.";
    /// Somebody whom a provider vouches for is in none of the organisations, teams, servers or groups there whose
    /// people may come in.
    NotMember = "not_a_member", 403, "Only members of certain organisations or groups may come in this way.";
    /// The same, and it cannot be known in which they are.
    GroupsUnknown = "groups_unknown", 403, "The provider does not tell in which groups you are, and only some may come in this way.";
    /// Their organisation is none whose people may come in.
    OtherTenant = "other_tenant", 403, "Accounts of this organisation may not come in this way.";
    /// They lack the role that is asked for.
    RoleMissing = "role_missing", 403, "Your account at the provider lacks the role that is needed to come in here.";
    /// Somebody was to prove anew who they are, and a provider let them in without asking.
    NotProvenAnew = "not_proven_anew", 403, "You have to prove once more who you are, and you were not asked over there. Use another way in.";
    /// Sign-up is switched off.
    RegistrationOff = "registration_off", 403, "Sign-up is closed here. Ask the operator for an account.";
    /// Password sign-in is switched off.
    PasswordLoginOff = "password_login_off", 403, "Signing in with a password is switched off here.";
    /// The address has not been verified; said only after the right password.
    Unverified = "unverified", 422, "Confirm your e-mail address first.";
    /// There is no such thing, or it is not the caller's.
    NotFound = "not_found", 404, "There is nothing at this address.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take that method.";
    /// The request took too long to arrive.
    RequestTimeout = "request_timeout", 408, "The request took too long.";
    /// What is to be made exists already.
    Conflict = "conflict", 409, "That exists already.";
    /// The body is over the limit.
    PayloadTooLarge = "payload_too_large", 413, "The request is too large.";
    /// The URL is over the limit.
    UriTooLong = "uri_too_long", 414, "The address is too long.";
    /// The body is of a type that this endpoint does not read.
    UnsupportedMediaType = "unsupported_media_type", 415, "The body is of a type that is not read here.";
    /// Too many tries; `retry_after` says when to come back.
    TooManyRequests = "too_many_requests", 429, "Too many tries. Wait a little and try again.";
    /// The headers are over the limit.
    HeadersTooLarge = "headers_too_large", 431, "The request's headers are too large.";
    /// A fault of ours.
    Internal = "server_error", 500, "Something went wrong on our side.";
    /// We cannot answer now: too busy, or the database is away (RFC 6749 section 4.1.2.1).
    Unavailable = "temporarily_unavailable", 503, "The service is busy. Try again in a moment.";
}
