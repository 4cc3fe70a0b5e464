//! A client's public keys, as it registers them (RFC 7517 section 5), and what they verify.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::vocabulary::AssertionAlgorithm;

/// How many keys a set may hold: each may have to be tried.
const MOST: usize = 16;
/// How long the modulus of an RSA key may be, in bytes: 2048 to 4096 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// A set of public keys; none of them holds a private or a symmetric part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Jwks(Value);

impl Jwks {
    /// Checks the form of `set`.
    ///
    /// # Errors
    /// With words that name the key but never show it.
    pub fn new(set: Value) -> Result<Self, String> {
        let keys = set.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
        let keys = keys.ok_or("holds no list `keys` with at least one key.")?;
        if keys.len() > MOST {
            return Err(format!("holds more than {MOST} keys."));
        }
        for (place, key) in keys.iter().enumerate() {
            check(key).map_err(|words| format!("key {} {words}", place + 1))?;
        }
        Ok(Self(set))
    }

    /// The keys of a `set` that its owner publishes, none where all were taken out. Those that cannot be
    /// read here are left out, for sets are shared with other uses and other times (RFC 7517 section 5); so
    /// is one whose private part stands beside it: whoever can read the set could sign by it.
    ///
    /// # Errors
    /// With words, when there is no list of keys, or too many are in it.
    pub(super) fn published(set: &Value) -> Result<Self, String> {
        let keys = set.get("keys").and_then(Value::as_array).ok_or("holds no list `keys`.")?;
        let keys: Vec<&Value> = keys.iter().filter(|key| check(key).is_ok()).collect();
        if keys.len() > MOST { Err(format!("holds more than {MOST} keys.")) } else { Ok(Self(json!({ "keys": keys }))) }
    }

    /// Whether one of the keys could verify an assertion.
    pub(super) fn can_verify(&self) -> bool {
        self.keys().any(|key| AssertionAlgorithm::ALL.iter().any(|algorithm| key.fits(*algorithm)))
    }

    /// Whether one of the keys made `signature` over `message` by `algorithm`. Where the key has a
    /// name in the token, `kid`, those that are called otherwise are not tried.
    pub(super) fn verifies(
        &self,
        algorithm: AssertionAlgorithm,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let is_meant = |key: &Key| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid;
        let candidates = self.keys().filter(|key| key.fits(algorithm) && is_meant(key));
        candidates.filter_map(|key| key.parsed(algorithm)).any(|public| public.verify_sig(message, signature).is_ok())
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        let keys = self.0.get("keys").and_then(Value::as_array).into_iter().flatten();
        keys.filter_map(|key| serde_json::from_value(key.clone()).ok())
    }
}

impl TryFrom<Value> for Jwks {
    type Error = String;
    fn try_from(set: Value) -> Result<Self, String> {
        Self::new(set)
    }
}

impl From<Jwks> for Value {
    fn from(set: Jwks) -> Self {
        set.0
    }
}

/// What is wrong with a key, if anything. One of a kind that verifies no assertion may stand there:
/// sets are shared with other uses.
fn check(key: &Value) -> Result<(), &'static str> {
    if !matches!(key.get("kty").and_then(Value::as_str), Some("RSA" | "EC" | "OKP")) {
        return Err("is of no kind that is read here (kty is RSA, EC or OKP).");
    }
    if key.get("d").is_some() {
        return Err("is a private key. Give the public part, and make a new pair.");
    }
    let key: Key = serde_json::from_value(key.clone()).map_err(|_| "holds a member of a wrong type.")?;
    match key.own_algorithm().map(|algorithm| key.parsed(algorithm).is_some()) {
        Some(false) if key.kty == "RSA" => Err("is no RSA key of 2048 to 4096 bits."),
        Some(false) => Err("cannot be read: its members are not those of such a key."),
        Some(true) | None => Ok(()),
    }
}

