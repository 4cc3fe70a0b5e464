//! The `.env` syntax of Node's dotenv 16, which the chat reads with.
//!
//! Real files lean on its habits: unquoted values with blanks in them, a `#` that ends a value even
//! inside a word, quoted values over several lines, `export K=v` and `K: v`. What it takes, we take,
//! with the same result; a line that it passes over we pass over too, and say so.

/// One assignment of the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The name on the left.
    pub name: String,
    /// The value, trimmed, without its quotes.
    pub value: String,
    /// The line that the name stands on, from 1.
    pub line: usize,
    /// An unquoted value that a `#` ended without a blank before it: probably shorter than was meant.
    pub cut: bool,
}

/// What stands in a file.
#[derive(Default)]
pub(super) struct File {
    /// All assignments, in order. Of several to one name the last one counts.
    pub(super) assignments: Vec<Assignment>,
    /// The lines that are neither blank nor a comment nor part of an assignment.
    pub(super) passed_over: Vec<PassedOver>,
}

/// A line that sets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PassedOver {
    /// Its number, from 1.
    pub(super) line: usize,
    /// Whether it begins as one of our own settings does.
    pub(super) is_ours: bool,
}

/// All assignments of `text`, in order. Of several to one name the last one counts.
#[must_use]
pub fn parse(text: &str) -> Vec<Assignment> {
    read(text).assignments
}

/// All that stands in `text`.
pub(super) fn read(text: &str) -> File {
    let text = &text.replace("\r\n", "\n").replace('\r', "\n");
    let mut file = File::default();
    let (mut start, mut line, mut counted) = (0, 1, 0);
    while start < text.len() {
        let found = assignment(text, start);
        let at = found.as_ref().map_or(start, |found| found.at);
        line += text[counted..at].matches('\n').count();
        counted = at;
        let Some(Found { name, value, .. }) = found else {
            let passed = text[start..line_end(text, start)].trim_matches(is_blank);
            if !passed.is_empty() && !passed.starts_with('#') {
                file.passed_over.push(PassedOver { line, is_ours: passed.starts_with("POSTERN_") });
            }
            start = next_line(text, start);
            continue;
        };
        file.assignments.push(Assignment { name: name.into(), value: value.text, line, cut: value.cut });
        start = next_line(text, value.end);
    }
    file
}

struct Found<'a> {
    at: usize,
    name: &'a str,
    value: Value,
}

struct Value {
    text: String,
    end: usize,
    cut: bool,
}

fn assignment(text: &str, start: usize) -> Option<Found<'_>> {
    let at = skip_blank(text, start);
    let (name, end) = name(text, at)?;
    let found = |at, name, end| Some(Found { at, name, value: value(text, separator(text, end)?) });
    let exported = skip_blank(text, end);
    if name == "export"
        && exported > end
        && let Some((name, end)) = self::name(text, exported)
        && let Some(found) = found(exported, name, end)
    {
        return Some(found);
    }
    found(at, name, end)
}

/// The name that stands at `at`, and where it ends.
fn name(text: &str, at: usize) -> Option<(&str, usize)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let length = text[at..].find(|c| !is_part(c)).unwrap_or(text.len() - at);
    (length > 0).then(|| (&text[at..at + length], at + length))
}

/// Where the value begins: after `=`, or after `:` and one blank.
fn separator(text: &str, at: usize) -> Option<usize> {
    let equals = skip_blank(text, at);
    if text[equals..].starts_with('=') {
        return Some(equals + 1);
    }
    let blank = text[at..].strip_prefix(':')?.chars().next().filter(|&c| is_blank(c))?;
    Some(at + 1 + blank.len_utf8())
}

fn value(text: &str, at: usize) -> Value {
    let begin = skip_blank(text, at);
    if let Some(quote) = text[begin..].chars().next().filter(|&c| is_quote(c))
        && let Some(close) = closing(text, begin, quote)
    {
        return Value { text: expand(quote, &text[begin + 1..close]), end: line_end(text, close), cut: false };
    }
    let stop = text[at..].find(['#', '\n']).map_or(text.len(), |length| at + length);
    let (raw, rest) = (&text[at..stop], &text[stop..]);
    let cut = rest.starts_with('#') && raw.chars().next_back().is_none_or(|last| !is_blank(last));
    Value { text: unquote(raw.trim_matches(is_blank)), end: line_end(text, stop), cut }
}

/// The quote that ends the value which the one at `begin` opened: nothing but a comment may follow it
/// on its line. A quote after a backslash counts only when no other fits, the last such first.
fn closing(text: &str, begin: usize, quote: char) -> Option<usize> {
    let mut escaped = Vec::new();
    let mut plain = None;
    for (length, _) in text[begin + 1..].match_indices(quote) {
        let at = begin + 1 + length;
        if text[begin + 1..at].ends_with('\\') {
            escaped.push(at);
        } else {
            plain = Some(at);
            break;
        }
    }
    plain.into_iter().chain(escaped.into_iter().rev()).find(|&at| ends_line(&text[at + 1..]))
}

fn ends_line(rest: &str) -> bool {
    rest.trim_start_matches(|c| is_blank(c) && !is_line_end(c))
        .chars()
        .next()
        .is_none_or(|c| c == '#' || is_line_end(c))
}

/// An unquoted value may still stand between two like quotes: `'a' and 'b'` loses the outer ones.
fn unquote(value: &str) -> String {
    let Some(quote) = value.chars().next().filter(|&c| is_quote(c)) else { return value.into() };
    let inner = value[1..].strip_suffix(quote).unwrap_or(value);
    expand(quote, inner)
}

fn expand(quote: char, value: &str) -> String {
    if quote == '"' { value.replace("\\n", "\n").replace("\\r", "\r") } else { value.into() }
}

fn skip_blank(text: &str, at: usize) -> usize {
    text[at..].find(|c| !is_blank(c)).map_or(text.len(), |length| at + length)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(is_line_end).map_or(text.len(), |length| at + length)
}

fn next_line(text: &str, at: usize) -> usize {
    let end = line_end(text, at);
    text[end..].chars().next().map_or(end, |c| end + c.len_utf8())
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '`')
}

/// What ECMAScript calls a line terminator (carriage returns are gone by now).
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

/// White space as ECMAScript's regular expressions have it: with the byte order mark, without NEL.
fn is_blank(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

#[cfg(test)]
mod tests;
