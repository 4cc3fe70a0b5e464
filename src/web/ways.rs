//! The other ways in, as buttons.

use serde::Serialize;

use crate::services::connectors::Connector;

/// A button that leads to another provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// The connector's id.
    pub id: String,
    /// The kind of provider, whose mark it shows.
    pub kind: &'static str,
    /// The words on it.
    pub label: String,
}

impl From<&Connector> for Way {
    fn from(connector: &Connector) -> Self {
        Self { id: connector.id.clone(), kind: connector.known.kind, label: connector.label.clone() }
    }
}
