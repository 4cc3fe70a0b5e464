//! Every page with invented people, as a test that each can be drawn. The HTML lands in `target/pages`,
//! together with the assets, to be looked at in a browser.

#[cfg(test)]
mod apps;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod ways;

use std::path::{Path, PathBuf};
use std::time::Duration;

use entity::Timestamp;

use super::account::{registration, security, settings};
use super::login::{logout, password};
use super::oidc::authorize::FormPostPage;
use crate::error::{BanNotice, Error, ErrorKind, FieldProblem};
use crate::web::banned_page::BannedPage;
use crate::web::error_page::ErrorPage;
use crate::web::page::{Page, Pages, Person, Theme, Visit};
use crate::web::problems::Problems;
use crate::web::settings::{Looks, Picture};
use crate::web::when::When;

const LEAF: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#141a18" stroke-width="2" stroke-linecap="round"><path d="M12 3v18M5 9c0 4 3 6 7 6s7-2 7-6M7 6c0 3 2 5 5 5s5-2 5-5"/></svg>"##;
const NOW: Timestamp = Timestamp::from_seconds(1_773_321_600);

fn minutes_ago(minutes: u64) -> Timestamp {
    NOW - Duration::from_secs(60 * minutes)
}

fn fernwood() -> Looks {
    let address = |path: &str| url::Url::parse(&format!("https://fernwood.example/{path}")).ok();
    let picture = |bytes: String| Some(Picture { media_type: "image/svg+xml", bytes: bytes.into_bytes() });
    Looks {
        title: "Fernwood Chat".into(),
        logo: picture(LEAF.into()),
        logo_dark: picture(LEAF.replace("#141a18", "#e8edeb")),
        accent: None,
        help_url: address("help"),
        privacy_url: address("privacy"),
        terms_url: address("terms"),
        support_email: None,
        templates: None,
    }
}

fn ember() -> Looks {
    let plain = Looks { title: "Ember".into(), logo: None, logo_dark: None, help_url: None, ..fernwood() };
    Looks { accent: Some([0xa8, 0x43, 0x1f]), privacy_url: None, terms_url: None, ..plain }
}

fn visit(path: &str) -> Visit {
    Visit {
        csrf: "a-token".into(),
        request_id: "7K2M-9QF4-01HT".into(),
        path: path.into(),
        theme: Theme::System,
        person: Some(Person::new("Maren Olsen", "maren@fernwood.example", None)),
        connections: true,
        asks_out: false,
    }
}

/// A folder of pages that share their looks.
struct Album {
    folder: PathBuf,
    pages: Pages,
    base: String,
}

impl Album {
    fn new(name: &str, looks: &Looks) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages").join(name);
        let base = format!("/{name}");
        let pages = Pages::new(&base, looks);
        std::fs::create_dir_all(folder.join("assets")).unwrap();
        for (name, asset) in pages.assets() {
            std::fs::write(folder.join("assets").join(name), &asset.bytes).unwrap();
        }
        Self { folder, pages, base }
    }

    fn add<P: Page>(&self, name: &str, page: &P) -> String {
        let html = self.pages.render(&visit("/account"), page).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let inline = html.contains("<style") || html.contains(" style=") || html.contains(" onclick");
        assert!(!inline && html.matches("<script").count() == 1, "{name}: the policy forbids inline script and style");
        assert!(html.contains(&format!("href=\"{}/", self.base)), "{name}: links stand below the base path");
        // Where somebody goes on to, and that the page is to stay, are no secrets.
        let known = html.replace("/login?return_to=", "").replace("/login?redirect=false", "");
        let carries = known.contains("/login?");
        assert!(!html.contains("method=\"get\"") && !carries, "{name}: SEC-014, forms post");
        // The one form that is sent to somebody else, who must not see our token.
        let foreign = usize::from(P::TEMPLATE == FormPostPage::TEMPLATE);
        assert_eq!(html.matches("<form").count(), html.matches("name=\"csrf\"").count() + foreign, "{name}: SEC-031");
        std::fs::write(self.folder.join(format!("{name}.html")), &html).unwrap();
        html
    }
}

fn problems() -> Problems {
    let fields = vec![
        FieldProblem::new("email", "Write it in full, such as maren@example.com."),
        FieldProblem::new(
            "password",
            "That password would be guessed within an hour: it holds the name of this chat. Choose three or four \
             words that have nothing to do with each other.",
        ),
    ];
    Problems::of(&Error::invalid(fields), "")
}

