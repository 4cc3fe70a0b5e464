//! What was found on the way of a sign-in, hop by hop.

use std::io::Write;

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind, Result};

/// One hop.
#[derive(Debug)]
pub(super) struct Check {
    /// Its name, one word, for scripts too.
    name: &'static str,
    /// What was seen.
    seen: String,
    finding: Finding,
}

#[derive(Debug)]
enum Finding {
    Ok,
    /// With what to do.
    Fails(String),
    /// It could not be looked at.
    Skipped,
}

impl Check {
    /// All is well.
    pub(super) fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, seen: seen.into(), finding: Finding::Ok }
    }

    /// Something is wrong; `remedy` says what to do.
    pub(super) fn fails(name: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, seen: seen.into(), finding: Finding::Fails(remedy.into()) }
    }

    /// It cannot be looked at; `seen` says why.
    pub(super) fn skipped(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, seen: seen.into(), finding: Finding::Skipped }
    }

    /// Whether all is well.
    pub(super) fn is_ok(&self) -> bool {
        matches!(self.finding, Finding::Ok)
    }

    const fn result(&self) -> &'static str {
        match self.finding {
            Finding::Ok => "ok",
            Finding::Fails(_) => "fails",
            Finding::Skipped => "skipped",
        }
    }

    fn remedy(&self) -> Option<&str> {
        match &self.finding {
            Finding::Fails(remedy) => Some(remedy),
            Finding::Ok | Finding::Skipped => None,
        }
    }

    fn described(&self) -> Value {
        json!({"check": self.name, "result": self.result(), "seen": self.seen, "remedy": self.remedy()})
    }

    fn line(&self) -> String {
        let remedy = self.remedy().map(|remedy| format!(" {remedy}")).unwrap_or_default();
        printable(&format!("{:7}  {:9}  {}{remedy}", self.result(), self.name, self.seen))
    }
}

/// Everything that was looked at, in the order of a sign-in.
#[derive(Debug, Default)]
pub(super) struct Report {
    checks: Vec<Check>,
}

impl Report {
    /// Adds a hop; answers whether all is well there.
    pub(super) fn add(&mut self, check: Check) -> bool {
        let is_ok = check.is_ok();
        self.checks.push(check);
        is_ok
    }

    /// Adds several hops.
    pub(super) fn extend(&mut self, checks: Vec<Check>) {
        self.checks.extend(checks);
    }

    /// Tells it, a line for each hop; scripts are told besides what it is `about`.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when one of them fails.
    pub(super) fn tell(&self, about: [(&str, &str); 2], json: bool, out: &mut impl Write) -> Result<()> {
        let failed = self.checks.iter().filter(|check| check.remedy().is_some()).count();
        if json {
            let checks: Vec<Value> = self.checks.iter().map(Check::described).collect();
            let mut document = json!({"ok": failed == 0, "checks": checks});
            about.into_iter().for_each(|(name, value)| document[name] = value.into());
            writeln!(out, "{document}").map_err(Error::internal)?;
        } else {
            self.checks.iter().try_for_each(|check| writeln!(out, "{}", check.line())).map_err(Error::internal)?;
        }
        match failed {
            0 => Ok(()),
            1 => Err(Error::new(ErrorKind::Conflict, "One check fails.")),
            _ => Err(Error::new(ErrorKind::Conflict, format!("{failed} checks fail."))),
        }
    }
}

/// On one line, without what would move the cursor: some of it was said by strangers.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
