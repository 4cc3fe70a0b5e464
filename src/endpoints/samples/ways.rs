//! Buttons of other providers.

use crate::web::ways::Way;

/// One of each kind.
pub(super) fn all() -> Vec<Way> {
    let way = |kind: &'static str, label: &str| Way {
        id: kind.to_owned(),
        kind,
        label: format!("Continue with {label}"),
        image: false,
    };
    vec![
        way("openid", "Fernwood ID"),
        way("google", "Google"),
        way("github", "GitHub"),
        way("discord", "Discord"),
        way("facebook", "Facebook"),
        way("apple", "Apple"),
    ]
}

/// The same with words that are none.
pub(super) fn hostile() -> Vec<Way> {
    let mut ways = all();
    ways[0].label = "\"><script>alert(1)</script>".into();
    ways
}
