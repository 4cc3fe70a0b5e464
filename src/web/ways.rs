//! The other ways in, as buttons.

use serde::Serialize;

use url::form_urlencoded;

use crate::services::connectors::{Connector, Connectors};
use crate::web::return_to::ReturnTo;

/// A button that leads to another provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// The connector's id.
    pub id: String,
    /// The kind of provider, whose mark it shows.
    pub kind: &'static str,
    /// The words on it.
    pub label: String,
    /// Whether it shows a picture of its own instead.
    pub image: bool,
}

/// The path to which the sign-in page leads straight on, where it does: a sign-in at the one provider, and
/// from there to `return_to`.
#[must_use]
pub fn straight(connectors: &Connectors, return_to: Option<&ReturnTo>) -> Option<String> {
    let connector = connectors.straight()?;
    let going = return_to.map_or("", ReturnTo::as_str);
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", going).finish();
    Some(format!("/oauth/{}?{query}", connector.id))
}

impl From<&Connector> for Way {
    fn from(connector: &Connector) -> Self {
        Self {
            id: connector.id.clone(),
            kind: connector.known.kind,
            label: connector.label.clone(),
            image: connector.image.is_some(),
        }
    }
}
