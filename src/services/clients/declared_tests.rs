//! What must go together in a declared client.

use super::file_tests::{SECRET, load_text};

#[test]
fn a_pairwise_client_lives_on_one_host() {
    let told = |more: &str| {
        let text =
            format!("[[client]]\nclient_id = \"a\"\nclient_secret = \"{SECRET}\"\nsubject_type = \"pairwise\"\n{more}");
        load_text(&text).err().unwrap_or_default()
    };
    assert!(told("redirect_uris = [\"https://a.example/cb\", \"https://a.example:8443/other\"]").is_empty());
    for elsewhere in [
        "",
        "redirect_uris = [\"https://a.example/cb\", \"https://b.example/cb\"]",
        "redirect_uris = [\"com.example.app:/cb\"]",
    ] {
        let problems = told(elsewhere);
        assert!(
            problems.len() == 1 && problems[0].contains("subject_type: pairwise needs redirect_uris"),
            "{problems:?}"
        );
    }
    let hosts = "redirect_uris = [\"https://a.example/cb\", \"com.example.app:/cb\"]\n";
    let sector = |address: &str| told(&format!("{hosts}sector_identifier_uri = \"{address}\""));
    assert!(sector("https://b.example/all").is_empty());
    let problems = sector("http://b.example/all");
    assert!(problems.len() == 1 && problems[0].contains("sector_identifier_uri: must be https"), "{problems:?}");
}

#[test]
fn sec_068_a_client_that_signs_must_have_a_key_for_it() {
    let told = |keys: &str| {
        let text = format!("[[client]]\nclient_id = \"a\"\ntoken_endpoint_auth_method = \"private_key_jwt\"\n{keys}");
        load_text(&text).err().unwrap_or_default().concat()
    };
    assert!(told("").contains("needs the client's public keys"));
    assert!(
        told("jwks = { keys = [{ kty = \"EC\", crv = \"P-384\", x = \"a\", y = \"b\" }] }").contains("holds no key")
    );
    assert!(
        told("jwks = { keys = [{ kty = \"OKP\", crv = \"Ed25519\", x = \"a\" }] }").contains("key 1 cannot be read")
    );
    assert_eq!(told("jwks_uri = \"https://a.example/keys\""), "");
}
