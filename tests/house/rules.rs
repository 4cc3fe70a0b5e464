//! Rules on single files: what they may touch, how long they may be, what they may tell.

use super::tree::File;

const LONGEST_FILE: usize = 250;
const LONGEST_FUNCTION: usize = 60;

/// Each source of the outside world: the files that may use it, and the words that show its use.
/// A monotonic `Instant` is no source of time here: it measures how long something took.
const OUTSIDE: [(&[&str], &[&str]); 3] = [
    (&["src/clock.rs"], &["SystemTime::now", "::now_utc", "::now_local", "Utc::now"]),
    (
        &["src/random.rs"],
        &["getrandom::", "rand::", "OsRng", "SystemRandom", "new_v4", "now_v7", "SaltString::generate"],
    ),
    (&["src/env.rs", "src/env/"], &["env::var", "env::vars", "env::set_var"]),
];

/// Places that hold nothing but what one machine has, and hosts that a package client is set up with.
/// In two pieces, so that this file does not offend against its own rule.
const OF_A_MACHINE: [(&str, &str); 10] = [
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/t", "mp/"),
    ("/wo", "rk/"),
    ("index.cr", "ates.io"),
    ("static.cr", "ates.io"),
    ("registry.np", "mjs.org"),
    ("py", "pi.org/simple"),
    ("pythonho", "sted.org"),
    ("artif", "actory"),
];

/// A service, a leaf or a row that knows the web framework.
pub(crate) fn poem_in_service(file: &File) -> Vec<String> {
    let leaf = ["src/clock", "src/random", "src/env", "src/error", "src/secret"];
    let low = ["src/services/", "entity/", "migration/"];
    if !leaf.iter().chain(&low).any(|root| file.path.starts_with(root)) {
        return Vec::new();
    }
    let product = file.product();
    let offences =
        ["poem::", "poem_openapi", "hyper::", "hyper_util::"].into_iter().filter(|word| product.contains(word));
    offences.map(|word| file.offence(&format!("knows {word}"))).collect()
}

/// Time, randomness or the environment from elsewhere than their one place.
pub(crate) fn outside_world(file: &File) -> Vec<String> {
    let product = file.product();
    let mut offences = Vec::new();
    for (homes, words) in OUTSIDE {
        if homes.iter().any(|home| file.path.starts_with(home)) {
            continue;
        }
        let used = words.iter().filter(|word| contains_word(&product, word));
        offences.extend(used.map(|word| file.offence(&format!("uses {word}; only {} may", homes.join(", ")))));
    }
    offences
}

/// A file that nobody reads in one sitting.
pub(crate) fn too_long(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    let words = format!("{lines} lines, at most {LONGEST_FILE}");
    (lines > LONGEST_FILE).then(|| file.offence(&words)).into_iter().collect()
}

/// A function above the limit, from its signature to the brace that closes it (the text is formatted).
pub(crate) fn long_function(file: &File) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut offences = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| opens_function(line)) {
        let indent = &line[..line.len() - line.trim_start().len()];
        let close = format!("{indent}}}");
        let inside = lines[start..].iter().take_while(|it| **it != close).count();
        if inside + 1 > LONGEST_FUNCTION {
            offences.push(file.offence(&format!(
                "{} lines in `{}`, at most {LONGEST_FUNCTION}",
                inside + 1,
                line.trim()
            )));
        }
    }
    offences
}

/// Whether a line begins a function that has a body of several lines.
fn opens_function(line: &str) -> bool {
    let code = line.trim_start();
    let signature = ["fn ", "async fn ", "const fn "]
        .iter()
        .any(|word| code.starts_with(word) || (code.starts_with("pub") && code.contains(&format!(" {word}"))));
    signature && !code.ends_with([';', '}'])
}

/// A path of one machine, or a package registry's host.
pub(crate) fn machine(file: &File) -> Vec<String> {
    let mut offences = Vec::new();
    for (first, second) in OF_A_MACHINE {
        let trace = [first, second].concat();
        let at_start = |at: usize| !trace.starts_with('/') || !file.text[..at].ends_with(is_path);
        if file.text.match_indices(&trace).any(|(at, _)| at_start(at)) {
            offences.push(file.offence(&format!("names {trace}")));
        }
    }
    offences
}

/// A crate whose manifest does not forbid unsafe code, by the house's lints or by lints of its own.
pub(crate) fn unsafe_code(file: &File) -> Vec<String> {
    let is_manifest = file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml");
    let forbids = ["\n[lints]\nworkspace = true\n", "\n[lints.rust]\nunsafe_code = \"forbid\"\n"];
    let is_safe = forbids.iter().any(|lints| file.text.contains(lints));
    (is_manifest && !is_safe).then(|| file.offence("does not forbid unsafe code")).into_iter().collect()
}

/// Whether a place in a text belongs to a longer path: `target/tmp/` is none of the machine's.
fn is_path(before: char) -> bool {
    before.is_alphanumeric() || matches!(before, '.' | '_' | '-' | '}' | '$' | '*' | '~')
}

fn contains_word(text: &str, word: &str) -> bool {
    let whole = |at: usize| !text[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_');
    text.match_indices(word).any(|(at, _)| word.starts_with(':') || whole(at))
}