fn ways_in(album: &Album) {
    use password::{LoginPage, Notice};
    let fresh = || LoginPage { sign_up: true, password: true, ways: ways::all(), ..LoginPage::default() };
    let html = album.add("login", &fresh());
    let email = || "maren@fernwood.example".to_owned();
    let wrong = Problems::of(&ErrorKind::WrongCredentials.into(), "You are not signed in");
    album.add("login-error", &LoginPage { email: email(), problems: wrong, ..fresh() });
    album.add("login-registered", &LoginPage { email: email(), notice: Some(Notice::Registered), ..fresh() });
    let going = LoginPage { notice: Some(Notice::SignInFirst), return_to: Some("sealed".into()), ..fresh() };
    album.add("login-first", &going);
    album.add("register", &registration::RegisterPage { least: 8, ..Default::default() });
    let again = registration::RegisterPage {
        name: "Maren Olsen".into(),
        email: "maren@".into(),
        problems: problems(),
        least: 8,
        ways: ways::all(),
        return_to: None,
    };
    album.add("register-problems", &again);
    let assets: usize = album.pages.assets().map(|(_, asset)| asset.bytes.len()).sum();
    assert!(html.len() + assets < 25 * 1024, "the sign-in page weighs {} in all", html.len() + assets);
}

fn ways_out(album: &Album) {
    let (name, email) = ("Maren Olsen".to_owned(), "maren@fernwood.example".to_owned());
    let asked = logout::LogoutPage { name, email, client: Some("Fernwood Chat".into()), fields: Vec::new() };
    album.add("logout-app", &asked);
    album.add("logout", &logout::LogoutPage { client: None, ..asked });
    album.add("signed-out", &logout::SignedOutPage {});
    let ban = |reason: Option<&str>, until: Option<u64>| BanNotice {
        since: minutes_ago(18),
        until: until.map(|minutes| NOW + Duration::from_secs(60 * minutes)),
        reason: reason.map(Into::into),
    };
    let until = ban(Some("Too many messages in a short time"), Some(102));
    album.add("banned", &BannedPage::new(&until, NOW));
    album.add("banned-for-good", &BannedPage::new(&ban(None, None), NOW));
    for kind in ErrorKind::ALL {
        let error = Error::from(*kind).retry_after(Duration::from_secs(240));
        album.add(&format!("error-{}", kind.code()), &ErrorPage::new(&error, NOW));
    }
}

fn account(album: &Album) {
    let changed = || Some(When::new(minutes_ago(60 * 24 * 130), NOW));
    let overview = |email_verified: bool, saved: bool| settings::OverviewPage {
        section: "/account",
        name: "Maren Olsen".into(),
        username: "maren.olsen".into(),
        email: "maren@fernwood.example".into(),
        email_verified,
        password_changed: changed(),
        saved,
    };
    album.add("account", &overview(true, false));
    album.add("account-saved", &overview(false, true));
    let name = |problems: Problems| settings::NamePage { section: "/account", name: "Maren Olsen".into(), problems };
    album.add("name", &name(Problems::default()));
    let security = |problems: Problems, saved: bool| security::SecurityPage {
        section: "/account/security",
        email: "maren@fernwood.example".into(),
        changed: changed(),
        problems,
        least: 8,
        saved,
    };
    album.add("security", &security(Problems::default(), false));
    let weak = FieldProblem::new("password", "That password would be guessed within an hour.");
    album.add("security-problems", &security(Problems::of(&Error::invalid(vec![weak]), ""), false));
    album.add("security-saved", &security(Problems::default(), true));
}

#[test]
fn every_page_can_be_drawn() {
    for (name, looks) in [("fernwood", fernwood()), ("ember", ember())] {
        let album = Album::new(name, &looks);
        ways_in(&album);
        ways_out(&album);
        account(&album);
        devices::all(&album);
        apps::all(&album);
    }
}

#[test]
fn sec_129_what_people_type_is_escaped_on_every_page() {
    let album = Album::new("hostile", &Looks { title: "<b>\"Chat\" & 'co'".into(), ..fernwood() });
    let evil = || "\"><script>alert(1)</script>".to_owned();
    let client = Some(evil());
    let logout = logout::LogoutPage { name: evil(), email: evil(), client, fields: vec![("state", evil())] };
    let login = password::LoginPage {
        email: evil(),
        return_to: Some(evil()),
        password: true,
        ways: ways::hostile(),
        ..Default::default()
    };
    for html in [
        album.add("login", &login),
        album.add(
            "register",
            &registration::RegisterPage { name: evil(), email: evil(), return_to: Some(evil()), ..Default::default() },
        ),
        album.add("logout", &logout),
    ] {
        assert!(!html.contains("<script>") && !html.contains("<b>\"Chat"), "{html}");
    }
}

#[test]
fn sec_014_a_password_field_never_comes_back_filled() {
    let pages = Pages::new("", &fernwood());
    let page = password::LoginPage {
        email: "maren@fernwood.example".into(),
        password: true,
        problems: problems(),
        ..Default::default()
    };
    let html = pages.render(&visit("/login"), &page).unwrap();
    let field = html.split("<input").find(|it| it.contains("type=\"password\"")).unwrap();
    assert!(!field.split('>').next().unwrap().contains("value="), "{field}");
}

#[test]
fn the_theme_is_chosen_without_script() {
    let pages = Pages::new("", &fernwood());
    let html = |theme: Theme| pages.render(&Visit { theme, ..visit("/") }, &logout::SignedOutPage {}).unwrap();
    assert!(html(Theme::Dark).contains("data-theme=\"dark\"") && html(Theme::Light).contains("data-theme=\"light\""));
    assert!(!html(Theme::System).contains("data-theme="));
}
