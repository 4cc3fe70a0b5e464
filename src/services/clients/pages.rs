//! The pages that an app has about itself, as far as people may be led there.

use super::client::Client;
use super::metadata::Metadata;
use super::uri::{RedirectUri, WebUri, place_of};

/// A page of an app about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPage {
    /// What it is.
    pub about: About,
    /// Where it is: an https address.
    pub address: String,
    /// The host of that as people read it, with its port where that is another than that of https.
    pub place: String,
}

/// What a page of an app is about (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Itself (`client_uri`).
    Home,
    /// How it treats what it learns (`policy_uri`).
    Privacy,
    /// Its terms (`tos_uri`).
    Terms,
}

impl Client {
    /// The pages about it that people may be led to: by https alone, and for an app that nobody here has declared
    /// only those at a place that it has shown to be its own. Any other could be somebody's whom it wants to be
    /// taken for (RFC 7591 section 5).
    #[must_use]
    pub fn own_pages(&self) -> Vec<OwnPage> {
        let Metadata { client_uri, policy_uri, tos_uri, .. } = &self.metadata;
        let pages = [(About::Home, client_uri), (About::Privacy, policy_uri), (About::Terms, tos_uri)];
        let said = pages.into_iter().filter_map(|(about, page)| {
            let address = page.as_ref().map(WebUri::as_str)?;
            Some(OwnPage { about, address: address.to_owned(), place: place_of(address)? })
        });
        said.filter(|page| !self.is_unvouched() || self.stands_at(&page.place)).collect()
    }

    /// Whether the app is known to stand at `place`: its document is there, or people are sent back to there.
    fn stands_at(&self, place: &str) -> bool {
        match self.is_described() {
            true => place_of(self.id.as_str()).as_deref() == Some(place),
            false => {
                let back = self.metadata.redirect_uris.iter().map(RedirectUri::as_str);
                back.filter_map(place_of).any(|own| own == place)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::ClientId;

    use super::*;
    use crate::services::clients::Origin;
    use crate::services::clients::client::Secrets;

    fn shown(origin: Origin, id: &str, pages: [&str; 3]) -> Vec<String> {
        let page = |text: &str| text.parse().ok();
        let metadata = Metadata {
            client_uri: page(pages[0]),
            policy_uri: page(pages[1]),
            tos_uri: page(pages[2]),
            redirect_uris: ["https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb"]
                .map(|text| text.parse().expect("an address"))
                .to_vec(),
            ..Metadata::default()
        };
        let (id, secrets) = (ClientId::new(id), Secrets::default());
        let client = Client { id, metadata, origin, created_at: None, expires_at: None, secrets };
        client.own_pages().into_iter().map(|page| page.place).collect()
    }

    #[test]
    fn sec_065_an_app_that_nobody_declared_leads_only_to_where_it_stands() {
        let pages = ["https://app.example/", "https://bank.example/privacy", "https://app.example:8443/terms"];
        for declared in [Origin::File, Origin::Database] {
            assert_eq!(shown(declared, "app", pages), ["app.example", "bank.example", "app.example:8443"]);
        }
        assert_eq!(shown(Origin::Registration, "app_x", pages), ["app.example"]);
        assert_eq!(shown(Origin::Document, "https://app.example:8443/client.json", pages), ["app.example:8443"]);
    }

    #[test]
    fn only_https_is_led_to() {
        let pages = ["http://app.example/", "http://127.0.0.1/", "javascript:alert(1)"];
        for origin in [Origin::File, Origin::Registration] {
            assert!(shown(origin, "app", pages).is_empty());
        }
    }
}
