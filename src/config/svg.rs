//! Whether an SVG picture is only a picture.
//!
//! A logo is served from the issuer's own origin, so it must hold nothing that runs or loads. What is
//! not on the list of harmless elements is refused; the reader below knows as much of XML as tools for
//! drawing write.

const ELEMENTS: &str = " circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite \
    feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset \
    filter g line linearGradient marker mask path pattern polygon polyline radialGradient rect stop style svg symbol \
    text textPath title tspan use ";
const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Why `text` is not a harmless picture, to follow "is not a picture that can be shown: ".
pub(super) fn fault(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}'), open: Vec::new(), seen_root: false };
    reader.document().err()
}

type Step<T = ()> = Result<T, String>;

struct Reader<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    seen_root: bool,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Step {
        loop {
            let text = self.until('<').unwrap_or_else(|| std::mem::take(&mut self.rest));
            self.text(text)?;
            if self.rest.is_empty() {
                break;
            }
            self.markup()?;
        }
        if self.open.is_empty() && self.seen_root { Ok(()) } else { Err("it is cut short".into()) }
    }

    fn markup(&mut self) -> Step {
        let rest = &self.rest[1..];
        // A browser joins the texts around whatever stands here, and would see a word that we do not.
        if self.open.last() == Some(&"style") && !rest.starts_with('/') {
            return Err("its style holds more than text".into());
        }
        if let Some(comment) = rest.strip_prefix("!--") {
            let end = comment.find("-->").ok_or("a comment never ends")?;
            self.rest = &comment[end + 3..];
            return Ok(());
        }
        self.rest = rest;
        let tag = self.tag()?;
        if tag.starts_with("?xml ") && !self.seen_root {
            return Ok(());
        }
        if let Some(doctype) = tag.strip_prefix("!DOCTYPE") {
            return if doctype.contains('[') { Err("it declares entities".into()) } else { Ok(()) };
        }
        if let Some(name) = tag.strip_prefix('/') {
            let is_match = self.open.pop() == Some(name.trim_end());
            return if is_match { Ok(()) } else { Err("its elements do not nest".into()) };
        }
        self.element(tag)
    }

    /// What stands up to the next `>` outside of quotes.
    fn tag(&mut self) -> Step<&'a str> {
        let mut quote = None;
        for (at, c) in self.rest.char_indices() {
            match (quote, c) {
                (None, '>') => {
                    let tag = &self.rest[..at];
                    self.rest = &self.rest[at + 1..];
                    return Ok(tag);
                }
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                _ => {}
            }
        }
        Err("an element never ends".into())
    }

    fn element(&mut self, tag: &'a str) -> Step {
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_at(tag.find(char::is_whitespace).unwrap_or(tag.len()));
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !is_name || !ELEMENTS.contains(&format!(" {name} ")) {
            return Err(format!("it holds <{}>; export it as plain SVG", plain(name)));
        }
        let is_root = self.open.is_empty();
        if is_root && (self.seen_root || name != "svg") {
            return Err("it has other roots than one <svg>".into());
        }
        let names_svg = each_attribute(attributes)?;
        if is_root && !names_svg {
            return Err(format!("its root lacks xmlns=\"{NAMESPACE}\""));
        }
        self.seen_root = true;
        if !is_empty {
            self.open.push(name);
        }
        Ok(())
    }

    fn text(&self, text: &str) -> Step {
        match self.open.last() {
            None if !text.trim().is_empty() => Err("there is text outside of it".into()),
            Some(&"style") => loads(text).map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    fn until(&mut self, c: char) -> Option<&'a str> {
        let at = self.rest.find(c)?;
        let (before, after) = self.rest.split_at(at);
        self.rest = after;
        Some(before)
    }
}

/// Checks every attribute; answers whether they name the SVG namespace.
fn each_attribute(mut rest: &str) -> Step<bool> {
    let mut names_svg = false;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(names_svg);
        }
        let (name, after) = rest.split_once('=').ok_or("an attribute has no value")?;
        let (name, after) = (name.trim_end(), after.trim_start());
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or("an attribute has no quotes")?;
        let (value, after) = after[1..].split_once(quote).ok_or("an attribute never ends")?;
        names_svg |= attribute(name, value)?;
        rest = after;
    }
}

