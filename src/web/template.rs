//! The templates: built in, with the operator's folder laid over.

use std::path::Path;

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
    operators: Option<Environment<'static>>,
}

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
        let operators = folder.map(|folder| overlay(built_in.clone(), folder));
        Self { built_in, operators }
    }

    /// Fills in the template `name`.
    ///
    /// # Errors
    /// Only a fault of ours: a built-in template that asks for what the page does not give.
    pub fn render(&self, name: &str, context: &Value) -> Result<String> {
        if let Some(operators) = &self.operators {
            match draw(operators, name, context) {
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
        let mut templates = Templates::new(None);
        templates.built_in.add_template("probe.html", "ours {{ word }}").unwrap();
        templates.operators = Some(overlay(templates.built_in.clone(), folder.path()));
        templates
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
        assert!(templates.operators.is_some_and(|it| it.get_template("layout.html").is_ok()));
    }
}
