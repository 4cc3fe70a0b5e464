//! Settings of the log.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::env::{Env, Fault, words};

/// What is logged, and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `POSTERN_LOG`: a filter that `tracing-subscriber` reads.
    pub filter: String,
    /// `POSTERN_LOG_FORMAT`; none: human on a terminal, else JSON.
    pub format: Option<LogFormat>,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl LogSettings {
    pub(super) fn read(env: &mut Env) -> Option<Self> {
        let about = "What is logged: error, warn, info, debug or trace, or target=level by comma.";
        let filter = env.or("POSTERN_LOG", "info", about, |text| {
            let fault = || {
                let right = "Write error, warn, info, debug or trace, or with a target such as info,postern=debug";
                Fault::new("is no level of the log, nor a filter of it", right)
            };
            // The filter would take a lone word for a target, and log nothing of ours.
            let is_level = |piece: &str| piece.trim().parse::<LevelFilter>().is_ok();
            let is_filter = |piece: &str| piece.contains(['=', '[']) || is_level(piece);
            match EnvFilter::builder().parse(text) {
                Ok(_) if text.contains('[') || text.split(',').all(is_filter) => Ok(text.to_owned()),
                _ => Err(fault()),
            }
        });
        let format = env.optional(
            "POSTERN_LOG_FORMAT",
            "human on a terminal, else json",
            "How a line of the log looks: human or json.",
            |text| words::choice(text, &[("human", LogFormat::Human), ("json", LogFormat::Json)]),
        );
        Some(Self { filter: filter?, format: format? })
    }
}
