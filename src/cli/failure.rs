//! What is said of a command that was not carried out: words on standard error and, with `--json`,
//! one document on standard output.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::config;
use crate::env::Problem;
use crate::error::Error;

/// Why a command was not carried out.
pub(super) enum Failure {
    /// Refused, or failed.
    Refused(Error),
    /// The settings have problems.
    Settings(Vec<Problem>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Failure {
    /// Tells it. A document goes to `out` only where none stands yet: a reader expects one.
    pub(super) fn tell(&self, json: bool, out: &mut Output<impl Write>, err: &mut impl Write) -> io::Result<()> {
        if json && !out.is_used {
            writeln!(out, "{}", self.document())?;
        }
        match self {
            Self::Refused(error) => report(error, err),
            Self::Settings(problems) => config::refuse(problems, err),
        }
    }

    fn document(&self) -> Value {
        match self {
            Self::Refused(error) => {
                let fields = error.fields.iter().map(|it| json!({"field": it.field, "message": it.message}));
                document(&error.detail, fields.collect())
            }
            Self::Settings(problems) => {
                let fields = problems.iter().map(|it| json!({"field": it.setting, "message": it.to_string()}));
                document("The settings have problems.", fields.collect())
            }
        }
    }
}

/// The document for wrong usage, whose words have been printed already.
pub(super) fn wrong_usage(refusal: &clap::Error, out: &mut impl Write) -> io::Result<()> {
    let text = refusal.render().to_string();
    let words = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = words.trim_start_matches("error: ").split_whitespace().collect();
    writeln!(out, "{}", document(&words.join(" "), Vec::new()))
}

fn document(words: &str, fields: Vec<Value>) -> Value {
    json!({"error": words, "fields": fields})
}

fn report(error: &Error, err: &mut impl Write) -> io::Result<()> {
    writeln!(err, "{}", error.detail)?;
    for problem in &error.fields {
        writeln!(err, "  {}: {}", problem.field, problem.message)?;
    }
    match error.cause() {
        Some(cause) => writeln!(err, "  {cause}"),
        None => Ok(()),
    }
}

/// Standard output, and whether anything was written to it.
pub(super) struct Output<W> {
    inner: W,
    is_used: bool,
}

impl<W> Output<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, is_used: false }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.is_used = true;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FieldProblem;

    fn told(failure: &Failure, json: bool, before: &str) -> (String, String) {
        let (mut words, mut err) = (Vec::new(), Vec::new());
        let mut out = Output::new(&mut words);
        out.write_all(before.as_bytes()).and_then(|()| failure.tell(json, &mut out, &mut err)).expect("memory");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (text(words), text(err))
    }

    #[test]
    fn words_come_in_any_case_and_a_document_once() {
        let refused = || Failure::from(Error::invalid(vec![FieldProblem::new("password", "Take a longer one.")]));
        let words = "Some fields need another look.\n  password: Take a longer one.\n";
        assert_eq!(told(&refused(), false, ""), (String::new(), words.to_owned()));
        let (out, err) = told(&refused(), true, "");
        let document: Value = serde_json::from_str(&out).expect("one document");
        let fields = json!([{"field": "password", "message": "Take a longer one."}]);
        assert_eq!(document, json!({"error": "Some fields need another look.", "fields": fields}));
        assert_eq!(err, words);
        assert_eq!(told(&refused(), true, "{}\n").0, "{}\n");
    }
}
