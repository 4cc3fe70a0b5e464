//! What holds for every setting.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

fn env(variables: &[(&str, &str)], file: &str) -> Env {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Env::new(variables, Some((Path::new(".env"), file)))
}

fn said(env: &Env) -> Vec<String> {
    env.problems().iter().map(ToString::to_string).collect()
}

fn word(text: &str) -> Parsed<String> {
    Ok(text.to_owned())
}

#[test]
fn the_environment_wins_over_the_file_even_when_empty() {
    let mut env = env(&[("A", "1"), ("B", "")], "A=2\nB=2\nC=2\nC= 3 ");
    assert_eq!(env.or("A", "0", "", word).as_deref(), Some("1"));
    assert_eq!(env.or("B", "0", "", word).as_deref(), Some("0"));
    assert_eq!(env.or("C", "0", "", word).as_deref(), Some("3"));
    let sources: Vec<_> = env.notes().settings.iter().map(|it| it.source.to_string()).collect();
    assert_eq!(sources, ["environment", "default", ".env:4"]);
}

#[test]
fn an_empty_switch_is_off_only_where_the_chat_has_it_so() {
    let mut env = env(&[], "A=\nB=");
    assert_eq!(env.or_off_when_empty("A", "true", ""), Some(false));
    assert_eq!(env.or("B", "true", "", words::boolean), Some(true));
    assert_eq!(env.or_off_when_empty("C", "true", ""), Some(true));
}

#[test]
fn every_problem_is_told_at_once_with_its_place_and_without_its_value() {
    let mut env = env(&[("A", "hunter2")], "\nB=hunter2");
    env.or("A", "true", "", words::boolean);
    env.or("B", "1", "", |text| numbers::integer(text, 1..=9));
    assert_eq!(
        said(&env),
        [
            "A (environment) is neither true nor false; a chat app reads this as false. Write true or false.",
            "B (.env:2) is not a whole number. Write a whole number from 1 to 9.",
        ]
    );
    assert!(env.finish(Some(())).is_err_and(|problems| problems.len() == 2));
}

#[test]
fn sec_006_a_misspelt_name_is_refused_with_the_right_one() {
    let mut env = env(
        &[("POSTERN_PORT", "tcp://10.0.0.1:3081"), ("POSTERN_SERVICE_HOST", "10.0.0.1"), ("POSTERNX", "1")],
        "POSTERN_URLL=1\npostern_listen=1\nPOSTERN-URL=1\nPOSTERN_URL_FILE=1\nPOSTERN_WHATEVER=1\nPOSTERN_KEY_FILE=1",
    );
    env.or("POSTERN_URL", "", "", word);
    env.or("POSTERN_LISTEN", "", "", word);
    env.know("POSTERN_KEY", Absent::Words(""), "", true);
    env.refuse_unknown("POSTERN_", &["POSTERN_LATER"]);
    let said: Vec<_> = env.problems().iter().map(|it| (it.setting.as_str(), it.right.as_str())).collect();
    assert_eq!(
        said,
        [
            ("POSTERN-URL", "Did you mean POSTERN_URL?"),
            ("POSTERN_URLL", "Did you mean POSTERN_URL?"),
            ("POSTERN_URL_FILE", "Write the value itself into POSTERN_URL"),
            ("POSTERN_WHATEVER", "Take it out, or look the name up in the list of settings"),
            ("postern_listen", "Did you mean POSTERN_LISTEN?"),
        ]
    );
}

#[test]
fn sec_006_a_secret_comes_from_a_file_and_a_file_open_to_all_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    std::fs::write(&path, " two words \r\n").expect("written");
    let read = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode set");
        let mut env = env(&[("KEY_FILE", path.to_str().expect("UTF-8"))], "");
        let secret = env.secret("KEY", Absent::Words(""), "").flatten();
        (secret.map(|it| it.expose_secret().to_owned()), env.notes().warnings.len(), said(&env).len())
    };
    assert_eq!(read(0o600), (Some(" two words ".into()), 0, 0));
    assert_eq!(read(0o644), (Some(" two words ".into()), 1, 0));
    std::fs::write(&path, "\n").expect("written");
    assert_eq!(read(0o600), (None, 0, 1));
    std::fs::remove_file(&path).expect("removed");
    let mut gone = env(&[("KEY_FILE", path.to_str().expect("UTF-8"))], "");
    assert!(gone.secret("KEY", Absent::Words(""), "").is_none() && said(&gone).len() == 1);
}

#[test]
fn sec_004_sec_006_a_file_that_is_named_as_a_secret_is_shown_only_when_it_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key.pem");
    std::fs::write(&path, "anything").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode set");
    let text = path.to_str().expect("UTF-8");
    for name in ["KEY", "KEY_FILE"] {
        let mut named = env(&[(name, text)], "");
        assert_eq!(named.secret_path("KEY", ""), Some(Some(path.clone())), "{name}");
        assert_eq!((named.notes().settings[0].value.as_str(), named.notes().warnings.len()), (text, 0));
    }
    for value in ["-----BEGIN PRIVATE KEY-----\nhunter2", "hunter2"] {
        let mut pasted = env(&[("KEY", value)], "");
        assert!(pasted.secret_path("KEY", "").is_none() && said(&pasted).len() == 1);
        assert!(!format!("{:?} {:?}", pasted.notes(), pasted.problems()).contains("hunter2"));
    }
    assert!(env(&[("KEY", text), ("KEY_FILE", text)], "").secret_path("KEY", "").is_none());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("mode set");
    let mut open = env(&[("KEY", text)], "");
    assert!(open.secret_path("KEY", "").is_some() && open.notes().warnings.len() == 1);
}

#[test]
fn a_secret_given_twice_is_refused_and_a_cut_one_warned_of() {
    let mut twice = env(&[("KEY", "a"), ("KEY_FILE", "b")], "");
    assert!(twice.secret("KEY", Absent::Words(""), "").is_none() && said(&twice).len() == 1);
    let mut cut = env(&[], "KEY=pa#ss\nOTHER='pa#ss'");
    cut.secret("KEY", Absent::Words(""), "");
    cut.secret("OTHER", Absent::Words(""), "");
    assert_eq!(cut.notes().warnings.iter().map(|it| it.setting.as_str()).collect::<Vec<_>>(), ["KEY"]);
}

proptest! {
    #[test]
    fn sec_004_no_value_of_a_secret_is_ever_shown(value in "[a-zA-Z0-9#'\"=]{12,40}") {
        let mut env = env(&[("A", &value)], &format!("B={value}"));
        for name in ["A", "B"] {
            env.secret(name, Absent::Words(""), "");
        }
        env.or("C", "", "", word);
        env.problem("A", Fault::new("is bad", "Do better"));
        let shown = format!("{env:?} {:?} {:?}", env.notes(), env.problems());
        prop_assert!(!shown.contains(&value));
        prop_assert!(env.notes().settings.iter().filter(|it| it.secret).all(|it| it.value == "[redacted]" || it.value.is_empty()));
    }
}
