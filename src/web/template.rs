//! The templates: built in, with the operator's folder laid over.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use rust_embed::RustEmbed;

use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "src/web/templates"]
struct Embedded;

/// Draws templates. A broken one of the operator's is named in the log and ours stands in.
pub struct Templates {
    built_in: Environment<'static>,
    operators: Option<Operators>,
}

/// The operator's templates, as they were at the last look.
struct Operators {
    folder: PathBuf,
    drawn_from: RwLock<Arc<Environment<'static>>>,
    seen: Mutex<Vec<Seen>>,
}

/// A file of the folder: its path, and when and how large it was last written.
type Seen = (PathBuf, Option<SystemTime>, u64);

impl Templates {
    /// The built-in templates, with `folder` laid over.
    #[must_use]
    pub fn new(folder: Option<&Path>) -> Self {
        let mut built_in = Environment::new();
        built_in.set_undefined_behavior(UndefinedBehavior::Strict);
        built_in.set_auto_escape_callback(|_| AutoEscape::Html);
        if let Ok(tidy) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            built_in.set_syntax(tidy);
        }
        for name in Embedded::iter() {
            let source = Embedded::get(&name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
            if let Err(error) = built_in.add_template_owned(name.into_owned(), source.unwrap_or_default()) {
                say_broken(&error);
            }
        }
        let operators = folder.map(|folder| Operators {
            folder: folder.to_owned(),
            seen: Mutex::new(look(folder)),
            drawn_from: RwLock::new(Arc::new(overlay(built_in.clone(), folder))),
        });
        Self { built_in, operators }
    }

    /// Reads the operator's folder again when a file of it has changed since the last look.
    pub fn reload_if_changed(&self) {
        self.reload_when(|before, now| before != now);
    }

    /// Reads the operator's folder again, whatever its files look like from outside.
    pub fn reload(&self) {
        self.reload_when(|_, _| true);
    }

    fn reload_when(&self, is_due: fn(&[Seen], &[Seen]) -> bool) {
        let Some(operators) = &self.operators else { return };
        let mut seen = operators.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = look(&operators.folder);
        if is_due(&seen, &now) {
            let read = Arc::new(overlay(self.built_in.clone(), &operators.folder));
            *operators.drawn_from.write().unwrap_or_else(PoisonError::into_inner) = read;
            *seen = now;
            tracing::info!("read the templates again");
        }
    }

    /// Fills in the template `name`.
    ///
    /// # Errors
    /// Only a fault of ours: a built-in template that asks for what the page does not give.
    pub fn render(&self, name: &str, context: &Value) -> Result<String> {
        if let Some(operators) = &self.operators {
            let operators = Arc::clone(&operators.drawn_from.read().unwrap_or_else(PoisonError::into_inner));
            match draw(&operators, name, context) {
                Ok(html) => return Ok(html),
                Err(error) => say_broken(&error),
            }
        }
        draw(&self.built_in, name, context).map_err(Error::internal)
    }
}

fn draw(environment: &Environment<'_>, name: &str, context: &Value) -> Result<String, minijinja::Error> {
    environment.get_template(name)?.render(context)
}

/// What the files of `folder` look like from outside; nothing when it cannot be read.
fn look(folder: &Path) -> Vec<Seen> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let file = |entry: std::fs::DirEntry| {
        // Not the entry's own: what a link leads to may change as well.
        let about = std::fs::metadata(entry.path()).ok();
        let (written, size) = about.map_or((None, 0), |about| (about.modified().ok(), about.len()));
        (entry.path(), written, size)
    };
    let mut files: Vec<Seen> = entries.map(file).collect();
    files.sort();
    files
}

fn overlay(mut environment: Environment<'static>, folder: &Path) -> Environment<'static> {
    let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>());
    let entries = entries.unwrap_or_else(|error| {
        tracing::error!(folder = %folder.display(), %error, "POSTERN_TEMPLATES_DIR cannot be read; the built-in templates are used");
        Vec::new()
    });
    for path in
        entries.into_iter().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "html"))
    {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            tracing::error!(template = name, %error, "a template of POSTERN_TEMPLATES_DIR cannot be read");
            String::new()
        });
        if source.is_empty() {
            continue;
        }
        if let Err(error) = environment.add_template_owned(name.to_owned(), source) {
            say_broken(&error);
        }
    }
    environment
}

fn say_broken(error: &minijinja::Error) {
    let (template, line) = (error.name().unwrap_or("?"), error.line().unwrap_or_default());
    tracing::error!(template, line, %error, "a template is broken; the built-in one stands in");
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    fn with_file(source: &str) -> Templates {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("probe.html"), source).unwrap();
        over(folder.path())
    }

    /// The built-in templates and one more, with `folder` laid over.
    fn over(folder: &Path) -> Templates {
        let mut templates = Templates::new(Some(folder));
        templates.built_in.add_template("probe.html", "ours {{ word }}").unwrap();
        templates.operators.as_ref().unwrap().seen.lock().unwrap().clear();
        templates.reload_if_changed();
        templates
    }

    #[test]
    fn a_changed_folder_is_read_again_and_an_unchanged_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("probe.html");
        let templates = over(folder.path());
        let drawn = || {
            templates.reload_if_changed();
            templates.render("probe.html", &context!(word => "w")).unwrap()
        };
        let current = || Arc::clone(&templates.operators.as_ref().unwrap().drawn_from.read().unwrap());
        assert_eq!(drawn(), "ours w");
        for (source, shown) in [("new {{ word }}", "new w"), ("newer {{ word }}", "newer w"), ("{% broken", "ours w")] {
            std::fs::write(&file, source).unwrap();
            assert_eq!(drawn(), shown);
            let before = current();
            assert_eq!(drawn(), shown);
            assert!(Arc::ptr_eq(&before, &current()), "nothing had changed");
        }
        std::fs::remove_file(&file).unwrap();
        assert_eq!(drawn(), "ours w");
    }

    #[test]
    fn every_built_in_template_parses() {
        let templates = Templates::new(None);
        for name in Embedded::iter() {
            assert!(templates.built_in.get_template(&name).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_operators_template_wins() {
        assert_eq!(with_file("theirs {{ word }}").render("probe.html", &context!(word => "w")).unwrap(), "theirs w");
    }

    #[test]
    fn ours_stands_in_for_one_that_does_not_parse_or_asks_for_what_is_not_there() {
        for broken in ["{% if %}", "{{ nothing.of.that }}", "{% include 'missing.html' %}"] {
            assert_eq!(with_file(broken).render("probe.html", &context!(word => "w")).unwrap(), "ours w", "{broken}");
        }
    }

    #[test]
    fn sec_129_text_is_escaped() {
        let html =
            with_file("<a title=\"{{ word }}\">{{ word }}</a>").render("probe.html", &context!(word => "<b>\"'&"));
        assert!(!html.unwrap().contains("<b>"));
    }

    #[test]
    fn a_folder_that_is_not_there_leaves_the_built_in_ones() {
        let templates = Templates::new(Some(Path::new("/nowhere/at/all")));
        let operators = templates.operators.unwrap().drawn_from.into_inner().unwrap();
        assert!(operators.get_template("layout.html").is_ok());
    }
}
