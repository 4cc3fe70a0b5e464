//! What a signature costs: ID tokens by the service that signs them, and nothing else.

use std::time::{Duration, Instant};

use postern::services::keys::SigningAlgorithm;
use serde_json::json;

use crate::Result;
use crate::server::own_cpu;

/// Prints the microseconds of processor time that a token takes, signed over `time` by each
/// algorithm: RS256, ES256, EdDSA.
///
/// # Errors
/// When the keys cannot be read.
pub async fn run(time: Duration) -> Result<()> {
    let app = super::app().await?;
    app.keys.maintain().await?;
    let claims = json!({
        "iss": "http://localhost:3080", "sub": "5f1d7f3c9a0b4e2d8c6a1b3f", "aud": "app", "exp": 1_772_375_700,
        "iat": 1_772_374_800, "auth_time": 1_772_374_800, "acr": "1", "amr": ["pwd"],
        "sid": "7f8a1c1e-2f54-4f0e-8f16-0d5f3a3d9b11", "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
        "nonce": "a-nonce-of-this-benchmark",
    });
    let mut costs = Vec::new();
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
        let (began, worked, mut signed) = (Instant::now(), own_cpu()?, 0_u32);
        while began.elapsed() < time {
            app.keys.sign(algorithm, "JWT", &claims).await?;
            signed += 1;
        }
        costs.push(((own_cpu()? - worked).as_secs_f64() * 1e6 / f64::from(signed)).to_string());
    }
    println!("{}", costs.join(" "));
    Ok(app.database.clone().close().await?)
}
