//! The yardstick of refreshing: the same rotations by the same services, without HTTP.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::task::JoinSet;

use super::seed::caller;
use crate::Result;
use crate::server::own_cpu;

/// Prints rotations a second over `time` and the microseconds of processor time that each took, of as
/// many families at once as the file at `tokens` has lines, each the newest token of its family.
///
/// # Errors
/// When a rotation fails, or gives the same token back.
pub async fn run(time: Duration, tokens: &str) -> Result<()> {
    let app = super::app().await?;
    let file = std::fs::read_to_string(tokens)?;
    let (began, worked) = (Instant::now(), own_cpu()?);
    let mut tasks = JoinSet::new();
    for token in file.lines() {
        let (app, mut token) = (app.clone(), token.to_owned());
        tasks.spawn(async move {
            let mut rotations = 0_u32;
            while began.elapsed() < time {
                let refreshed = app.tokens.refresh(&token, &caller()).await?;
                let next = refreshed.refresh_token.expose_secret();
                if *next == token {
                    return Err("the token was not rotated".into());
                }
                next.clone_into(&mut token);
                rotations += 1;
            }
            Ok::<_, crate::Fault>(rotations)
        });
    }
    let mut rotations = 0;
    while let Some(done) = tasks.join_next().await {
        rotations += done??;
    }
    let (rotations, worked) = (f64::from(rotations), own_cpu()? - worked);
    println!("{} {}", rotations / began.elapsed().as_secs_f64(), worked.as_secs_f64() * 1e6 / rotations);
    Ok(app.database.clone().close().await?)
}
