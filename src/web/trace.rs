//! Request ids and the log.
//!
//! The log goes to standard error, one line per event, whatever the text in it: control
//! characters are escaped (SEC-148), so nobody can write a line or a colour of their own.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use poem::Request;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};
use crate::random::Random;
use crate::web::Context;

/// Crockford's base32: no I, L, O, U, so that an id read out over the phone arrives.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The id of one request: 60 random bits as `7K2M-9QF4-01HT`, in every answer and log line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 14]);

impl RequestId {
    /// What examples show.
    pub const SAMPLE: Self = Self(*b"7K2M-9QF4-01HT");

    /// The id that eight random bytes give.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        let mut bits = u64::from_be_bytes(bytes);
        let mut text = [b'-'; 14];
        for (place, letter) in text.iter_mut().enumerate() {
            if place % 5 != 4 {
                *letter = ALPHABET[usize::from((bits & 31) as u8)];
                bits >>= 5;
            }
        }
        Self(text)
    }

    /// The id that this request was given; all zeros outside of [`crate::web::surface`].
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data::<Context>().map_or(Self(*b"0000-0000-0000"), |context| context.id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Makes request ids: randomness is fetched for many at a time, since each call of the generator is
/// one of the system.
#[derive(Debug, Default)]
pub struct RequestIds(Mutex<Vec<[u8; 8]>>);

impl RequestIds {
    /// A new id.
    pub fn next(&self, random: &Random) -> RequestId {
        let mut stock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stock.is_empty() {
            stock.extend(random.bytes::<512>().as_chunks().0);
        }
        RequestId::from_bytes(stock.pop().unwrap_or_default())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Starts the log for the life of the process. Call once.
///
/// # Errors
/// When its filter is none, with words for the operator, or when a log runs already.
pub fn init(settings: &LogSettings) -> Result<(), String> {
    // Our own steps are logged by us; a filter that names these libraries still wins.
    let filter = EnvFilter::try_new(format!("sea_orm_migration=warn,{}", settings.filter));
    let filter = filter.map_err(|error| error.to_string())?;
    let by_place = if io::stderr().is_terminal() { LogFormat::Human } else { LogFormat::Json };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| OneLine(io::stderr()));
    match settings.format.unwrap_or(by_place) {
        LogFormat::Human => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    }
    .map_err(|error| error.to_string())?;
    std::panic::set_hook(Box::new(|panic| {
        // The message may quote what it stumbled over (a slice of a password, say): only the place
        // is told, unless the operator asks for more.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
        tracing::debug!(message = panic.payload_as_str().unwrap_or_default(), "its message");
    }));
    Ok(())
}

/// Passes each event on as one line. An end that takes no more (a full disk, a reader that died)
/// loses lines: whoever writes a line has no way to tell anybody, and the service goes on.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let _ = self.0.write_all(one_line(&String::from_utf8_lossy(event)).as_bytes());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

fn one_line(event: &str) -> String {
    let mut line = String::with_capacity(event.len() + 1);
    for letter in event.trim_end_matches('\n').chars() {
        if letter.is_control() { line.extend(letter.escape_default()) } else { line.push(letter) }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_three_groups_of_four_from_a_safe_alphabet() {
        let id = RequestIds::default().next(&Random::system());
        let groups: Vec<_> = id.as_str().split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4]);
        assert!(groups.concat().bytes().all(|letter| ALPHABET.contains(&letter)), "{id}");
        assert_ne!(id, RequestIds::default().next(&Random::system()));
    }

    #[test]
    fn sec_148_one_event_is_one_line_whatever_stands_in_it() {
        let mut log = Vec::new();
        OneLine(&mut log)
            .write_all("path=/a\r\nINFO forged\u{1b}[31m\u{9b}0m é\n".as_bytes())
            .expect("memory takes all");
        assert_eq!(String::from_utf8_lossy(&log), "path=/a\\r\\nINFO forged\\u{1b}[31m\\u{9b}0m é\n");
    }

    #[test]
    fn a_log_whose_end_is_gone_stops_nobody() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let mut log = OneLine(Gone);
        assert_eq!(log.write(b"a line").ok(), Some(6));
        assert!(log.flush().is_ok());
    }
}
