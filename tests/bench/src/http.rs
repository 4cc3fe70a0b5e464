//! HTTP/1.1 as a load generator needs it: one connection, one request at a time, nothing hidden.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use memchr::memmem;

use crate::Result;

/// Longest wait for an answer; nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that is kept open.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// Status line and header fields.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
    }

    /// Sends a whole request.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn send(&mut self, request: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(request)?)
    }

    /// Reads one whole answer, which must say how long it is.
    ///
    /// # Errors
    /// When it breaks off, is too long or does not come.
    pub fn receive(&mut self) -> Result<Answer<'_>> {
        let mut filled = 0;
        let (head, length) = loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Err("the connection was closed".into());
            }
            filled += read;
            if let Some(end) = memmem::find(&self.buffer[..filled], b"\r\n\r\n") {
                break (end + 4, content_length(&self.buffer[..end + 2])?);
            }
        };
        let whole = head + length;
        if whole > self.buffer.len() || filled > whole {
            return Err(format!("an answer of {whole} bytes, {filled} of them read").into());
        }
        self.stream.read_exact(&mut self.buffer[filled..whole])?;
        let status = std::str::from_utf8(&self.buffer[9..12])?.parse()?;
        Ok(Answer { status, head: &self.buffer[..head], body: &self.buffer[head..whole] })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// As [`Self::send`] and [`Self::receive`].
    pub fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.send(request)?;
        self.receive()
    }
}

impl Answer<'_> {
    /// The value of the header field `name`, which is written in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.head).ok()?;
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body as text, for messages.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.body)
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    const SPELLINGS: [&[u8]; 2] = [b"\r\ncontent-length: ", b"\r\nContent-Length: "];
    let value = SPELLINGS.iter().find_map(|name| Some(&head[memmem::find(head, name)? + name.len()..]));
    let value = value.ok_or("an answer without its length")?;
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    Ok(digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
}

/// A `POST` request.
#[must_use]
pub fn post(path: &str, headers: &str, media_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-type: {media_type}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A `POST` request with JSON.
#[must_use]
pub fn post_json(path: &str, headers: &str, body: &str) -> Vec<u8> {
    post(path, headers, "application/json", body)
}

/// A `GET` request.
#[must_use]
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()
}
