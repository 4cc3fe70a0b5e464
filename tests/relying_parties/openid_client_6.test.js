// openid-client 6 as an app of any kind: everything of it that meets the provider, but for this.
//
// LEFT OUT, for it needs of a provider what ours does not have: implicit and hybrid answers, JARM, request objects (JAR),
// encrypted tokens, DPoP, proofs by a certificate (mTLS) or by a JWT under the secret, CIBA.
// LEFT OUT, for openid_client_5.test.js goes that way already: dynamicClientRegistration.

const assert = require('node:assert/strict');
const { createPrivateKey, webcrypto } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { after, before, test } = require('node:test');
const oidc = require('openid-client');
const { ISSUER, launch, told, member, visit, letIn, landing } = require('./world');

const SCOPE = 'openid profile email roles groups offline_access';

let chromium;
let land;
let who;
before(async () => ([chromium, land, who] = [await launch(), await landing(), await member()]));
after(() => Promise.all([chromium.close(), land.stop()]));

const proofs = {
  client_secret_basic: oidc.ClientSecretBasic,
  client_secret_post: oidc.ClientSecretPost,
  none: oidc.None,
};

async function app(id, ...flags) {
  const callback = `${land.origin}/cb`;
  const added = told('client', 'add', id, '--for', 'generic', '--redirect-uri', callback, '--trusted', ...flags);
  const { issuer, client_secret: secret, token_endpoint_auth_method: method } = added.settings;
  const config = await oidc.discovery(new URL(issuer), id, undefined, proofs[method](secret));
  return { config, callback };
}

async function appByKey(id, metadata) {
  const der = createPrivateKey(readFileSync(`${process.env.FOLDER}/app.key.pem`)).export({ type: 'pkcs8', format: 'der' });
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await webcrypto.subtle.importKey('pkcs8', der, rsa, false, ['sign']);
  const proof = oidc.PrivateKeyJwt({ key, kid: 'app' });
  return { config: await oidc.discovery(new URL(ISSUER), id, metadata, proof), callback: `${land.origin}/cb` };
}

// A whole sign-in; `asked` adds to the request, and `build` makes the address of it.
async function signIn({ config, callback }, { build = oidc.buildAuthorizationUrl, ...asked } = {}) {
  const [pkceCodeVerifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
  const address = await build(config, {
    redirect_uri: callback,
    scope: SCOPE,
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...asked,
  });
  const landed = land.next();
  const page = await visit(chromium, address.href, who);
  const { url, form } = await landed;
  const answer = form.size > 0 ? new Request(url, { method: 'POST', body: form }) : url;
  const tokens = await oidc.authorizationCodeGrant(config, answer, {
    pkceCodeVerifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  });
  return { page, address, form, tokens };
}

test('a confidential client: sign-in, userinfo, refresh, introspection, revocation', async () => {
  const { config, callback } = await app('six', '--introspect', 'own');
  oidc.enableNonRepudiationChecks(config);
  const { tokens } = await signIn({ config, callback });
  const claims = tokens.claims();
  assert.deepEqual([claims.iss, claims.aud, claims.roles], [ISSUER, 'six', told('user', 'show', who.email).roles]);

  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.deepEqual([info.email, info.name, info.email_verified], [who.email, who.name, true]);

  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(refreshed.claims().sub, claims.sub);
  for (const access of [tokens.access_token, refreshed.access_token]) {
    const said = await oidc.tokenIntrospection(config, access, { token_type_hint: 'access_token' });
    assert.deepEqual([said.active, said.sub, said.client_id], [true, claims.sub, 'six'], 'the former one lives on');
  }

  await oidc.tokenRevocation(config, refreshed.refresh_token);
  for (const token of [refreshed.refresh_token, refreshed.access_token]) {
    assert.deepEqual(await oidc.tokenIntrospection(config, token), { active: false });
  }
  await assert.rejects(oidc.refreshTokenGrant(config, refreshed.refresh_token), { error: 'invalid_grant' });
});

for (const [method, ...flags] of [['client_secret_post', '--auth-method', 'client_secret_post'], ['none', '--public']]) {
  test(`a client that proves itself by ${method}`, async () => {
    const it = await app(`six-${method}`, ...flags);
    const { tokens } = await signIn(it);
    const refreshed = await oidc.refreshTokenGrant(it.config, tokens.refresh_token);
    assert.equal(refreshed.claims().aud, `six-${method}`);
    await oidc.tokenRevocation(it.config, refreshed.access_token);
    const asked = oidc.fetchUserInfo(it.config, refreshed.access_token, oidc.skipSubjectCheck);
    await assert.rejects(asked, (error) => error.status === 401);
  });
}

test('a client that proves itself by a key: a pushed request, answers signed, every endpoint', async () => {
  const it = await appByKey('keys-openid-client-6', { introspection_signed_response_alg: 'RS256' });
  oidc.enableNonRepudiationChecks(it.config);
  const { address, tokens } = await signIn(it, { build: oidc.buildAuthorizationUrlWithPAR });
  assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const refreshed = await oidc.refreshTokenGrant(it.config, tokens.refresh_token);
  const said = await oidc.tokenIntrospection(it.config, refreshed.access_token);
  assert.deepEqual([said.active, said.email], [true, who.email]);
  await oidc.tokenRevocation(it.config, refreshed.refresh_token);
  assert.equal((await oidc.tokenIntrospection(it.config, refreshed.access_token)).active, false);
});

test('the answer may come by a form', async () => {
  const { form, tokens } = await signIn(await app('six-form'), { response_mode: 'form_post' });
  assert.ok(form.has('code'));
  assert.equal(tokens.claims().aud, 'six-form');
});

test('a device is let in', async () => {
  const it = await app('six-device', '--grant', 'urn:ietf:params:oauth:grant-type:device_code');
  const codes = await oidc.initiateDeviceAuthorization(it.config, { scope: SCOPE });
  await letIn(chromium, codes.verification_uri_complete, who);
  const tokens = await oidc.pollDeviceAuthorizationGrant(it.config, { ...codes, interval: 0.1 });
  const info = await oidc.fetchUserInfo(it.config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.email, who.email);
});

test('a client on its own gets a token for itself', async () => {
  const it = await app('six-self', '--grant', 'client_credentials', '--introspect', 'own');
  const tokens = await oidc.clientCredentialsGrant(it.config);
  const said = await oidc.tokenIntrospection(it.config, tokens.access_token);
  assert.deepEqual([said.active, said.client_id], [true, 'six-self']);
});

test('signing out here from the app, with a hint and without one', async () => {
  const bye = `${land.origin}/bye`;
  const it = await app('six-logout', '--post-logout-redirect-uri', bye);
  for (const isHinted of [true, false]) {
    const { page, tokens } = await signIn(it);
    const state = oidc.randomState();
    const hint = isHinted ? { id_token_hint: tokens.id_token } : {};
    const landed = land.next();
    await page.goto(oidc.buildEndSessionUrl(it.config, { ...hint, post_logout_redirect_uri: bye, state }).href);
    // Without a hint anybody's link could have led here, so the person is asked.
    if (!isHinted) await page.getByRole('button', { name: 'Sign out' }).click();
    assert.equal((await landed).url.href, `${bye}?state=${state}`);
    await page.goto(`${ISSUER}/account`);
    assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
    await assert.rejects(oidc.refreshTokenGrant(it.config, tokens.refresh_token), { error: 'invalid_grant' });
  }
});
