use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::authority::Authority;
use super::testing::{LONG, certificate, put, showing};
use super::*;
use crate::services::database::Location;

const DAY: i64 = 86_400_000;
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A place for what we make, and a clock that can be moved.
struct Place {
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

impl Place {
    fn new() -> Self {
        let now = Arc::new(AtomicI64::new(NOW.millis()));
        Self { folder: tempfile::tempdir().expect("a folder"), now }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("data").join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    fn open_at(&self, url: &str) -> Result<Certificates> {
        let mut env = crate::env::Env::new([("POSTERN_TLS".into(), "internal".into())], None);
        let location = Location::Sqlite(self.path("postern.db"));
        let url = url::Url::parse(url).expect("a URL");
        let settings = Settings::read(&mut env, Some(&url), Some(&location)).flatten().expect("good settings");
        let now = Arc::clone(&self.now);
        let clock = Clock::from_fn(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
        Certificates::open(&settings, clock, Random::system())
    }

    fn open(&self) -> Certificates {
        self.open_at("https://localhost:3081").expect("opened")
    }

    fn pass(&self, days: i64) {
        self.now.fetch_add(days * DAY, Ordering::SeqCst);
    }

    fn vouches_for(&self, shown: &Certificates, at: Timestamp) -> bool {
        let authority = Authority::read(self.text("postern.ca.key").as_bytes()).expect("an authority");
        authority.vouches_for(&leaf(shown), at)
    }
}

fn leaf(shown: &Certificates) -> CertificateDer<'static> {
    shown.current().cert[0].clone()
}

fn names(shown: &Certificates, name: &str) -> bool {
    pair::is_for(&leaf(shown), &name.to_owned().try_into().expect("a name"))
}

#[test]
fn sec_008_an_authority_and_a_certificate_are_made_once_and_kept_private() {
    let place = Place::new();
    let shown = place.open();
    let (authority, server) = (place.text("postern.ca.pem"), place.text("postern.tls.pem"));
    let mode = |path: &Path| path.metadata().expect("made").permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("")), 0o700);
    for file in ["postern.ca.pem", "postern.ca.key", "postern.tls.pem"] {
        assert_eq!(mode(&place.path(file)), 0o600, "{file}");
    }
    assert_eq!(std::fs::read_dir(place.path("")).expect("listed").count(), 3);
    assert!(authority.contains("CERTIFICATE") && !authority.contains("KEY"), "what is handed out holds no key");
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(names(&shown, name), "{name}");
    }
    assert!(!names(&shown, "example.com") && place.vouches_for(&shown, NOW));
    place.pass(30);
    assert_eq!(leaf(&place.open()), leaf(&shown));
    assert_eq!((place.text("postern.ca.pem"), place.text("postern.tls.pem")), (authority, server));
}

#[tokio::test]
async fn a_made_certificate_is_made_anew_when_a_third_of_its_life_is_left() {
    let place = Place::new();
    let shown = place.open();
    let (first, authority) = (leaf(&shown), place.text("postern.ca.pem"));
    place.pass(59);
    shown.renew().await;
    assert_eq!(leaf(&shown), first);
    place.pass(2);
    shown.renew().await;
    assert_ne!(leaf(&shown), first);
    assert!(place.vouches_for(&shown, NOW + Duration::from_secs(61 * 86_400)), "by the authority from before");
    assert_eq!(place.text("postern.ca.pem"), authority);
    // Another server on the same database, or the next start, takes what is there.
    assert_eq!(leaf(&place.open()), leaf(&shown));
    place.pass(1000);
    let late = place.open();
    assert_ne!(leaf(&late), leaf(&shown));
}

#[test]
fn another_address_gets_another_certificate_of_the_same_authority() {
    let place = Place::new();
    let first = place.open();
    for (url, name) in [("https://auth.example.com/auth", "auth.example.com"), ("https://[2001:db8::1]", "2001:db8::1")]
    {
        let shown = place.open_at(url).expect("opened");
        assert!(names(&shown, name) && names(&shown, "localhost") && leaf(&shown) != leaf(&first), "{url}");
        assert!(place.vouches_for(&shown, NOW));
    }
}

