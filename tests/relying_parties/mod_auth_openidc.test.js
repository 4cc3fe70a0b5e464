// Debian's Apache with mod_auth_openidc 2.4.12 before an app that knows nothing of OpenID: two sites, one that proves
// itself by a secret and one by a key. Each also guards an API that takes access tokens: the first asks us about them,
// the second reads them by our keys.
//
// LEFT OUT, for it needs of a provider what ours does not have: implicit and hybrid answers, request objects, encrypted
// tokens, proofs by a certificate (mTLS) or by a JWT under the secret, token binding, front-channel logout, session frames.
// LEFT OUT, for it is about choosing among several providers, or registering with one (switched off unless an operator
// wants it): OIDCMetadataDir and its page.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { startApache } = require('./apache');
const { ISSUER, launch, context, freePort, told, member, postern, signInAt, until } = require('./world');

const SCOPE = 'openid profile email roles offline_access';

let chromium;
let apache;
let bySecret;
let byKey;

// What both sites are told.
const common = (site, id) => `
OIDCProviderMetadataURL ${ISSUER}/.well-known/openid-configuration
OIDCClientID ${id}
OIDCRedirectURI ${site}/oidc
OIDCCryptoPassphrase for-this-run-alone
# The sites share a host, and cookies know no ports.
OIDCCookie session-${id}
OIDCStateCookiePrefix state-${id}-
OIDCScope "${SCOPE}"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
OIDCPassRefreshToken On
OIDCPassIDTokenAs claims serialized
OIDCPassUserInfoAs claims json
OIDCOAuthRemoteUserClaim sub
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /admin>
  Require claim roles:admin
</Location>
<Location /api>
  AuthType oauth20
  Require valid-user
</Location>
<Location /bye>
  AuthType None
  Require all granted
</Location>`;

async function siteBySecret() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { client_secret: secret } = told('client', 'add', 'apache', '--trusted', '--introspect', 'own',
    '--redirect-uri', `${url}/oidc`, '--post-logout-redirect-uri', `${url}/bye`,
    '--backchannel-logout-uri', `${url}/oidc?logout=backchannel`);
  const lines = `${common(url, 'apache')}
OIDCClientSecret ${secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCInfoHook iat access_token access_token_expires id_token userinfo refresh_token session
OIDCOAuthServerMetadataURL ${ISSUER}/.well-known/oauth-authorization-server
OIDCOAuthIntrospectionEndpointAuth client_secret_basic
OIDCOAuthClientID apache
OIDCOAuthClientSecret ${secret}
# An answer about a token is asked for each time.
OIDCOAuthTokenIntrospectionInterval -1`;
  return { port, url, lines };
}

function siteByKey() {
  const port = process.env.FORM_POST_PORT;
  const url = `http://127.0.0.1:${port}`;
  const lines = `${common(url, 'keys-apache')}
# The keys come first, or Apache does not know the word. Without the public one it crashes.
OIDCPrivateKeyFiles app#${process.env.FOLDER}/app.key.pem
OIDCPublicKeyFiles app#${process.env.FOLDER}/app.pem
OIDCProviderTokenEndpointAuth private_key_jwt
OIDCResponseMode form_post
OIDCIDTokenSignedResponseAlg ES256
OIDCUserInfoSignedResponseAlg RS256
OIDCOAuthVerifyJwksUri ${ISSUER}/oauth2/jwks`;
  return { port, url, lines };
}

before(async () => {
  [bySecret, byKey] = [await siteBySecret(), siteByKey()];
  apache = await startApache([bySecret, byKey]);
  chromium = await launch();
});
after(async () => {
  await chromium?.close();
  await apache?.stop();
});

// What reaches the app by this page.
const seen = async (page) => JSON.parse(await page.locator('body').innerText());

// Signs somebody in at a site in a fresh browser.
async function enter(site, who) {
  const page = await (await context(chromium)).newPage();
  await signInAt(page, `${site.url}/notes?of=today`, who);
  await page.waitForURL(`${site.url}/notes?of=today`);
  return page;
}

const knocks = async (page, site) => {
  await page.goto(`${site.url}/notes`);
  return page.url().startsWith(`${ISSUER}/login`);
};

const api = async (site, token) => {
  const answer = await fetch(`${site.url}/api/notes`, { headers: { authorization: `Bearer ${token}` } });
  return answer.ok ? answer.json() : answer.status;
};

