//! What a browser calls itself, in words that its owner recognises.

use serde::Serialize;

/// A device as the list of devices shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// `Firefox on macOS`.
    pub name: String,
    /// Which picture stands for it: `laptop`, `phone` or `terminal`.
    pub icon: &'static str,
}

/// What betrays a browser; the first that is found counts, since most name their ancestors too.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The same for systems, with their picture.
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("iPhone", "iPhone", "phone"),
    ("iPad", "iPad", "phone"),
    ("Android", "Android", "phone"),
    ("CrOS", "ChromeOS", "laptop"),
    ("Windows", "Windows", "laptop"),
    ("Mac OS X", "macOS", "laptop"),
    ("Linux", "Linux", "laptop"),
];

/// Reads a `User-Agent` (RFC 9110 section 10.1.5). It is only what the device says of itself.
#[must_use]
pub fn describe(user_agent: &str) -> Device {
    let browser = BROWSERS.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name);
    let system = SYSTEMS.iter().find(|(sign, ..)| user_agent.contains(sign));
    match (browser, system) {
        (Some(browser), Some((_, system, icon))) => Device { name: format!("{browser} on {system}"), icon },
        (Some(browser), None) => Device { name: browser.to_owned(), icon: "laptop" },
        (None, Some((_, system, icon))) => Device { name: format!("A browser on {system}"), icon },
        (None, None) => Device { name: product(user_agent), icon: "terminal" },
    }
}

/// The first product that it names, without its version: `curl` of `curl/8.5.0`.
fn product(user_agent: &str) -> String {
    let name: String = user_agent.chars().take_while(|it| *it != '/' && !it.is_whitespace()).take(40).collect();
    if name.is_empty() { "A device without a name".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_recognised() {
        let name = |agent: &str| describe(agent).name;
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:136.0) Gecko/20100101 Firefox/136.0";
        assert_eq!(name(mac), "Firefox on macOS");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/18.3 Mobile/15E148 Safari/604.1";
        assert_eq!(describe(phone), Device { name: "Safari on iPhone".into(), icon: "phone" });
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                       Chrome/134.0.0.0 Safari/537.36";
        assert_eq!(name(windows), "Chrome on Windows");
        assert_eq!(name(&format!("{windows} Edg/134.0.0.0")), "Edge on Windows");
    }

    #[test]
    fn other_programs_keep_their_name() {
        assert_eq!(describe("curl/8.5.0"), Device { name: "curl".into(), icon: "terminal" });
        assert_eq!(describe("").name, "A device without a name");
        assert_eq!(describe(&"é".repeat(4000)).name.chars().count(), 40);
    }
}
