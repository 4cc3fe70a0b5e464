//! The house rules, read off the source text: who may import whom, one owner for each table, one
//! place each for time, randomness and the environment, small files, nothing of a machine committed.
//!
//! Each rule is a function from a file's path and text to its offences. Beside each stands a test
//! that plants an offence and sees it caught, and one that reads the repository.

mod house {
    pub(crate) mod imports;
    pub(crate) mod rules;
    pub(crate) mod tree;
}

use house::imports::{between_endpoints, foreign_table, services, upward};
use house::rules::{long_function, machine, outside_world, poem_in_service, too_long, unsafe_code};
use house::tree::{File, sources, tracked};

type Rule = fn(&File) -> Vec<String>;

#[track_caller]
fn holds(rule: Rule, files: &[File]) {
    assert!(!files.is_empty(), "no file was read");
    let offences: Vec<String> = files.iter().flat_map(rule).collect();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[track_caller]
fn caught(rule: Rule, path: &str, text: &str) {
    assert!(!rule(&File::new(path, text)).is_empty(), "a planted offence in {path} went unseen:\n{text}");
}

#[track_caller]
fn allowed(rule: Rule, path: &str, text: &str) {
    assert_eq!(rule(&File::new(path, text)), Vec::<String>::new(), "{path}:\n{text}");
}

#[test]
fn imports_point_down_the_bands() {
    holds(upward, &sources());
}

#[test]
fn upward_imports_are_caught() {
    caught(upward, "src/services/users/mod.rs", "use crate::web::caller::Caller;");
    caught(upward, "src/services/users/mod.rs", "use crate::{clock::Clock, services::tokens::Tokens};");
    caught(upward, "src/services/shared/mod.rs", "use super::audit;");
    caught(upward, "src/services/users/password.rs", "fn f() { super::super::sessions::end(); }");
    caught(upward, "src/error.rs", "impl From<crate::services::users::Refused> for Error {}");
    caught(upward, "src/web/failure.rs", "use crate::endpoints::operations;");
    caught(upward, "src/app.rs", "use crate::routes::routes;");
    caught(upward, "src/config.rs", "use crate::app::App;");
    caught(upward, "src/helper.rs", "");
    caught(upward, "src/config/mod.rs", "use crate::web::settings::Settings;");
}

#[test]
fn downward_imports_are_allowed() {
    allowed(upward, "src/services/sessions/mod.rs", "use crate::services::{audit::Audit, users::{Users, email}};");
    allowed(upward, "src/config/mod.rs", "use crate::{env::Env, services::users};");
    allowed(upward, "src/web/caller.rs", "use super::headers;\nuse crate::{app::App, config::Config};");
    allowed(upward, "src/services/users/mod.rs", "/// See [`crate::web::page`].\n// crate::web::page\nmod password;");
    allowed(upward, "src/services/users/mod.rs", "pub(in crate::services) fn f() {}");
    allowed(upward, "src/error.rs", "#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::web::page;\n}");
}

#[test]
fn endpoints_do_not_meet() {
    holds(between_endpoints, &sources());
}

#[test]
fn meeting_endpoints_are_caught() {
    caught(between_endpoints, "src/endpoints/login/password.rs", "use crate::endpoints::account::page;");
    caught(between_endpoints, "src/endpoints/operations.rs", "use super::session_api::Login;");
    caught(between_endpoints, "src/endpoints/login/password.rs", "use super::super::session_api::login;");
    allowed(between_endpoints, "src/endpoints/session_api/login.rs", "use super::user::UserView;");
    allowed(between_endpoints, "src/endpoints/session_api/mod.rs", "use crate::endpoints::document::Tags;");
    allowed(between_endpoints, "src/routes.rs", "use crate::endpoints::{login, account};");
}

#[test]
fn each_table_has_one_owner() {
    holds(foreign_table, &sources());
}

#[test]
fn foreign_tables_are_caught() {
    caught(foreign_table, "src/services/tokens/refresh.rs", "use entity::session::Entity as Row;");
    caught(foreign_table, "src/cli/user.rs", "use entity::{UserId, user};");
    caught(foreign_table, "src/services/sign_in.rs", "entity::audit_event::ActiveModel::default()");
    allowed(foreign_table, "src/services/users/mod.rs", "use entity::{UserId, user, username};");
    caught(foreign_table, "src/services/sessions/mod.rs", "use entity::{session, user};");
    allowed(foreign_table, "src/services/sessions/live.rs", "use entity::{session, user};");
    allowed(foreign_table, "src/services/tokens/refresh.rs", "use entity::{Timestamp, refresh_family};");
}

#[test]
fn services_know_no_http() {
    holds(poem_in_service, &sources());
}

#[test]
fn http_in_a_service_is_caught() {
    caught(poem_in_service, "src/services/users/mod.rs", "use poem::http::StatusCode;");
    caught(poem_in_service, "entity/src/user.rs", "#[derive(poem_openapi::Object)]");
    caught(poem_in_service, "src/error.rs", "impl poem::error::ResponseError for Error {}");
    allowed(poem_in_service, "src/web/failure.rs", "use poem::Response;");
    allowed(poem_in_service, "src/services/users/mod.rs", "//! Knows nothing of poem::Request.");
}

#[test]
fn time_randomness_and_environment_have_one_source_each() {
    holds(outside_world, &sources());
}

#[test]
fn other_sources_are_caught() {
    caught(outside_world, "src/services/sessions/mod.rs", "let now = std::time::SystemTime::now();");
    caught(outside_world, "src/random.rs", "let now = OffsetDateTime::now_utc();");
    caught(outside_world, "src/services/tokens/mod.rs", "getrandom::fill(&mut bytes)?;");
    caught(outside_world, "entity/src/id.rs", "Self(Uuid::new_v4())");
    caught(outside_world, "src/cli/serve.rs", "std::env::var(\"POSTERN_URL\")");
    allowed(outside_world, "src/clock.rs", "SystemTime::now()");
    allowed(outside_world, "src/env/mod.rs", "std::env::vars_os()");
    allowed(outside_world, "src/web/server.rs", "tokio::time::Instant::now()");
}

#[test]
fn files_and_functions_stay_small() {
    holds(too_long, &sources());
    holds(long_function, &sources());
}

#[test]
fn large_files_and_functions_are_caught() {
    caught(too_long, "src/app.rs", &"//\n".repeat(251));
    allowed(too_long, "src/app.rs", &"//\n".repeat(250));
    let function = |lines| format!("    pub async fn f() {{\n{}    }}\n", "        g();\n".repeat(lines));
    caught(long_function, "src/app.rs", &function(59));
    allowed(long_function, "src/app.rs", &function(58));
}

#[test]
fn nothing_of_a_machine_is_committed() {
    holds(machine, &tracked());
}

#[test]
fn traces_of_a_machine_are_caught() {
    caught(machine, "README.md", concat!("cd /ro", "ot/postern"));
    caught(machine, "tests/run", concat!("cp x /ho", "me/someone/x"));
    caught(machine, "deploy/x.json", concat!("\"resolved\": \"https://registry.np", "mjs.org/x/-/x.tgz\""));
    caught(machine, "tests/requirements.txt", concat!("--index-url https://py", "pi.org/simple"));
    caught(machine, "src/app.rs", concat!("open(\"/t", "mp/postern\")"));
    allowed(machine, "README.md", "see target/tmp/x and https://example.org/home/");
}

/// No OpenSSL, no RSA signing by the crate of the timing advisory, no unsafe code of our own.
#[test]
fn sec_157_what_is_built_in_is_what_we_chose() {
    let lock = std::fs::read_to_string("Cargo.lock").expect("the lock file");
    for unwanted in ["openssl", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{unwanted}\"\n")), "{unwanted} came into the build");
    }
    // It verifies by providers' public keys for one crate, and never holds a private key.
    let packages = lock.split("[[package]]").filter(|package| package.contains("\n \"rsa\","));
    let by: Vec<_> = packages.filter_map(|package| package.split('"').nth(1)).collect();
    assert_eq!(by, ["openidconnect"], "who needs rsa");
    let (_, jsonwebtoken) = lock.split_once("name = \"jsonwebtoken\"\nversion = \"").expect("jsonwebtoken");
    let version: Vec<u32> = jsonwebtoken.split(['.', '"']).take(2).filter_map(|part| part.parse().ok()).collect();
    assert!(version >= vec![10, 3], "{version:?}");
    let root = std::fs::read_to_string("Cargo.toml").expect("the manifest");
    assert!(root.contains("[workspace.lints.rust]\nunsafe_code = \"forbid\""));
    holds(unsafe_code, &tracked());
}

