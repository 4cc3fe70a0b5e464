// openid-client 5, which many apps still ship, as an app of any kind: everything of it that meets the provider, but for
// this.
//
// LEFT OUT, for it needs of a provider what ours does not have: implicit and hybrid answers, JARM, request objects (JAR),
// encrypted tokens, DPoP, proofs by a certificate (mTLS) or by a JWT under the secret, CIBA, WebFinger, session frames.

const assert = require('node:assert/strict');
const { createPrivateKey } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { after, before, test } = require('node:test');
const { Issuer, generators } = require('openid-client-5');
const { ISSUER, launch, told, member, visit, letIn, landing } = require('./world');

const SCOPE = 'openid profile email roles groups offline_access';

let chromium;
let land;
let who;
before(async () => ([chromium, land, who] = [await launch(), await landing(), await member()]));
after(() => Promise.all([chromium.close(), land.stop()]));

async function app(id, ...flags) {
  const callback = `${land.origin}/cb`;
  const added = told('client', 'add', id, '--for', 'generic', '--redirect-uri', callback, '--trusted', ...flags);
  const { issuer, client_id, client_secret, token_endpoint_auth_method } = added.settings;
  const provider = await Issuer.discover(issuer);
  const about = { client_id, client_secret, token_endpoint_auth_method, redirect_uris: [callback] };
  return { client: new provider.Client({ ...about, response_types: ['code'] }), callback };
}

async function appByKey(id, more) {
  const key = createPrivateKey(readFileSync(`${process.env.FOLDER}/app.key.pem`)).export({ format: 'jwk' });
  const callback = `${land.origin}/cb`;
  const about = { client_id: id, token_endpoint_auth_method: 'private_key_jwt', redirect_uris: [callback], ...more };
  const provider = await Issuer.discover(ISSUER);
  return { client: new provider.Client(about, { keys: [{ ...key, kid: 'app', use: 'sig', alg: 'RS256' }] }), callback };
}

// A whole sign-in; `asked` adds to the request, which may be pushed.
async function signIn({ client, callback }, { isPushed = false, ...asked } = {}) {
  const [verifier, state, nonce] = [generators.codeVerifier(), generators.state(), generators.nonce()];
  const request = {
    scope: SCOPE,
    state,
    nonce,
    code_challenge: generators.codeChallenge(verifier),
    code_challenge_method: 'S256',
    ...asked,
  };
  const pushed = isPushed && (await client.pushedAuthorizationRequest(request));
  const address = client.authorizationUrl(pushed ? { request_uri: pushed.request_uri } : request);
  const landed = land.next();
  const page = await visit(chromium, address, who);
  const { url, form } = await landed;
  const params = form.size > 0 ? Object.fromEntries(form) : client.callbackParams(url.href);
  assert.equal(params.iss, ISSUER);
  const checks = { state, nonce, code_verifier: verifier, response_type: 'code' };
  return { page, form, tokens: await client.callback(callback, params, checks) };
}

test('a confidential client: sign-in, userinfo, refresh, introspection, revocation', async () => {
  const it = await app('app-5', '--introspect', 'own');
  const { tokens } = await signIn(it);
  const claims = tokens.claims();
  assert.deepEqual([claims.iss, claims.aud, claims.roles], [ISSUER, 'app-5', told('user', 'show', who.email).roles]);
  assert.ok(claims.at_hash && claims.sid && claims.auth_time);

  const info = await it.client.userinfo(tokens);
  assert.deepEqual([info.sub, info.email, info.name, info.email_verified], [claims.sub, who.email, who.name, true]);

  const refreshed = await it.client.refresh(tokens);
  assert.equal(refreshed.claims().sub, claims.sub);
  for (const access of [tokens.access_token, refreshed.access_token]) {
    const told = await it.client.introspect(access, 'access_token');
    assert.deepEqual([told.active, told.sub, told.client_id], [true, claims.sub, 'app-5'], 'the former one lives on');
  }
  assert.equal((await it.client.introspect(refreshed.refresh_token)).active, true);

  await it.client.revoke(refreshed.refresh_token, 'refresh_token');
  assert.equal((await it.client.introspect(refreshed.refresh_token)).active, false);
  await assert.rejects(it.client.refresh(refreshed), { error: 'invalid_grant' });
});

for (const method of ['client_secret_basic', 'client_secret_post']) {
  test(`a client that proves itself by ${method}`, async () => {
    const it = await app(`app-${method}`, '--auth-method', method);
    const { tokens } = await signIn(it, { scope: 'openid' });
    assert.equal(tokens.refresh_token, undefined, 'none unless it is asked for');
    assert.equal(tokens.claims().aud, `app-${method}`);
  });
}

