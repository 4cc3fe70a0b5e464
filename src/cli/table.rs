//! Tables for people.

use std::io::Write;

use crate::error::{Error, Result};

/// Prints `rows` below `heads`, each column as wide as its widest cell.
///
/// # Errors
/// When `out` is gone.
pub(super) fn table<const COLUMNS: usize>(
    heads: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
    out: &mut impl Write,
) -> Result<()> {
    let rows: Vec<_> = std::iter::once(heads.map(str::to_owned)).chain(rows).collect();
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|place| rows.iter().map(|row| row[place].chars().count()).max().unwrap_or(0));
    rows.iter().try_for_each(|row| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end()).map_err(Error::internal)
    })
}
