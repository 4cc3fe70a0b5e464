//! Settings of Sign in with Apple, by the chat's names.

use url::Url;

use super::super::client_secret::Signer;
use super::super::draft::Draft;
use super::super::known;
use super::{lacks, path, warn_of_plain_http};
use crate::env::{Env, Fault, files, words};

const ID: &str = "APPLE_CLIENT_ID";
const TEAM: &str = "APPLE_TEAM_ID";
const KEY: &str = "APPLE_KEY_ID";
const PATH: &str = "APPLE_PRIVATE_KEY_PATH";

/// All four together, or none of them.
pub(super) fn read(env: &mut Env, url: Option<&Url>) -> Option<Draft> {
    let line = |text: &str| words::line(text, 500);
    let id = env.optional(ID, "", "Our id at Apple: a Services ID.", line);
    let team = env.optional(TEAM, "", "The team there that it belongs to.", line);
    let key_id = env.optional(KEY, "", "The id of the key below.", line);
    let about = "File with the private key that proves it (.p8), as Apple hands it out.";
    let file = env.optional(PATH, "", about, files::existing);
    let about = "Path where people come back from there.";
    let callback = env.or("APPLE_CALLBACK_URL", "/oauth/apple/callback", about, |text| path(text, url));
    let (id, team, key_id, file, callback) = (id?, team?, key_id?, file?, callback?);
    let set = [(ID, id.is_some()), (TEAM, team.is_some()), (KEY, key_id.is_some()), (PATH, file.is_some())];
    let given = set.iter().find(|(_, is_set)| *is_set);
    if let (Some((given, _)), Some((lacking, _))) = (given, set.iter().find(|(_, is_set)| !is_set)) {
        lacks(env, given, lacking);
    }
    let (Some(id), Some(team), Some(key_id), Some(file)) = (id, team, key_id, file) else { return None };
    warn_of_plain_http(env, ID, "Apple", url);
    let pem = std::fs::read_to_string(file).unwrap_or_default();
    let Some(signer) = Signer::new(team, key_id, &pem) else {
        let right = "Name the file with the key (.p8) that Apple handed out";
        env.problem(PATH, Fault::new("names a file that holds no private key of the kind that Apple makes", right));
        return None;
    };
    let known = known::named("apple");
    Some(Draft { known, client_id: Some(id), signer: Some(signer), callback: Some(callback), ..Draft::default() })
}
