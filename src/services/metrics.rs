//! Figures for Prometheus. Each is named where it is counted; nothing in a label grows with people.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Outcome {
    /// As the caller wished.
    Done,
    /// Refused for what the caller sent or is.
    Refused,
    /// Not possible now.
    Failed,
}

impl<T> From<&crate::error::Result<T>> for Outcome {
    fn from(result: &crate::error::Result<T>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) if error.kind.status() < 500 => Self::Refused,
            Err(_) => Self::Failed,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    status: u16,
}

/// The figures of this node.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<ByStatus, Counter>,
    sign_ins: Family<ByOutcome, Counter>,
    sign_ups: Family<ByOutcome, Counter>,
    refreshes: Family<ByOutcome, Counter>,
    introspections: Family<ByOutcome, Counter>,
    hashes_begun: Gauge,
    hashes_refused: Gauge,
    hashes_queued: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at nought.
    #[must_use]
    pub fn new() -> Self {
        let mut it = Self {
            registry: Registry::with_prefix("postern"),
            requests: Family::default(),
            sign_ins: Family::default(),
            sign_ups: Family::default(),
            refreshes: Family::default(),
            introspections: Family::default(),
            hashes_begun: Gauge::default(),
            hashes_refused: Gauge::default(),
            hashes_queued: Gauge::default(),
        };
        let registry = &mut it.registry;
        registry.register("http_requests", "Answers by status", it.requests.clone());
        registry.register("sign_ins", "Sign-ins by outcome", it.sign_ins.clone());
        registry.register("sign_ups", "Sign-ups by outcome", it.sign_ups.clone());
        registry.register("refreshes", "Refreshes by outcome", it.refreshes.clone());
        registry.register("introspections", "Introspections; refused means inactive", it.introspections.clone());
        registry.register("password_hashes_begun", "Password hashes begun", it.hashes_begun.clone());
        registry.register("password_hashes_refused", "Password hashes refused, queue full", it.hashes_refused.clone());
        registry.register("password_hashes_queued", "Password hashes waiting", it.hashes_queued.clone());
        it
    }

    /// An answer with `status` went out.
    pub fn answered(&self, status: u16) {
        self.requests.get_or_create(&ByStatus { status }).inc();
    }

    /// Somebody tried to sign in.
    pub fn signed_in(&self, outcome: Outcome) {
        self.sign_ins.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// Somebody tried to sign up.
    pub fn signed_up(&self, outcome: Outcome) {
        self.sign_ups.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// A refresh token came.
    pub fn refreshed(&self, outcome: Outcome) {
        self.refreshes.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// A token was inspected.
    pub fn introspected(&self, outcome: Outcome) {
        self.introspections.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// How the hashing pool fares.
    pub fn hashing(&self, begun: u64, queued: u64, refused: u64) {
        let figure = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.hashes_begun.set(figure(begun));
        self.hashes_queued.set(figure(queued));
        self.hashes_refused.set(figure(refused));
    }

    /// All figures in the `OpenMetrics` text format.
    ///
    /// # Errors
    /// None that can happen: a text takes all.
    pub fn print(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
