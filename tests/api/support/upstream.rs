//! Providers that let our people in: one server that speaks as an OpenID provider, and below paths of
//! their own as GitHub, Discord and Facebook do.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern::secret::sha256;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::{Url, form_urlencoded};

use super::jws::Key;

/// Who Postern is there.
pub(crate) const CLIENT_ID: &str = "postern at upstream";
pub(crate) const SECRET: &str = "a secret / with + signs";
/// The moment at which clocks of tests start, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and path, without its query.
    pub(crate) what: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) head: String,
    pub(crate) fields: HashMap<String, String>,
}

/// What is answered: status, media type with the headers after it, body.
type Said = (u16, String, String);

/// The provider.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) issuer: String,
    state: Arc<Mutex<State>>,
}

struct State {
    asked: Vec<Asked>,
    /// What is answered instead, by method and path.
    always: HashMap<String, Said>,
    /// What is answered first, in turn.
    next: HashMap<String, VecDeque<Said>>,
    /// The ID token and the challenge of each code.
    codes: HashMap<String, (String, String)>,
    key: Key,
    kid: String,
    silent: bool,
    /// What is answered by nothing.
    held_back: Vec<String>,
    /// What is answered without end.
    flooding: Vec<String>,
    flooded: usize,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = State {
            asked: Vec::new(),
            always: HashMap::new(),
            next: HashMap::new(),
            codes: HashMap::new(),
            key: Key::rsa(),
            kid: "first".into(),
            silent: false,
            held_back: Vec::new(),
            flooding: Vec::new(),
            flooded: 0,
        };
        let upstream = Self { issuer: format!("http://127.0.0.1:{port}"), state: Arc::new(Mutex::new(state)) };
        let serving = upstream.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        upstream
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// What has been asked so far of this method and path.
    pub(crate) fn asked(&self, what: &str) -> Vec<Asked> {
        self.state().asked.iter().filter(|asked| asked.what == what).cloned().collect()
    }

    /// Answers `what` so from now on.
    pub(crate) fn says(&self, what: &str, status: u16, body: &Value) {
        self.says_text(what, status, "application/json", &body.to_string());
    }

    pub(crate) fn says_text(&self, what: &str, status: u16, media_type: &'static str, body: &str) {
        self.state().always.insert(what.into(), (status, media_type.into(), body.into()));
    }

    /// Answers the next `what` so, and goes on as before.
    pub(crate) fn says_once(&self, what: &str, status: u16, body: &Value) {
        let said = (status, "application/json".into(), body.to_string());
        self.state().next.entry(what.into()).or_default().push_back(said);
    }

    /// Answers the next `what` with a page of a list that goes on at `next` (RFC 8288).
    pub(crate) fn says_page(&self, what: &str, page: &Value, next: &str) {
        let head = format!("application/json\r\nlink: <{next}>; rel=\"next\", <{next}>; rel=\"last\"");
        self.state().next.entry(what.into()).or_default().push_back((200, head, page.to_string()));
    }

    /// Takes requests and answers none.
    pub(crate) fn falls_silent(&self, silent: bool) {
        self.state().silent = silent;
    }

    /// Takes requests of this method and path, and answers none of them.
    pub(crate) fn holds_back(&self, what: &str) {
        self.state().held_back.push(what.to_owned());
    }

    /// Answers this method and path with a gigabyte, or as much of it as is taken.
    pub(crate) fn floods(&self, what: &str) {
        self.state().flooding.push(what.to_owned());
    }

    /// How many bytes of such answers were taken.
    pub(crate) fn flooded(&self) -> usize {
        self.state().flooded
    }

    /// Signs by another key from now on.
    pub(crate) fn rotates(&self, key: Key, kid: &str) {
        let mut state = self.state();
        (state.key, state.kid) = (key, kid.into());
    }

