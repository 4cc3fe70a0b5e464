use std::collections::HashSet;

use entity::Names;
use sea_orm::sea_query::LockType;

use super::email::Email;
use super::username::Username;
use super::{ADMIN, Created, NewUser};
use crate::error::ErrorKind;
use crate::services::accounts::{Doer, NewBan};
use crate::services::testing::House;

fn new(email: &str) -> NewUser {
    NewUser {
        email: Email::parse(email).unwrap(),
        email_verified: false,
        name: "Maren Olsen".into(),
        username: None,
        password_hash: None,
        roles: Names::default(),
        groups: Names::default(),
        provider: "local".into(),
        may_be_first: true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_007_of_fifty_first_people_exactly_one_is_admin_and_never_another() {
    for house in House::all().await {
        let made = (0..50).map(|number| house.accounts.create(new(&format!("p{number}@example.com")), Doer::command()));
        let made = futures_util::future::join_all(made).await;
        assert!(made.iter().all(|it| matches!(it, Ok(Created::New(_)))));
        let people = house.users.list("", 100).await.unwrap();
        assert_eq!(people.len(), 50);
        assert_eq!(people.iter().filter(|user| user.roles.contains(ADMIN)).count(), 1);
        assert_eq!(people.iter().filter(|user| user.email_verified).count(), 1, "the operator's address counts");
        for user in people {
            house.accounts.delete(user.id, Doer::command()).await.unwrap();
        }
        assert!(house.users.is_empty().await.unwrap());
        let later = house.person("later@example.com").await;
        assert!(!later.roles.contains(ADMIN));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_never_makes_the_first_admin() {
    for house in House::all().await {
        let stranger = NewUser { may_be_first: false, ..new("stranger@example.com") };
        house.accounts.create(stranger, Doer::command()).await.unwrap();
        let operator = house.person("operator@example.com").await;
        assert!(operator.roles.contains(ADMIN));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_108_fifty_sign_ups_of_one_address_make_one_account() {
    for house in House::all().await {
        let forms = ["Ada@Example.com", "ada@example.com", "ADA@EXAMPLE.COM", "ada@EXAMPLE.com"];
        let tries = (0..50).map(|number| house.accounts.create(new(forms[number % forms.len()]), Doer::command()));
        let made = futures_util::future::join_all(tries).await;
        assert_eq!(made.iter().filter(|it| matches!(it, Ok(Created::New(_)))).count(), 1);
        assert_eq!(made.iter().filter(|it| matches!(it, Ok(Created::AddressTaken))).count(), 49);
        assert_eq!(house.users.list("", 100).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_name_is_given_once_for_ever() {
    for house in House::all().await {
        let mut given = HashSet::new();
        for number in 0..25 {
            let user = house.person(&format!("p{number}@example.com")).await;
            assert!(user.username.starts_with("maren"), "{}", user.username);
            assert!(given.insert(user.username), "given twice");
            house.accounts.delete(user.id, Doer::command()).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_016_a_proof_is_void_once_the_account_has_changed() {
    for house in House::all().await {
        let unchanged = async |proven: &super::User| {
            let (users, proven) = (house.users.clone(), proven.clone());
            let look = house
                .db
                .database
                .write(move |tx| Box::pin(async move { users.is_unchanged(tx, &proven, LockType::Share).await }));
            look.await.unwrap()
        };
        let proven = house.person("ada@example.com").await;
        assert!(unchanged(&proven).await);
        house.pass(std::time::Duration::from_secs(1));
        let changed = house.accounts.set_password(proven.id, "new".into(), Doer::command()).await.unwrap();
        assert!(!unchanged(&proven).await, "the password proven is not the password any more");
        assert!(unchanged(&changed).await);
        house.accounts.disable(proven.id, Doer::command()).await.unwrap();
        assert!(!unchanged(&changed).await);
        house.accounts.delete(proven.id, Doer::command()).await.unwrap();
        assert!(!unchanged(&changed).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_016_nobody_enters_who_was_banned_since_the_proof() {
    for house in House::all().await {
        let proven = house.person("ada@example.com").await;
        house.accounts.ban(proven.id, NewBan::default(), Doer::command()).await.unwrap();
        let accounts = house.accounts.clone();
        let look = house.db.database.write(move |tx| Box::pin(async move { accounts.may_enter(tx, &proven).await }));
        assert!(!look.await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_013_a_change_of_password_that_was_overtaken_changes_nothing() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (thief, _) = house.sign_in(&ada).await;
        let (owner, _) = house.sign_in(&ada).await;
        let seen = async |id| house.sessions.look_up(id).await.unwrap().unwrap();
        let (of_thief, of_owner) = (seen(thief.id).await, seen(owner.id).await);
        house.pass(std::time::Duration::from_secs(1));
        house.accounts.change_password(of_owner, "the owner's".into(), Doer::command()).await.unwrap();
        let late = house.accounts.change_password(of_thief, "the thief's".into(), Doer::command()).await;
        assert_eq!(late.unwrap_err().kind, ErrorKind::Conflict);
        let now = seen(owner.id).await;
        assert_eq!(now.user.password_hash.as_deref(), Some("the owner's"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_names_an_account_by_id_address_or_user_name() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        assert!(Username::parse(&ada.id.to_string()).is_err(), "nobody is called by another's id");
        let abroad = house.person("ada@bücher.example").await;
        for (name, user) in [
            (ada.id.to_string(), ada.id),
            ("Ada@Example.com".to_owned(), ada.id),
            (ada.username.to_uppercase(), ada.id),
            ("ada@Bücher.example".to_owned(), abroad.id),
            ("ada@xn--bcher-kva.example".to_owned(), abroad.id),
        ] {
            assert_eq!(house.users.named(&name).await.unwrap().id, user, "{name}");
        }
        house.accounts.delete(ada.id, Doer::command()).await.unwrap();
        for gone in [&ada.id.to_string(), &ada.email, &ada.username, "nobody", "' OR ''='"] {
            assert_eq!(house.users.named(gone).await.unwrap_err().kind, ErrorKind::NotFound, "{gone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_keeps_the_other_roles() {
    for house in House::all().await {
        let first = NewUser { roles: Names::new(["editor"]), ..new("first@example.com") };
        house.accounts.create(first, Doer::command()).await.unwrap();
        let roles = async |email| house.users.by_email(email).await.unwrap().unwrap().roles;
        assert_eq!(roles("first@example.com").await, Names::new([ADMIN, "editor"]));
        let ada = house.person("ada@example.com").await;
        house.accounts.set_roles(ada.id, Some(Names::new(["user", "editor"])), None, Doer::command()).await.unwrap();
        let email = Email::parse("ada@example.com").unwrap();
        house.accounts.recover_admin(email, "a hash".into(), Doer::command()).await.unwrap();
        assert_eq!(roles("ada@example.com").await, Names::new([ADMIN, "editor"]));
    }
}
