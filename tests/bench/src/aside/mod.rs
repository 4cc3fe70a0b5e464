//! What runs in a process of its own, so that it can be bound to a core.

pub mod argon2;
pub mod codes;
pub mod rotate;
pub mod seed;
pub mod sign;
pub mod yardstick;

use postern::app::App;
use postern::clock::Clock;
use postern::config::Config;
use postern::env::Env;
use postern::random::Random;

use crate::Result;

/// The services over the `.env` and the database of the current folder, as the program builds them.
async fn app() -> Result<App> {
    let loaded = Config::load(Env::load(None), &Random::system());
    let (config, _) = loaded.map_err(|problems| format!("{problems:?}"))?;
    let app = App::build(config, Clock::system(), Random::system()).await?;
    app.database.migrate().await?;
    Ok(app)
}
