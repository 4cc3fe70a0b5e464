//! Settings of registration by clients themselves.

use ipnet::IpNet;
use url::Url;

use crate::env::address::is_loopback;
use crate::env::{Env, words};

/// Whether clients may register themselves, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not at all.
    Off,
    /// With a token that somebody here has made for them.
    Token,
    /// Whoever comes.
    Open,
}

/// Who may register, and which addresses of theirs may be called.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `POSTERN_DYNAMIC_REGISTRATION`
    pub mode: Mode,
    /// `POSTERN_ALLOW_PRIVATE_ADDRESSES`, which outgoing calls go by.
    pub networks: Vec<IpNet>,
}

impl Settings {
    /// Reads them, for the public address `url`; the networks follow.
    pub fn read(env: &mut Env, url: Option<&Url>) -> Option<impl FnOnce(Vec<IpNet>) -> Self + use<>> {
        const NAME: &str = "POSTERN_DYNAMIC_REGISTRATION";
        const ABOUT: &str = "Whether clients may register themselves (RFC 7591): off, token (with one made by \
                             `postern client registration-token`) or open (whoever comes).";
        let mode = env.or(NAME, "off", ABOUT, |text| {
            words::choice(text, &[("off", Mode::Off), ("token", Mode::Token), ("open", Mode::Open)])
        })?;
        if mode == Mode::Open && url.is_some_and(|url| !is_loopback(url)) {
            env.warn(
                NAME,
                "open on a public address: whoever comes may register an app, by any name, and have people asked to let it in. token lets in those whom you have asked.",
            );
        }
        Some(move |networks| Self { mode, networks })
    }
}
