//! The pages that stand between a person and an app: consent, devices, what was let in.

use super::{Album, NOW, fernwood, minutes_ago};
use crate::endpoints::account::apps::{AppRow, AppsPage};
use crate::endpoints::oidc::authorize::{ConsentPage, FormPostPage, Link, UnverifiedPage};
use crate::endpoints::oidc::device::{ConfirmDevicePage, DecidedDevicePage, DevicePage};
use crate::services::grants::wrong_user_code;
use crate::web::opens::Opened;
use crate::web::problems::Problems;
use crate::web::settings::Looks;
use crate::web::when::When;

fn items() -> Vec<Opened> {
    let item = |icon, text, value: &str| Opened { icon, text, value: value.into() };
    vec![
        item("person", "see your name and picture", "Maren Olsen, maren.olsen"),
        item("mail", "see your e-mail address", "maren@fernwood.example"),
        item("again", "stay signed in while you are away", "Until you sign it out under Apps"),
    ]
}

fn links(host: &str) -> Vec<Link> {
    let link = |label, path: &str| Link { label, address: format!("https://{host}{path}"), place: host.into() };
    vec![link("Website", "/"), link("Privacy policy", "/privacy"), link("Terms of use", "/terms")]
}

fn consent(client: &str, items: Vec<Opened>) -> ConsentPage {
    ConsentPage {
        client: client.into(),
        initial: "H".into(),
        host: Some("notes.harvest.example".into()),
        described_by: None,
        is_unvouched: false,
        items,
        links: links("notes.harvest.example"),
        request: "pst_ar_key".into(),
        not_you: "/login".into(),
    }
}

fn confirm(client: &str, device: &str, items: Vec<Opened>) -> ConfirmDevicePage {
    ConfirmDevicePage {
        code: "WDJB-MJHT".into(),
        client: client.into(),
        host: Some("fernwood.example".into()),
        is_unvouched: false,
        device: device.into(),
        address: "203.0.113.24".into(),
        since: When::new(minutes_ago(2), NOW),
        items,
        not_you: "/login".into(),
    }
}

fn app(name: &str, host: Option<&str>, used: Option<u64>) -> AppRow {
    AppRow {
        id: name.to_lowercase(),
        name: name.into(),
        initial: name.chars().take(1).collect(),
        host: host.map(Into::into),
        items: items(),
        elsewhere: Vec::new(),
        since: When::new(minutes_ago(60 * 24 * 40), NOW),
        used: used.map(|minutes| When::new(minutes_ago(minutes), NOW)),
    }
}

/// Each of them, in each of its states.
pub(super) fn all(album: &Album) {
    album.add("consent", &consent("Harvest Notes", items()));
    let unknown = |host: Option<&str>| ConsentPage {
        host: host.map(Into::into),
        described_by: Some("tools.harvest.example".into()),
        is_unvouched: true,
        links: links("tools.harvest.example"),
        ..consent("Harvest Notes", items())
    };
    for (name, host, told) in [
        ("consent-unknown", Some("notes.harvest.example"), "to <b>notes.harvest.example</b>."),
        ("consent-unknown-here", None, "back to an app on this device."),
    ] {
        let html = album.add(name, &unknown(host));
        assert!(html.contains("Only <b>tools.harvest.example</b> says") && html.contains(told), "{html}");
    }
    album.add("consent-self-made", &ConsentPage { is_unvouched: true, ..consent("Harvest Notes", items()) });
    let email = "maren@fernwood.example".to_owned();
    album.add("unverified", &UnverifiedPage { client: "Harvest Notes".into(), email });
    let fields =
        vec![("code".to_owned(), "pst_ac_code".to_owned()), ("iss".to_owned(), "https://a.example".to_owned())];
    let form_post = FormPostPage { action: "https://notes.harvest.example/cb".into(), fields };
    let html = album.add("form-post", &form_post);
    assert!(!html.contains("a-token"), "an app sees no token of ours");
    album.add("device", &DevicePage::default());
    album.add("device-filled", &DevicePage { code: "WDJB-MJHT".into(), problems: Problems::default() });
    let problems = Problems::of(&wrong_user_code(), "");
    album.add("device-wrong", &DevicePage { code: "wdjb mjhx".into(), problems });
    album.add("device-confirm", &confirm("Fernwood for the terminal", "fernwood-terminal", items()));
    for (name, host, told) in [
        ("device-confirm-unknown", Some("tools.harvest.example"), "Only <b>tools.harvest.example</b> says"),
        ("device-confirm-self-made", None, "It registered itself."),
    ] {
        let html = album.add(
            name,
            &ConfirmDevicePage {
                host: host.map(Into::into),
                is_unvouched: true,
                ..confirm("Harvest Notes", "fernwood-terminal", items())
            },
        );
        assert!(html.contains(told), "{html}");
    }
    for allowed in [true, false] {
        let page = DecidedDevicePage { client: "Fernwood for the terminal".into(), allowed };
        album.add(if allowed { "device-allowed" } else { "device-denied" }, &page);
    }
    let elsewhere = vec!["https://files.fernwood.example/".to_owned()];
    let apps = vec![
        app("Fernwood Chat", Some("chat.fernwood.example"), Some(3)),
        AppRow { elsewhere, ..app("Harvest Notes", Some("notes.harvest.example"), Some(9000)) },
        app("Terminal", None, None),
    ];
    album.add("apps", &AppsPage { section: "/account/apps", apps, ended: false });
    album.add("apps-none", &AppsPage { section: "/account/apps", apps: Vec::new(), ended: true });
}

#[test]
fn sec_129_what_apps_and_devices_say_of_themselves_is_escaped() {
    let evil = "\"><script>alert(1)</script>";
    let album = Album::new("hostile-apps", &Looks { title: "<b>".into(), ..fernwood() });
    let spoken = || vec![Opened { icon: "person", text: "see", value: evil.into() }];
    let typed = DevicePage { code: evil.into(), problems: Problems::default() };
    let apps = vec![AppRow { items: spoken(), elsewhere: vec![evil.into()], ..app(evil, Some(evil), None) }];
    let fields = vec![(evil.to_owned(), evil.to_owned())];
    for html in [
        album.add(
            "consent",
            &ConsentPage { described_by: Some(evil.into()), links: links(evil), ..consent(evil, spoken()) },
        ),
        album.add("device", &typed),
        album.add("confirm", &confirm(evil, evil, spoken())),
        album.add("decided", &DecidedDevicePage { client: evil.into(), allowed: true }),
        album.add("apps", &AppsPage { section: "/account/apps", apps, ended: false }),
        album.add("unverified", &UnverifiedPage { client: evil.into(), email: evil.into() }),
        album.add("form-post", &FormPostPage { action: evil.into(), fields }),
    ] {
        assert!(!html.contains("<script>alert"), "{html}");
    }
}
