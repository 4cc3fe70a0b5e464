use std::time::Duration;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use crate::error::ErrorKind;
use crate::services::accounts::{Doer, NewBan};
use crate::services::testing::{FAMILY, GRACE, House, TOKEN, caller};

const SECOND: Duration = Duration::from_secs(1);

impl House {
    async fn refresh(&self, token: &str) -> Result<String, ErrorKind> {
        let refreshed = self.tokens.refresh(token, &caller()).await;
        refreshed.map(|it| it.refresh_token.expose_secret().to_owned()).map_err(|error| error.kind)
    }
}

const REFUSED: Result<String, ErrorKind> = Err(ErrorKind::Unauthenticated);

#[tokio::test(flavor = "multi_thread")]
async fn sec_039_fifty_refreshes_at_once_give_one_successor() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (_, first) = house.sign_in(&ada).await;
        let answers = futures_util::future::join_all((0..50).map(|_| house.refresh(&first))).await;
        let second = answers[0].clone().expect("a successor");
        assert_ne!(second, first);
        assert!(answers.iter().all(|answer| *answer == Ok(second.clone())), "one and the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_get_the_same_successor_and_a_lost_reply_is_recovered() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (_, first) = house.sign_in(&ada).await;
        let second = house.refresh(&first).await.unwrap();
        house.pass(GRACE - SECOND);
        assert_eq!(house.refresh(&second).await, Ok(second.clone()), "no rotation within the grace time");
        assert_eq!(house.refresh(&first).await, Ok(second.clone()));
        house.pass(GRACE);
        let third = house.refresh(&second).await.unwrap();
        assert_ne!(third, second);
        assert_eq!(house.refresh(&first).await, REFUSED, "a straggler");
        house.pass(TOKEN - SECOND);
        assert_eq!(house.refresh(&second).await, Ok(third.clone()), "the reply was lost, and is given again");
        let fourth = house.refresh(&third).await.unwrap();
        assert!(house.refresh(&fourth).await.is_ok(), "nobody was harmed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_040_any_other_repeat_ends_the_family() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (_, first) = house.sign_in(&ada).await;
        let second = house.refresh(&first).await.unwrap();
        house.refresh(&second).await.unwrap();
        house.pass(GRACE);
        assert_eq!(house.refresh(&first).await, REFUSED, "the newest has been used");
        assert_eq!(house.refresh(&second).await, REFUSED, "the family is dead");
        let (_, lost) = house.sign_in(&ada).await;
        let newest = house.refresh(&lost).await.unwrap();
        house.pass(TOKEN);
        assert_eq!(house.refresh(&lost).await, REFUSED, "too late to be a lost reply");
        assert_eq!(house.refresh(&newest).await, REFUSED);
        assert_eq!(house.audited("refresh.replayed").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_041_foreign_and_altered_tokens_touch_no_family() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (session, token) = house.sign_in(&ada).await;
        let access = house.tokens.session_token(&session, &ada).unwrap();
        let mut altered = token.clone().into_bytes();
        let last = altered.len() - 1;
        altered[last] = if altered[last] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        for odd in
            ["", "pst_rt_", access.text.expose_secret(), &altered, &token[..token.len() - 4], &format!("{token}AAAA")]
        {
            assert_eq!(house.refresh(odd).await, REFUSED, "{odd}");
        }
        assert!(house.refresh(&token).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_042_the_life_of_a_family_is_absolute() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (_, mut token) = house.sign_in(&ada).await;
        for _ in 0..6 {
            house.pass(Duration::from_secs(86_400));
            token = house.refresh(&token).await.unwrap();
        }
        house.pass(FAMILY - Duration::from_secs(6 * 86_400));
        assert_eq!(house.refresh(&token).await, REFUSED);
        assert_eq!(house.tokens.sweep(10).await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_030_sec_043_what_ends_a_person_ends_every_token_at_once() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        for act in 0..4 {
            let (session, refresh) = house.sign_in(&ada).await;
            let token = house.tokens.session_token(&session, &ada).unwrap();
            let token = token.text.expose_secret();
            assert!(house.tokens.inspect(token).await.unwrap().is_some());
            match act {
                0 => assert!(house.accounts.end_session(ada.id, session.id, Doer::command()).await.unwrap()),
                1 => {
                    house.accounts.ban(ada.id, NewBan::default(), Doer::command()).await.unwrap();
                    house.accounts.unban(ada.id, Doer::command()).await.unwrap();
                }
                2 => {
                    house.accounts.disable(ada.id, Doer::command()).await.unwrap();
                    house.accounts.enable(ada.id, Doer::command()).await.unwrap();
                }
                _ => house.accounts.delete(ada.id, Doer::command()).await.unwrap(),
            }
            assert!(house.tokens.inspect(token).await.unwrap().is_none(), "act {act}");
            assert_eq!(house.refresh(&refresh).await, REFUSED, "act {act}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_145_a_dump_holds_no_usable_token() {
    use sea_orm::EntityTrait;
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (_, first) = house.sign_in(&ada).await;
        let second = house.refresh(&first).await.unwrap();
        let rows = entity::refresh_family::Entity::find().all(house.db.database.read()).await.unwrap();
        let dump = format!("{rows:?}");
        for token in [&first, &second] {
            let secret = &token["pst_rt_".len()..];
            assert!(!dump.contains(secret));
        }
        let sealed = rows[0].sealed.clone().unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("pst_rt_"));
    }
}

/// What a holder of tokens does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Present(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![3 => (0_usize..4).prop_map(Step::Present), 1 => prop_oneof![Just(1), Just(11), Just(901)].prop_map(Step::Wait)];
    proptest::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever order tokens come back in, a family has one branch: what is given out is either
    /// the newest token or the one that follows it.
    #[test]
    fn a_family_never_branches(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::all().await.remove(0);
            let ada = house.person("ada@example.com").await;
            let (_, first) = house.sign_in(&ada).await;
            let mut given = vec![first];
            for step in steps {
                match step {
                    Step::Wait(seconds) => house.pass(Duration::from_secs(seconds)),
                    Step::Present(back) => {
                        let presented = given[given.len().saturating_sub(1 + back)].clone();
                        let newest = given.last().cloned().unwrap();
                        if let Ok(answer) = house.refresh(&presented).await && answer != newest {
                            assert_eq!(presented, newest, "only the newest is rotated");
                            assert!(!given.contains(&answer), "a token is given anew");
                            given.push(answer);
                        }
                    }
                }
            }
        });
    }
}