#[test]
fn sec_157_a_crate_that_could_hold_unsafe_code_is_caught() {
    caught(unsafe_code, "tests/x/Cargo.toml", "[package]\nname = \"x\"\n");
    caught(unsafe_code, "Cargo.toml", "[package]\nname = \"x\"\n\n[lints.rust]\nunsafe_code = \"warn\"\n");
    allowed(unsafe_code, "entity/Cargo.toml", "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n");
    allowed(unsafe_code, "tests/x/Cargo.toml", "[package]\nname = \"x\"\n\n[lints.rust]\nunsafe_code = \"forbid\"\n");
}

/// Who reads ARCHITECTURE.md reads the order that holds.
#[test]
fn the_page_names_the_services_in_their_order() {
    let page = std::fs::read_to_string("ARCHITECTURE.md").expect("the page");
    let order = services().collect::<Vec<_>>().join(" ");
    assert!(page.contains(&format!("\n`{order}`\n")), "ARCHITECTURE.md has another order than `{order}`");
}

/// Licences, sources and advisories are looked at in CI, and the lock file is what is built.
#[test]
fn sec_156_ci_checks_what_comes_in() {
    let ci = std::fs::read_to_string(".ci/run").expect("the CI's script");
    for check in ["deny licenses bans sources", "deny advisories", "clippy --workspace --all-targets --locked"] {
        assert!(ci.contains(&format!("{check}\n")) || ci.contains(&format!("{check} ")), "CI does not run: {check}");
    }
    let files = tracked();
    // The lock file of a workspace, which has its manifest beside it.
    let locked = files.iter().filter_map(|file| file.path.strip_suffix("Cargo.lock"));
    for workspace in locked {
        let manifest = format!(" {workspace}Cargo.toml");
        assert!(ci.contains(&manifest), "CI does not look at what {manifest} brings in");
    }
}