    /// The claims of a usual ID token for the request at `location`, with `more` in them; null takes
    /// one out.
    pub(crate) fn claims(&self, location: &str, more: &Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "sub": "5f1d7a84", "aud": CLIENT_ID, "iat": NOW, "exp": NOW + 3600,
            "nonce": asked_with(location, "nonce"), "email": "ada@example.com", "email_verified": true,
            "name": "Ada Example", "preferred_username": "ada",
        });
        for (name, value) in more.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        claims
    }

    /// Lets the person in whom `more` says, and answers where the browser is sent back: path and query.
    pub(crate) fn lets_in(&self, location: &str, more: &Value) -> String {
        let claims = self.claims(location, more);
        self.lets_in_with(location, &self.signed(&claims))
    }

    /// The same with exactly this ID token.
    pub(crate) fn lets_in_with(&self, location: &str, id_token: &str) -> String {
        let mut state = self.state();
        let code = format!("4/code number {}", state.codes.len() + 1);
        state.codes.insert(code.clone(), (id_token.to_owned(), asked_with(location, "code_challenge")));
        back(location, &[("code", &code), ("state", &asked_with(location, "state")), ("iss", &self.issuer)])
    }

    /// A token of these claims by the key of now.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        let state = self.state();
        let algorithm = match &state.key {
            Key::Rsa(_) => "RS256",
            Key::Ec(_) => "ES256",
            Key::Ed(_) => "EdDSA",
        };
        let header = json!({"alg": algorithm, "kid": state.kid, "typ": "JWT"});
        state.key.sign(&header, claims.to_string().as_bytes())
    }

    /// A token of these claims with this header by the key of now.
    pub(crate) fn signed_as(&self, header: &Value, claims: &Value) -> String {
        self.state().key.sign(header, claims.to_string().as_bytes())
    }

    /// The same with exactly this payload.
    pub(crate) fn signed_text(&self, header: &Value, payload: &str) -> String {
        self.state().key.sign(header, payload.as_bytes())
    }

    /// The public key of now.
    pub(crate) fn jwk(&self) -> Value {
        let state = self.state();
        state.key.jwk(&state.kid)
    }

    /// What the provider says of itself.
    pub(crate) fn document(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer, "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "end_session_endpoint": at("/bye"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA", "HS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    async fn serve(self, mut stream: TcpStream) {
        let Some(asked) = read(&mut stream).await else { return };
        let said = {
            let mut state = self.state();
            state.asked.push(asked.clone());
            if state.silent || state.held_back.contains(&asked.what) {
                None
            } else {
                let next = state.next.get_mut(&asked.what).and_then(VecDeque::pop_front);
                Some(next.or_else(|| state.always.get(&asked.what).cloned()))
            }
        };
        let Some(said) = said else { return std::future::pending().await };
        if self.state().flooding.contains(&asked.what) {
            return self.flood(stream).await;
        }
        let (status, media_type, body) = said.unwrap_or_else(|| self.usual(&asked));
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    async fn flood(&self, mut stream: TcpStream) {
        let head = format!("HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n\"", 1 << 30);
        let part = [b'a'; 1 << 16];
        let mut is_taken = stream.write_all(head.as_bytes()).await.is_ok();
        while is_taken && self.flooded() < 1 << 30 {
            is_taken = stream.write_all(&part).await.is_ok();
            self.state().flooded += part.len();
        }
    }

    fn usual(&self, asked: &Asked) -> Said {
        let json = |status, body: Value| (status, "application/json".to_owned(), body.to_string());
        match asked.what.as_str() {
            "GET /.well-known/openid-configuration" => json(200, self.document()),
            "GET /jwks" => json(200, json!({"keys": [{"kty": "oct", "k": "AAAA"}, self.jwk()]})),
            what if what.starts_with("POST ") && what.ends_with("/token") => self.exchange(asked),
            _ => json(404, json!({"error": "not_found"})),
        }
    }

    /// Exchanges a code once, for who knows the verifier.
    fn exchange(&self, asked: &Asked) -> Said {
        let json = |status, body: Value| (status, "application/json".to_owned(), body.to_string());
        let field = |name: &str| asked.fields.get(name).cloned().unwrap_or_default();
        let issued = self.state().codes.remove(&field("code"));
        let challenge = URL_SAFE_NO_PAD.encode(sha256(field("code_verifier").as_bytes()).as_bytes());
        match issued {
            Some((id_token, wanted)) if wanted == challenge && field("grant_type") == "authorization_code" => {
                json(200, json!({"access_token": "an access token", "token_type": "Bearer", "id_token": id_token}))
            }
            _ => json(400, json!({"error": "invalid_grant"})),
        }
    }
}

/// A parameter of the address that a browser was sent to.
#[track_caller]
pub(crate) fn asked_with(location: &str, name: &str) -> String {
    let url = Url::parse(location).unwrap_or_else(|error| panic!("{error}: {location}"));
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Where the browser is sent back, with these parameters: path and query.
pub(crate) fn back(location: &str, fields: &[(&str, &str)]) -> String {
    let callback = Url::parse(&asked_with(location, "redirect_uri")).expect("an address");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{}?{query}", callback.path())
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= announced.unwrap_or(0) {
            let mut words = head.split(' ');
            let (method, target) = (words.next()?, words.next()?);
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let pairs = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            let what = format!("{method} {path}");
            return Some(Asked { what, query: pairs(query), head: head.to_owned(), fields: pairs(body) });
        }
    }
}
