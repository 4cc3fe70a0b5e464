//! Pages: a struct that serialises, and the template that it fills.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::assets::{Asset, Assets};
use super::initials;
use super::settings::Looks;
use super::template::Templates;
use crate::error::Result;

/// What a template needs, one struct per page. Templates reach its fields below `page`.
pub trait Page: Serialize {
    /// The template's name.
    const TEMPLATE: &'static str;
}

/// Light, dark, or as the person's machine has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the machine has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Reads a choice; what is not known counts as no choice.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The choice as cookies and forms write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Who is signed in, as the bar of account pages shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// One or two letters in place of a picture.
    pub initials: String,
    /// The id of their picture.
    pub picture: Option<String>,
}

impl Person {
    /// The person of this name and address, and the id of their picture.
    #[must_use]
    pub fn new(name: &str, email: &str, picture: Option<&str>) -> Self {
        let initials = Some(initials::of(name)).filter(|it| !it.is_empty()).unwrap_or_else(|| initials::first(email));
        Self { name: name.to_owned(), email: email.to_owned(), initials, picture: picture.map(str::to_owned) }
    }
}

/// What every page knows of the request that it answers. Templates reach it below `visit`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Visit {
    /// The value that forms of this browser must carry.
    pub csrf: String,
    /// The request's id, to quote when asking for help.
    pub request_id: String,
    /// The request's path, below the base path.
    pub path: String,
    /// Light, dark or as the machine has it.
    pub theme: Theme,
    /// Who is signed in.
    pub person: Option<Person>,
    /// Whether other providers let people in.
    pub connections: bool,
    /// Whether they are asked before they sign out, since that may lead to a provider.
    pub asks_out: bool,
}

/// Draws pages with the operator's name, logo, colour and links.
pub struct Pages {
    templates: Templates,
    assets: Assets,
    site: Value,
}

impl Pages {
    /// Pages with these looks, below `base` (empty or `/some/path`).
    #[must_use]
    pub fn new(base: &str, looks: &Looks) -> Self {
        let assets = Assets::new(base, looks);
        let site = site(base, looks, &assets);
        Self { templates: Templates::new(looks.templates.as_deref()), assets, site }
    }

    /// The page as HTML.
    ///
    /// # Errors
    /// Only a fault of ours: a built-in template that asks for what the page does not give.
    pub fn render<P: Page>(&self, visit: &Visit, page: &P) -> Result<String> {
        let context = context! {
            site => self.site.clone(),
            visit => Value::from(Serde(visit)),
            page => Value::from(Serde(page)),
        };
        self.templates.render(P::TEMPLATE, &context)
    }

    /// Reads the operator's templates again when one has changed.
    pub fn reload_if_changed(&self) {
        self.templates.reload_if_changed();
    }

    /// Reads the operator's templates again.
    pub fn reload(&self) {
        self.templates.reload();
    }

    /// The asset of this name below `/assets/`.
    #[must_use]
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }

    /// Every asset with its name.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.assets.iter()
    }
}

/// What templates reach below `site`. Addresses are escaped here, once, for attributes in double quotes.
fn site(base: &str, looks: &Looks, assets: &Assets) -> Value {
    let address = |text: &str| Value::from_safe_string(escape(text));
    let url = |url: &Option<url::Url>| url.as_ref().map(|url| address(url.as_str()));
    let links = assets.links();
    let write_to = looks.support_email.as_ref().map(|it| address(&format!("mailto:{it}")));
    context! {
        title => &looks.title,
        initial => initials::first(&looks.title),
        base => address(base),
        help => url(&looks.help_url).or(write_to),
        privacy => url(&looks.privacy_url),
        terms => url(&looks.terms_url),
        stylesheet => address(&links.stylesheet),
        accent => links.accent.as_deref().map(address),
        script => address(&links.script),
        icon => address(&links.icon),
        logo => links.logo.as_deref().map(address),
        logo_dark => links.logo_dark.as_deref().map(address),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;").replace('<', "&lt;").replace('>', "&gt;")
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_reads_back_and_junk_is_no_choice() {
        for theme in [Theme::System, Theme::Light, Theme::Dark] {
            assert_eq!(Theme::parse(theme.as_str()), theme);
        }
        assert_eq!(Theme::parse("\"><script>"), Theme::System);
    }

    #[test]
    fn a_person_without_a_name_shows_the_first_letter_of_the_address() {
        assert_eq!(Person::new("", "maren@fernwood.example", None).initials, "M");
    }
}
