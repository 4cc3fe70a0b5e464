//! E-mail addresses: read once, in one way, with one form that is unique.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest address that can be a path of SMTP, in bytes (RFC 5321 section 4.5.3.1.3, less the
/// two angle brackets).
const LONGEST: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321 section 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

const INCOMPLETE: &str = "Write it in full, such as maren@example.com.";
const SEVERAL: &str = "Write one address only, such as maren@example.com.";
const STRANGE: &str = "Write it without spaces, quotes, brackets or unusual characters, such as maren@example.com.";
const LONG: &str = "That is longer than an address can be. Use a shorter one.";
const DOMAIN: &str = "The part after the @ is not a domain name. Write it in full, such as maren@example.com.";

/// An address that mail can be sent to, as far as its form tells.
///
/// Only the plain form is taken: letters, digits and the signs of RFC 5322's `atext` with single
/// dots between, in any script (RFC 6531), and a domain name of two labels or more. What mail
/// systems have read in more than one way is refused: quotes, comments, lists, address literals,
/// characters that compatibility normalisation (NFKC) would change, invisible ones.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email {
    written: String,
    canonical: String,
    /// Where the canonical form's domain begins, in bytes.
    domain_at: usize,
}

impl Email {
    /// Reads what a person wrote; spaces around it do not count.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim_matches(' ');
        if text.len() > LONGEST {
            return Err(LONG);
        }
        let written: String = text.nfc().collect();
        // A character that turns into another one on its way through a mail system could make
        // this the address of somebody else, or two addresses (`＠`, `℀`, `ﬁ`).
        if !written.nfkc().eq(written.chars()) {
            return Err(STRANGE);
        }
        let (local, domain) = split(&written)?;
        check_local(local)?;
        let domain = ascii_domain(domain)?;
        let local: String = local.to_lowercase().nfkc().collect();
        let canonical = format!("{local}@{domain}");
        if canonical.len() > LONGEST || local.len() > LONGEST_LOCAL {
            return Err(LONG);
        }
        Ok(Self { written, domain_at: local.len() + 1, canonical })
    }

    /// As the person wrote it, in NFC: what mail is sent to.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The form that is unique: lower case, the domain in its ASCII form.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The domain in its ASCII form, lower case (RFC 5890).
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.canonical[self.domain_at..]
    }

    /// The part before the `@`, as the person wrote it.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.written.split_once('@').map_or("", |(local, _)| local)
    }
}

impl TryFrom<String> for Email {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.written
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({:?})", self.canonical)
    }
}

fn split(written: &str) -> Result<(&str, &str), &'static str> {
    let (local, domain) = written.split_once('@').ok_or(INCOMPLETE)?;
    if domain.contains('@') || written.contains([',', ';']) {
        return Err(SEVERAL);
    }
    if local.is_empty() || domain.is_empty() {
        return Err(INCOMPLETE);
    }
    Ok((local, domain))
}

fn check_local(local: &str) -> Result<(), &'static str> {
    if local.len() > LONGEST_LOCAL {
        return Err(LONG);
    }
    if local.split('.').any(str::is_empty) {
        return Err("The dots before the @ are not in their place. Write it in full, such as maren@example.com.");
    }
    if local.chars().all(|it| it == '.' || is_plain(it)) { Ok(()) } else { Err(STRANGE) }
}

/// Whether `it` may stand before the `@`.
fn is_plain(it: char) -> bool {
    match it {
        // Letters and marks that nobody can see.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => false,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => false,
        // RFC 5322 section 3.2.3.
        _ if it.is_ascii() => it.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(it),
        _ => it.is_alphanumeric() || is_combining_mark(it),
    }
}

/// The domain in its ASCII form (UTS 46, letters, digits and hyphens only).
fn ascii_domain(domain: &str) -> Result<String, &'static str> {
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| DOMAIN)?;
    // What the mapping leaves out (a soft hyphen) is no part of the canonical form, but would stay in
    // the written one, which others compare.
    if !domain.chars().all(|it| matches!(it, '.' | '-' | '\u{200c}' | '\u{200d}') || is_plain(it)) {
        return Err(STRANGE);
    }
    // An ideographic full stop would turn into a dot here, and only here.
    if ascii.matches('.').count() != domain.matches('.').count() {
        return Err(STRANGE);
    }
    let (_, last) = ascii.rsplit_once('.').ok_or(INCOMPLETE)?;
    // No top-level domain is a number: this is an IP address.
    if last.starts_with(|it: char| it.is_ascii_digit()) { Err(DOMAIN) } else { Ok(ascii.into_owned()) }
}

#[cfg(test)]
mod tests;
