// openid-client 5, which many apps still ship, as an app of any kind: everything of it that meets the provider, but
// for what `LEFT OUT` names.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Issuer, generators } = require('openid-client-5');
const { ISSUER, launch, context, told, member, metadata, landing, signInAt } = require('./world');

const SCOPE = 'openid profile email roles groups offline_access';

let chromium;
let land;
before(async () => ([chromium, land] = [await launch(), await landing()]));
after(() => Promise.all([chromium.close(), land.stop()]));

async function app(id, ...flags) {
  const callback = `${land.origin}/cb`;
  const added = told('client', 'add', id, '--for', 'generic', '--redirect-uri', callback, '--trusted', ...flags);
  const { issuer, client_id, client_secret, token_endpoint_auth_method } = added.settings;
  const provider = await Issuer.discover(issuer);
  const about = { client_id, client_secret, token_endpoint_auth_method, redirect_uris: [callback] };
  return { client: new provider.Client({ ...about, response_types: ['code'] }), callback };
}

// A whole sign-in in a fresh browser; `asked` adds to the request.
async function signIn({ client, callback }, who, asked = {}) {
  const [verifier, state, nonce] = [generators.codeVerifier(), generators.state(), generators.nonce()];
  const address = client.authorizationUrl({
    scope: SCOPE,
    state,
    nonce,
    code_challenge: generators.codeChallenge(verifier),
    code_challenge_method: 'S256',
    ...asked,
  });
  const page = await (await context(chromium)).newPage();
  const landed = land.next();
  await signInAt(page, address, who);
  const { url, form } = await landed;
  const params = form.size > 0 ? Object.fromEntries(form) : client.callbackParams(url.href);
  assert.equal(params.iss, ISSUER);
  const checks = { state, nonce, code_verifier: verifier, response_type: 'code' };
  return { page, form, tokens: await client.callback(callback, params, checks) };
}

test('a confidential client: sign-in, userinfo, refresh, introspection, revocation', async () => {
  const it = await app('app-5', '--introspect', 'own');
  const who = await member();
  const { tokens } = await signIn(it, who);
  const claims = tokens.claims();
  assert.deepEqual([claims.iss, claims.aud, claims.roles], [ISSUER, 'app-5', ['user']]);
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
    const { tokens } = await signIn(it, await member(), { scope: 'openid' });
    assert.equal(tokens.refresh_token, undefined, 'none unless it is asked for');
    assert.equal(tokens.claims().aud, `app-${method}`);
  });
}

test('a public client signs in and refreshes by its id alone', async () => {
  const it = await app('app-public', '--public');
  const { tokens } = await signIn(it, await member());
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
  const who = await member();
  const page = await (await context(chromium)).newPage();
  const verifier = generators.codeVerifier();
  const asked = { scope: 'openid email', code_challenge: generators.codeChallenge(verifier), code_challenge_method: 'S256' };
  await signInAt(page, client.authorizationUrl(asked), who);
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
  const who = await member();
  for (const mode of ['query', 'form_post']) {
    const { form, tokens } = await signIn(it, who, { response_mode: mode });
    assert.equal(form.has('code'), mode === 'form_post');
    assert.equal(tokens.claims().aud, 'app-modes');
  }
});

test('whoever is signed in is not asked again, unless the app insists', async () => {
  const it = await app('app-prompt');
  const { page } = await signIn(it, await member());
  const ask = (more) => it.client.authorizationUrl({
    scope: 'openid', code_challenge: generators.codeChallenge(generators.codeVerifier()), code_challenge_method: 'S256', ...more,
  });
  const landed = land.next();
  await page.goto(ask({ prompt: 'none' }));
  assert.ok((await landed).url.searchParams.has('code'));
  await page.goto(ask({ prompt: 'login' }));
  assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
});

test('signing out here from the app', async (t) => {
  if (!(await metadata()).end_session_endpoint) {
    console.log('LEFT OUT: logout, for discovery names no end_session_endpoint');
    return t.diagnostic('left out: discovery names no end_session_endpoint');
  }
  const bye = `${land.origin}/bye`;
  const it = await app('app-logout', '--post-logout-redirect-uri', bye);
  const { page, tokens } = await signIn(it, await member());
  const state = generators.state();
  const landed = land.next();
  await page.goto(it.client.endSessionUrl({ id_token_hint: tokens, post_logout_redirect_uri: bye, state }));
  assert.equal((await landed).url.href, `${bye}?state=${state}`);
  await page.goto(`${ISSUER}/account`);
  assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
});