test('a site that proves itself by a secret: sign-in and userinfo', async () => {
  const who = await member();
  const told = await seen(await enter(bySecret, who));
  assert.equal(told.path, '/notes?of=today');
  assert.deepEqual([told.oidc_claim_iss, told.oidc_claim_aud], [ISSUER, 'apache']);
  assert.ok(told.oidc_claim_sid && told.oidc_claim_at_hash && told.oidc_access_token && told.oidc_refresh_token);
  const { sub, email, email_verified: isVerified, name } = JSON.parse(told.oidc_userinfo_json);
  assert.deepEqual([sub, email, isVerified, name], [told.oidc_claim_sub, who.email, true, who.name]);
});

test('a site that proves itself by a key: answers by forms, an ID token by ES256, userinfo signed', async () => {
  const who = await member();
  const page = await enter(byKey, who);
  const told = await seen(page);
  const { alg } = JSON.parse(Buffer.from(told.oidc_id_token.split('.')[0], 'base64url'));
  assert.equal(alg, 'ES256');
  assert.deepEqual([told.oidc_claim_aud, told.oidc_claim_email], ['keys-apache', who.email]);
});

test('a role opens what is for administrators, after the next sign-in', async () => {
  const who = await member();
  const page = await enter(bySecret, who);
  const status = async () => (await page.goto(`${bySecret.url}/admin`)).status();
  assert.equal(await status(), 401);
  told('user', 'set-role', who.email, 'user', 'admin');
  await page.context().clearCookies();
  await signInAt(page, `${bySecret.url}/admin`, who);
  await page.waitForURL(`${bySecret.url}/admin`);
  assert.equal(await status(), 200);
});

test('a session is refreshed, and tells of itself', async () => {
  const page = await enter(bySecret, await member());
  const first = await seen(page);
  const back = `${bySecret.url}/notes?again`;
  await page.goto(`${bySecret.url}/oidc?${new URLSearchParams({ refresh: back, access_token: first.oidc_access_token })}`);
  assert.equal(page.url(), back);
  const second = await seen(page);
  assert.notEqual(second.oidc_access_token, first.oidc_access_token);
  assert.notEqual(second.oidc_refresh_token, first.oidc_refresh_token);
  await page.goto(`${bySecret.url}/oidc?info=json`);
  const told = await seen(page);
  assert.deepEqual([told.access_token, told.userinfo.sub], [second.oidc_access_token, first.oidc_claim_sub]);
  assert.equal((await api(bySecret, first.oidc_access_token)).oidc_claim_sub, first.oidc_claim_sub, 'it lives on');
});

test('an API takes access tokens: asked about here, or read by our keys', async () => {
  const who = await member();
  const told = await seen(await enter(bySecret, who));
  const answer = await api(bySecret, told.oidc_access_token);
  assert.deepEqual([answer.path, answer.oidc_claim_email, answer.oidc_claim_token_type], ['/api/notes', who.email, 'Bearer']);
  const signed = await api(byKey, told.oidc_access_token);
  assert.deepEqual([signed.oidc_claim_sub, signed.oidc_claim_client_id], [told.oidc_claim_sub, 'apache']);
  for (const site of [bySecret, byKey]) {
    assert.equal(await api(site, `${told.oidc_access_token.slice(0, -9)}AAAAAAAAA`), 401);
  }
  postern('user', 'ban', who.email);
  await until('the ban is felt', async () => (await api(bySecret, told.oidc_access_token)) === 401);
});

test('signing out of one site signs out here, and of the other one behind its back', async () => {
  const who = await member();
  const page = await enter(bySecret, who);
  const { oidc_access_token: token } = await seen(page);
  await page.goto(`${byKey.url}/notes`);
  assert.equal((await seen(page)).oidc_claim_email, who.email, 'whoever is signed in here comes in without a word');

  await page.goto(`${bySecret.url}/oidc?${new URLSearchParams({ logout: `${bySecret.url}/bye` })}`);
  assert.equal(page.url(), `${bySecret.url}/bye`);
  assert.equal(await api(bySecret, token), 401, 'its tokens are revoked');
  await until('the other site is told', () => knocks(page, byKey));
  assert.ok(await knocks(page, bySecret));
});

test('a ban signs out of every site behind its back', async () => {
  const who = await member();
  const page = await enter(byKey, who);
  await page.goto(`${bySecret.url}/notes`);
  assert.equal((await seen(page)).path, '/notes');
  postern('user', 'ban', who.email);
  for (const site of [bySecret, byKey]) await until(`${site.url} is told`, () => knocks(page, site));
});
