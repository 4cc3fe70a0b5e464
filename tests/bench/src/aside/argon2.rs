//! The yardstick of signing in: Argon2id in a loop, its memory kept.

use std::hint::black_box;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::Result;

/// Prints hashes a second over `time`: 19 MiB, two iterations, one lane, as Postern's default.
///
/// # Errors
/// When there is not enough memory.
pub fn run(time: Duration) -> Result<()> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| error.to_string())?;
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut output, mut hashes) = ([0; 32], 0_u32);
    let began = Instant::now();
    while began.elapsed() < time {
        let salt = [u8::try_from(hashes % 256)?; 16];
        let hashed = argon2.hash_password_into_with_memory(b"gravel tulip ferry nine", &salt, &mut output, &mut memory);
        hashed.map_err(|error| error.to_string())?;
        black_box(&output);
        hashes += 1;
    }
    println!("{}", f64::from(hashes) / began.elapsed().as_secs_f64());
    Ok(())
}