test('a public client signs in and refreshes by its id alone', async () => {
  const it = await app('app-public', '--public');
  const { tokens } = await signIn(it);
  const refreshed = await it.client.refresh(tokens);
  assert.ok(refreshed.access_token && refreshed.id_token);
});

test('a client that registers itself asks first, signs in, reads its registration back and takes leave', async () => {
  const provider = await Issuer.discover(ISSUER);
  const { initial_access_token: initialAccessToken } = told('client', 'registration-token');
  const callback = `${land.origin}/cb`;
  const about = { client_name: 'Harvest Notes', redirect_uris: [callback], application_type: 'native' };
  const client = await provider.Client.register(about, { initialAccessToken });
  await assert.rejects(provider.Client.register(about, { initialAccessToken }), { error: 'invalid_token' });
  const verifier = generators.codeVerifier();
  const asked = { scope: 'openid email', code_challenge: generators.codeChallenge(verifier), code_challenge_method: 'S256' };
  const page = await visit(chromium, client.authorizationUrl(asked), who);
  await page.getByText('knows this app').waitFor();
  const landed = land.next();
  await page.getByRole('button', { name: 'Allow' }).click();
  const params = client.callbackParams((await landed).url.href);
  const tokens = await client.callback(callback, params, { code_verifier: verifier, response_type: 'code' });
  assert.equal((await client.userinfo(tokens)).email, who.email);

  const { registration_client_uri: uri, registration_access_token: token } = client;
  const again = await provider.Client.fromUri(uri, token);
  assert.deepEqual([again.client_id, again.client_name], [client.client_id, 'Harvest Notes']);
  const gone = await fetch(uri, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  assert.equal(gone.status, 204);
  await assert.rejects(client.userinfo(tokens), { error: 'invalid_token' });
});

test('the answer may come in the query or by a form', async () => {
  const it = await app('app-modes');
  for (const mode of ['query', 'form_post']) {
    const { form, tokens } = await signIn(it, { response_mode: mode });
    assert.equal(form.has('code'), mode === 'form_post');
    assert.equal(tokens.claims().aud, 'app-modes');
  }
});

test('whoever is signed in is not asked again, unless the app insists', async () => {
  const it = await app('app-prompt');
  const { page } = await signIn(it);
  const ask = (more) => it.client.authorizationUrl({
    scope: 'openid', code_challenge: generators.codeChallenge(generators.codeVerifier()), code_challenge_method: 'S256', ...more,
  });
  const landed = land.next();
  await page.goto(ask({ prompt: 'none' }));
  assert.ok((await landed).url.searchParams.has('code'));
  await page.goto(ask({ prompt: 'login' }));
  assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
});

test('a client that proves itself by a key, and pushes its request', async () => {
  const it = await appByKey('keys-openid-client-5');
  const { tokens } = await signIn(it, { isPushed: true });
  const refreshed = await it.client.refresh(tokens);
  assert.equal((await it.client.introspect(refreshed.access_token)).email, who.email);
  await it.client.revoke(refreshed.access_token);
  assert.equal((await it.client.introspect(refreshed.access_token)).active, false);
});

test('a device is let in', async () => {
  const it = await app('app-device', '--grant', 'urn:ietf:params:oauth:grant-type:device_code');
  const handle = await it.client.deviceAuthorization({ scope: SCOPE });
  const [tokens] = await Promise.all([handle.poll(), letIn(chromium, handle.verification_uri_complete, who)]);
  assert.equal((await it.client.userinfo(tokens)).email, who.email);
});

test('a client on its own gets a token for itself', async () => {
  const it = await app('app-self', '--grant', 'client_credentials', '--introspect', 'own');
  const tokens = await it.client.grant({ grant_type: 'client_credentials' });
  const said = await it.client.introspect(tokens.access_token);
  assert.deepEqual([said.active, said.client_id], [true, 'app-self']);
});

test('signing out here from the app, with a hint and without one', async () => {
  const bye = `${land.origin}/bye`;
  const it = await app('app-logout', '--post-logout-redirect-uri', bye);
  for (const isHinted of [true, false]) {
    const { page, tokens } = await signIn(it);
    const state = generators.state();
    const hint = isHinted ? { id_token_hint: tokens } : {};
    const landed = land.next();
    await page.goto(it.client.endSessionUrl({ ...hint, post_logout_redirect_uri: bye, state }));
    // Without a hint anybody's link could have led here, so the person is asked.
    if (!isHinted) await page.getByRole('button', { name: 'Sign out' }).click();
    assert.equal((await landed).url.href, `${bye}?state=${state}`);
    await page.goto(`${ISSUER}/account`);
    assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
    await assert.rejects(it.client.refresh(tokens), { error: 'invalid_grant' });
  }
});
