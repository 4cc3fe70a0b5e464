//! What a form says when it comes back: a summary above that takes the focus, and words at the fields.

use serde::Serialize;

use crate::error::Error;

/// What is wrong with a form; the default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// The summary's heading; empty when nothing is wrong.
    pub title: String,
    /// What to do, when the problem belongs to no single field.
    pub text: String,
    /// What is wrong with single fields.
    pub fields: Vec<Problem>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field's name.
    pub field: &'static str,
    /// What to do about it, in a few words: the summary's link to the field.
    pub summary: &'static str,
    /// The whole of it, at the field.
    pub message: String,
}

impl Problems {
    /// The problems that `error` tells of: those of its fields, else `title` and its own words.
    #[must_use]
    pub fn of(error: &Error, title: &str) -> Self {
        if error.fields.is_empty() {
            return Self { title: title.to_owned(), text: error.detail.to_string(), fields: Vec::new() };
        }
        let mut fields: Vec<Problem> = Vec::new();
        for problem in &error.fields {
            let known = fields.iter_mut().find(|it| it.field == problem.field);
            match known {
                Some(known) => known.message = format!("{} {}", known.message, problem.message),
                None => fields.push(Problem {
                    field: problem.field,
                    summary: summary(problem.field),
                    message: problem.message.to_string(),
                }),
            }
        }
        Self { title: heading(fields.len()), text: String::new(), fields }
    }
}

fn heading(many: usize) -> String {
    match many {
        1 => "One thing needs another look".to_owned(),
        2 => "Two things need another look".to_owned(),
        3 => "Three things need another look".to_owned(),
        _ => "Some things need another look".to_owned(),
    }
}

fn summary(field: &str) -> &'static str {
    match field {
        "name" => "Look at the name again",
        "username" => "Choose another user name",
        "email" => "Look at the e-mail address again",
        "user_code" => "Look at the code again",
        "current_password" => "Enter your current password again",
        "password" | "new_password" => "Choose another password",
        _ => "Look at this again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, FieldProblem};

    #[test]
    fn two_problems_of_one_field_are_one_thing() {
        let error = Error::invalid(vec![
            FieldProblem::new("email", "First."),
            FieldProblem::new("password", "Second."),
            FieldProblem::new("email", "Third."),
        ]);
        let problems = Problems::of(&error, "");
        assert_eq!(problems.title, "Two things need another look");
        assert_eq!(problems.fields[0].message, "First. Third.");
    }

    #[test]
    fn a_problem_without_a_field_keeps_its_words() {
        let problems = Problems::of(&ErrorKind::WrongCredentials.into(), "You are not signed in");
        assert_eq!((problems.title.as_str(), problems.fields.len()), ("You are not signed in", 0));
        assert!(problems.text.starts_with("That e-mail and password"));
    }
}