fn attribute(name: &str, value: &str) -> Step<bool> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
    if !name.chars().all(is_name) {
        return Err("an attribute has an odd name".into());
    }
    if name == "xmlns" {
        return if value == NAMESPACE { Ok(true) } else { Err("it is in a foreign namespace".into()) };
    }
    let local = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
    if local.starts_with("on") || local == "base" || local == "src" {
        return Err(format!("it has an attribute {name}"));
    }
    if local == "href" && !value.starts_with('#') {
        return Err("it refers to something outside of it".into());
    }
    // Entities could hide the words that are looked for below.
    let is_declaration = name.starts_with("xmlns:");
    if value.contains('&') || (!is_declaration && value.to_ascii_lowercase().contains("script:")) {
        return Err(format!("its attribute {name} holds something other than a drawing's values"));
    }
    if is_declaration { Ok(false) } else { loads(value).map_or(Ok(false), Err) }
}

/// Why a style or a value might load something.
fn loads(style: &str) -> Option<String> {
    let style: String = style.to_ascii_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let is_outside = |after: &str| !after.trim_start_matches(['"', '\'']).starts_with('#');
    if ["@", "\\", "/*", "expression", "&", "image(", "image-set("].iter().any(|word| style.contains(word)) {
        return Some("its style is more than a drawing needs".into());
    }
    style.split("url(").skip(1).any(is_outside).then(|| "it loads something from outside".into())
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).take(30).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn svg(inner: &str) -> String {
        format!("<svg xmlns=\"{NAMESPACE}\" viewBox='0 0 9 9'>{inner}</svg>")
    }

    #[test]
    fn a_drawing_is_shown() {
        let drawing = "<!-- > --><title>Chat</title><defs><linearGradient id=\"a\"><stop offset='0'/></linearGradient>\
            <style>.a{fill:url(#a)}</style></defs><g fill='url(#a)'><path d=\"M1 1h7\"/><use href='#a'/></g>";
        assert_eq!(fault(&svg(drawing)), None);
        assert_eq!(fault(&format!("\u{feff}<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n{}\n", svg(""))), None);
    }

    #[test]
    fn what_runs_or_loads_is_refused() {
        for inner in [
            "<script>1</script>",
            "<SCRIPT/>",
            "<x:script xmlns:x='http://www.w3.org/1999/xhtml'/>",
            "<foreignObject/>",
            "<image href='https://a.example/'/>",
            "<a href='#a'/>",
            "<animate attributeName='href'/>",
            "<set/>",
            "<path onload='1'/>",
            "<path ONLOAD = \"1\"/>",
            "<g xml:base='https://a.example/'/>",
            "<use href='//a.example#a'/>",
            "<use xlink:href='data:image/svg+xml,x'/>",
            "<g fill='url(https://a.example)'/>",
            "<g style='fill:u\\72l(x)'/>",
            "<style>@import 'x'</style>",
            "<style>a{b:url( \"//a\")}</style>",
            "<style><![CDATA[a]]></style>",
            "<style>a{b:u<!-- -->rl(//a)}</style>",
            "<style>u<g/>rl(//a)</style>",
            "<g a='&#106;'/>",
            "<path d='javascript:1'/>",
            "<?xml-stylesheet href='x'?>",
            "<g xmlns='http://www.w3.org/1999/xhtml'/>",
            "<g",
            "<g>",
            "</svg><svg>",
            "<path d=1/>",
            "<path d/>",
        ] {
            assert!(fault(&svg(inner)).is_some(), "{inner}");
        }
        for text in ["", "text", "<g/>", "<svg/>", "<svg>", "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"] {
            assert!(fault(text).is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(<svg|</svg|<!--|-->|<\\?xml|<g|[<>/='\"a &;#é?!\\-]){0,40}") {
            let _ = fault(&text);
        }

        #[test]
        fn no_script_gets_by(before in "[<>/='\"a!-]{0,12}", after in "[<>/='\"a!-]{0,12}") {
            let text = svg(&format!("{before}<script>{after}"));
            // Inside of quotes or a comment it is no element for a browser either.
            prop_assume!(!before.contains(['"', '\'']) && !before.contains("<!--"));
            prop_assert!(fault(&text).is_some());
        }
    }
}
