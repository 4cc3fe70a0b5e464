//! The only source of randomness.

use std::sync::Arc;

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// Fills buffers with random bytes.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

impl Random {
    /// The operating system's generator.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that makes randomness")]
    pub fn system() -> Self {
        Self::from_fn(|buffer| {
            // A machine that cannot make random numbers must not mint tokens: ending this one
            // request (or the start) is the safe answer.
            getrandom::fill(buffer).expect("the operating system's random generator answers");
        })
    }

    /// A generator that fills as `fill` does.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        (self.0)(&mut buffer);
        buffer
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}
