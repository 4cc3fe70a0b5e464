//! E-mail addresses: read once, in one way, with one form that is unique.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
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
#[derive(Clone, PartialEq, Eq, Hash)]
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
    // An ideographic full stop would turn into a dot here, and only here.
    if ascii.matches('.').count() != domain.matches('.').count() {
        return Err(STRANGE);
    }
    let (_, last) = ascii.rsplit_once('.').ok_or(INCOMPLETE)?;
    // No top-level domain is a number: this is an IP address.
    if last.starts_with(|it: char| it.is_ascii_digit()) { Err(DOMAIN) } else { Ok(ascii.into_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        Email::parse(text).unwrap_or_else(|sentence| panic!("{text}: {sentence}")).canonical().to_owned()
    }

    #[test]
    fn sec_108_one_account_per_canonical_form() {
        for (text, form) in [
            ("maren@example.com", "maren@example.com"),
            ("  Maren@Example.COM ", "maren@example.com"),
            ("MAREN.olsen+chat@sub.example.com", "maren.olsen+chat@sub.example.com"),
            ("maren@BÜCHER.example", "maren@xn--bcher-kva.example"),
            ("maren@bu\u{308}cher.example", "maren@xn--bcher-kva.example"),
            ("maren@XN--BCHER-KVA.example", "maren@xn--bcher-kva.example"),
            ("ZOË@example.com", "zoë@example.com"),
            ("zoe\u{308}@example.com", "zoë@example.com"),
            ("o'hara!x/y=z@a-b.example", "o'hara!x/y=z@a-b.example"),
            ("山田@例え.jp", "山田@xn--r8jz45g.jp"),
        ] {
            assert_eq!(canonical(text), form);
        }
        let email = Email::parse(" Maren@BÜCHER.example").unwrap();
        assert_eq!((email.as_written(), email.local_part()), ("Maren@BÜCHER.example", "Maren"));
        assert_eq!(email.domain(), "xn--bcher-kva.example");
    }

    #[test]
    fn sec_108_what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "maren",
            "maren@",
            "@example.com",
            "maren@@example.com",
            "maren@example.com@evil.example",
            "maren＠example.com",
            "a@example.com＠evil.example",
            "a@example.com,b@example.com",
            "a@example.com b@example.com",
            "a@example.com;b@example.com",
            "a@example.com\nBcc: b@example.com",
            "a@example.com\r\n",
            "a\0@example.com",
            "\"maren\"@example.com",
            "\"a@b\"@example.com",
            "maren(comment)@example.com",
            "maren@example.com(comment)",
            "<maren@example.com>",
            "Maren <maren@example.com>",
            "mailto:maren@example.com",
            "ma ren@example.com",
            "maren\u{a0}x@example.com",
            "maren\u{200b}@example.com",
            "maren\u{202e}@example.com",
            "maren\u{fe0f}@example.com",
            "maren\u{1160}@example.com",
            "ｍaren@example.com",
            "ma℀ren@example.com",
            ".maren@example.com",
            "maren.@example.com",
            "ma..ren@example.com",
            "maren@localhost",
            "maren@example.com.",
            "maren@.example.com",
            "maren@example..com",
            "maren@-example.com",
            "maren@example-.com",
            "maren@exam_ple.com",
            "maren@example。com",
            "maren@sub.example｡com",
            "maren@example\u{ad}.com@",
            "maren@[127.0.0.1]",
            "maren@127.0.0.1",
            "maren@xn--a.example",
            "maren@exa mple.com",
            "maren@evil.example/.example.com",
            "maren@evil.example\\.example.com",
            "maren@evil.example#example.com",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sec_108_no_address_is_longer_than_254_bytes() {
        let domain = format!("{0}.{0}.{0}.example", "d".repeat(60));
        let fits = format!("{}@{domain}", "a".repeat(254 - 1 - domain.len()));
        assert!(fits.len() == 254 && Email::parse(&fits).is_ok());
        assert!(Email::parse(&format!("a{fits}")).is_err());
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(64))).is_ok());
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
        assert!(Email::parse(&format!("a@{}.example", "ü".repeat(100))).is_err());
        assert!(Email::parse(&"ü@".repeat(1_000_000)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn reading_never_panics(text in ".{0,80}") {
            let _ = Email::parse(&text);
        }

        #[test]
        fn the_canonical_form_reads_back_as_itself(text in "[\\w.+'-]{1,12}@[\\w-]{1,8}\\.[\\w]{1,8}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.canonical());
                prop_assert_eq!(again.as_ref().map(Email::canonical), Ok(email.canonical()));
                prop_assert_eq!(again.as_ref().map(Email::domain), Ok(email.domain()));
                prop_assert!(email.domain().is_ascii() && email.canonical().matches('@').count() == 1);
                prop_assert_eq!(email.canonical().ends_with(&format!("@{}", email.domain())), true);
            }
        }
    }
}
