//! What one hashing thread works with: its block of memory and its counter.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use argon2::{Argon2, Block};

/// Memory for Argon2, kept from hash to hash: fresh pages would cost a quarter of the time.
pub(super) struct Workspace {
    blocks: Vec<Block>,
    used: usize,
    /// How many blocks of 1 KiB are kept.
    kept: usize,
    begun: Arc<AtomicU64>,
}

impl Workspace {
    pub(super) const fn new(kept: usize, begun: Arc<AtomicU64>) -> Self {
        Self { blocks: Vec::new(), used: 0, kept, begun }
    }

    /// Argon2 over `password` into `output`.
    ///
    /// # Errors
    /// When there is not enough memory, or salt or output have a length that Argon2 does not take.
    pub(super) fn argon2(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> argon2::Result<()> {
        self.begun.fetch_add(1, Relaxed);
        let needed = argon2.params().block_count();
        let missing = needed.saturating_sub(self.blocks.len());
        self.blocks.try_reserve_exact(missing).map_err(|_| argon2::Error::OutOfMemory)?;
        self.blocks.resize(self.blocks.len() + missing, Block::new());
        // An earlier hash may have left more behind than this one overwrites.
        self.used = self.used.max(needed);
        let done = argon2.hash_password_into_with_memory(password, salt, output, &mut self.blocks[..needed]);
        if self.blocks.len() > self.kept {
            self.wipe();
        }
        done
    }

    /// Bcrypt over `password`, compared with `stored`; false for a hash that cannot be read.
    pub(super) fn bcrypt(&self, password: &[u8], stored: &str) -> bool {
        self.begun.fetch_add(1, Relaxed);
        bcrypt::verify(password, stored).unwrap_or(false)
    }

    /// Overwrites what the last hash left, and gives back what a foreign one needed above the
    /// usual.
    pub(super) fn wipe(&mut self) {
        let used = self.used.min(self.blocks.len());
        self.blocks[..used].fill(Block::new());
        // Says that somebody may look, so that the overwriting is not left out.
        black_box(&mut self.blocks);
        self.used = 0;
        if self.blocks.len() > self.kept {
            self.blocks.truncate(self.kept);
            self.blocks.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_hash_stays_and_a_large_one_gives_its_memory_back() {
        let mut workspace = Workspace::new(64, Arc::default());
        for memory in [64, 8, 4096] {
            let argon2 = Argon2::from(argon2::Params::new(memory, 1, 1, None).unwrap());
            let mut output = [0; 32];
            workspace.argon2(&argon2, b"gravel tulip ferry", b"salt of 16 bytes", &mut output).unwrap();
            assert_ne!(output, [0; 32]);
            let is_kept = workspace.blocks.iter().any(|it| it.as_ref().iter().any(|word| *word != 0));
            assert_eq!(is_kept, memory <= 64, "what a large hash needed goes at once");
            workspace.wipe();
            assert_eq!((workspace.blocks.len(), workspace.blocks.capacity()), (64, 64));
            assert!(workspace.blocks.iter().all(|it| it.as_ref().iter().all(|word| *word == 0)));
        }
        assert_eq!(workspace.begun.load(Relaxed), 3);
    }
}
