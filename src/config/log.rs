//! Settings of the log.

use tracing_subscriber::EnvFilter;

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
            let fault = |_| Fault::new("is not a filter of the log", "Write such as info, or info,postern=debug");
            EnvFilter::builder().parse(text).map(|_| text.to_owned()).map_err(fault)
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
