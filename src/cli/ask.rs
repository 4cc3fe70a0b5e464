//! What is asked of the person at the terminal.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;

use crate::error::{Error, ErrorKind, Result};

/// Whether somebody can be asked for what is missing. Where nobody can, its lack is wrong usage.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// What the person at the terminal answers.
pub(super) fn asked(question: &str) -> Result<String> {
    let mut terminal = std::io::stderr();
    write!(terminal, "{question}").and_then(|()| terminal.flush()).map_err(Error::internal)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    Ok(line.trim().to_owned())
}

/// Whether what cannot be undone is meant.
#[derive(Args, Debug)]
#[group(required = !can_ask())]
pub struct Sure {
    /// Do not ask whether it is meant; where no terminal can be asked, nothing is done without it
    #[arg(long)]
    yes: bool,
}

impl Sure {
    /// Asks about `what`, a sentence that names what will be gone, unless that is answered already.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the answer is not yes.
    pub(super) fn or_ask(&self, what: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        match asked(&format!("{what} Go on? [y/N] "))?.to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Error::new(ErrorKind::Conflict, "Nothing was done.")),
        }
    }
}