#[test]
fn servers_that_start_at_once_agree_on_the_authority() {
    let place = Place::new();
    let shown: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| place.open())).collect();
        starts.into_iter().map(|it| it.join().expect("started")).collect()
    });
    assert!(shown.iter().all(|it| place.vouches_for(it, NOW)));
    assert!(place.text("postern.ca.key").contains(&place.text("postern.ca.pem")));
}

#[test]
fn what_is_damaged_is_made_anew_but_never_the_authority() {
    let place = Place::new();
    let first = place.open();
    std::fs::write(place.path("postern.tls.pem"), "nothing").expect("written");
    std::fs::remove_file(place.path("postern.ca.pem")).expect("removed");
    let second = place.open();
    assert!(leaf(&second) != leaf(&first) && place.vouches_for(&second, NOW));
    assert!(place.text("postern.ca.pem").contains("CERTIFICATE"));
    place.pass(3651);
    let expired = place.open_at("https://localhost").expect_err("it has expired").detail;
    assert!(expired.contains("postern.ca.key") && expired.contains("has expired"), "{expired}");
    std::fs::write(place.path("postern.ca.key"), "nothing").expect("written");
    let damaged = place.open_at("https://localhost").expect_err("it is damaged").detail;
    assert!(damaged.contains("postern.ca.key") && damaged.contains("damaged"), "{damaged}");
    assert_eq!(place.text("postern.ca.key"), "nothing");
}

#[test]
fn what_is_handed_out_can_be_loaded_as_a_root() {
    let place = Place::new();
    place.open();
    let root = CertificateDer::from_pem_slice(place.text("postern.ca.pem").as_bytes()).expect("a certificate");
    assert!(rustls::RootCertStore::empty().add(root).is_ok());
}

#[test]
fn every_fault_of_the_operators_files_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, other) = (certificate("a.example", LONG), certificate("a.example", LONG));
    let (past, future) = (certificate("a.example", (0, 86_400)), certificate("a.example", (4_000_000_000, LONG.1)));
    let faults = |pair: (&str, &str)| {
        let files = put(folder.path(), &(pair.0.to_owned(), pair.1.to_owned()));
        let faults = pair::read(&files, NOW).err().unwrap_or_default();
        assert!(!pair::told(&faults).contains("MII"), "nothing of what they hold is told");
        faults.into_iter().map(|(name, fault)| (name, fault.wrong.into_owned())).collect::<Vec<_>>()
    };
    let both = |text: &str| {
        let told = faults((text, text));
        assert_eq!(
            told.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["POSTERN_TLS_CERTIFICATE", "POSTERN_TLS_KEY"]
        );
    };
    assert_eq!(faults((&good.0, &good.1)), []);
    // One file may hold both, in either order.
    for together in [[good.0.clone(), good.1.clone()].concat(), [good.1.clone(), good.0.clone()].concat()] {
        assert_eq!(faults((&together, &together)), []);
    }
    both("");
    both("nothing of the kind");
    both("-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n****\n");
    both(
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    );
    let told = |pair, setting: &str, words: &str| {
        let told = faults(pair);
        assert!(told.len() == 1 && told[0].0 == setting && told[0].1.contains(words), "{told:?}");
    };
    told((&good.0, &other.1), "POSTERN_TLS_KEY", "does not belong");
    told((&past.0, &past.1), "POSTERN_TLS_CERTIFICATE", "expired at 1970-01-02T00:00:00Z");
    told((&future.0, &future.1), "POSTERN_TLS_CERTIFICATE", "not good before 2096-10-02");
    assert_eq!(faults((&past.0, &good.1)).len(), 2, "expired, and not its key");
    let gone = Files { certificate: "no/such/file".into(), key: "/dev/zero".into() };
    assert_eq!(pair::read(&gone, NOW).expect_err("nothing there").len(), 2);
}

#[tokio::test]
async fn a_changed_pair_is_shown_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (certificate("one.example", LONG), certificate("two.example", LONG));
    let shown = showing(put(folder.path(), &one));
    let first = leaf(&shown);
    shown.renew().await;
    assert_eq!(leaf(&shown), first);
    for bad in [(two.0.clone(), one.1.clone()), (String::new(), String::new()), certificate("a.example", (0, 1))] {
        put(folder.path(), &bad);
        shown.renew().await;
        assert!(leaf(&shown) == first && names(&shown, "one.example"));
    }
    put(folder.path(), &two);
    shown.renew().await;
    assert!(leaf(&shown) != first && names(&shown, "two.example"));
}