/// The members of a key that matter here.
#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// The algorithm that goes with its kind; the first of two where it has those.
    fn own_algorithm(&self) -> Option<AssertionAlgorithm> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Some(AssertionAlgorithm::Rs256),
            ("EC", Some("P-256")) => Some(AssertionAlgorithm::Es256),
            ("OKP", Some("Ed25519")) => Some(AssertionAlgorithm::EdDsa),
            _ => None,
        }
    }

    /// Whether it may verify signatures by `algorithm` (RFC 7517 sections 4.2 to 4.4).
    fn fits(&self, algorithm: AssertionAlgorithm) -> bool {
        let of_its_kind = match algorithm {
            AssertionAlgorithm::Ps256 => AssertionAlgorithm::Rs256,
            other => other,
        };
        self.own_algorithm() == Some(of_its_kind)
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm.name())
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"))
    }

    fn parsed(&self, algorithm: AssertionAlgorithm) -> Option<ParsedPublicKey> {
        let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let rsa = |parameters| {
            let (n, e) = (part(&self.n)?, part(&self.e)?);
            let fits = MODULUS.contains(&n.len());
            fits.then_some(RsaPublicKeyComponents { n, e })?.to_parsed_public_key(parameters).ok()
        };
        match algorithm {
            AssertionAlgorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
            AssertionAlgorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256),
            AssertionAlgorithm::Es256 => {
                let (x, y) = (part(&self.x)?, part(&self.y)?);
                // An uncompressed point: the sign of that, then both coordinates (SEC 1 section 2.3.3).
                let point = [[4].as_slice(), &x, &y].concat();
                (x.len() == 32).then(|| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok())?
            }
            AssertionAlgorithm::EdDsa => ParsedPublicKey::new(&ED25519, part(&self.x)?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.2, and the key of RFC 7515, appendix A.3.
    fn good() -> [Value; 2] {
        [
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
            json!({
                "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }),
        ]
    }

    #[test]
    fn sec_068_only_public_keys_that_can_be_read_are_taken() {
        assert!(Jwks::new(json!({"keys": good()})).is_ok_and(|set| set.can_verify()));
        let [ed, ec] = good();
        let with = |key: &Value, name: &str, value: Value| {
            let mut odd = key.clone();
            odd[name] = value;
            json!({"keys": [odd]})
        };
        for bad in [
            json!({}),
            json!({"keys": []}),
            json!([]),
            json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}),
            json!({"keys": [{"kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xff; 128])}]}),
            json!({"keys": [{"kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xff; 1024])}]}),
            with(&ec, "d", json!("hidden")),
            with(&ec, "y", json!("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1")),
            with(&ec, "kid", json!(7)),
            with(&ed, "x", json!("AAAA")),
            json!({"keys": vec![ed.clone(); MOST + 1]}),
        ] {
            let problem = Jwks::new(bad.clone()).expect_err("not a set of public keys");
            assert!(!problem.contains("hidden") && !problem.contains("c2VjcmV0"), "{bad}");
        }
    }

    #[test]
    fn sec_068_of_a_published_set_only_what_is_public_and_can_be_read_is_taken() {
        let [ed, ec] = good();
        let mut leaked = ec.clone();
        leaked["d"] = json!("hidden");
        let odd = [json!({"kty": "AKP", "alg": "ML-DSA-44"}), json!({"kty": "oct", "k": "c2VjcmV0"}), json!(7), leaked];
        let set = |keys: &[Value]| Jwks::published(&json!({ "keys": keys }));
        let taken = set(&[&odd[..], std::slice::from_ref(&ed)].concat()).expect("a set");
        assert_eq!(taken, Jwks::new(json!({"keys": [ed]})).expect("a set"));
        for nothing in [set(&odd), set(&[])] {
            assert!(!nothing.expect("a set").can_verify());
        }
        for bad in [set(&vec![ec; MOST + 1]), Jwks::published(&json!("keys")), Jwks::published(&json!({"keys": {}}))] {
            assert!(bad.is_err());
        }
    }

    #[test]
    fn sec_068_a_key_for_something_else_verifies_nothing() {
        let [ed, ec] = good();
        for (name, value) in [("use", json!("enc")), ("key_ops", json!(["sign"])), ("alg", json!("ES384"))] {
            let mut other = ec.clone();
            other[name] = value;
            assert!(!Jwks::new(json!({"keys": [other]})).expect("it may stand there").can_verify(), "{name}");
        }
        let mut exchange = ed;
        exchange["crv"] = json!("X25519");
        assert!(!Jwks::new(json!({"keys": [exchange]})).expect("it may stand there").can_verify());
    }
}
