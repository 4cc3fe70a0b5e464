// What Amazon Cognito and Microsoft Entra say of people, each in its way, said by npm oauth2-mock-server.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { startMock } = require('./mock');
const { place, newPage, isIn, isOut, launch, freePort } = require('./world');

const clientOf = (id) => ({ client_id: 'postern', client_secret: `a secret of ${id}` });
const TENANT = '11111111-2222-4333-8444-555555555555';
const OTHER_TENANT = '99999999-8888-4777-8666-555555555555';

let chromium;
let site;
const pool = { claims: {} };
// It speaks for many tenants: each token says for which.
const entra = { claims: {}, path: '/organizations/v2.0' };

before(async () => {
  chromium = await launch();
  site = await place();
  for (const it of [pool, entra]) await startMock(Object.assign(it, { port: await freePort() }));
  entra.document = { issuer: `${entra.origin}/{tenantid}/v2.0`, userinfo_endpoint: null };
  await site.start([
    {
      id: 'pool', kind: 'openid', issuer: pool.origin, ...clientOf('pool'), upstream_logout: 'cognito',
      required_groups: ['editors'],
    },
    { id: 'entra', kind: 'openid', issuer: `${entra.origin}/organizations/v2.0`, ...clientOf('entra'), tenants: [TENANT] },
  ]);
});

after(async () => {
  await Promise.all([pool, entra].map((it) => it.stop?.()));
  await site.stop();
  await chromium.close();
});

// Whoever these claims are of comes to the door in a fresh browser; answers the page.
async function comes(provider, id, claims, userinfo) {
  Object.assign(provider, { claims, userinfo });
  const page = await newPage(chromium);
  await page.goto(`${site.url}/oauth/${id}?return_to=/account`);
  return page;
}

// Nobody vouches for the address: the page is the same for everybody.
const isAsked = (page) => page.getByRole('heading', { name: 'Do you have an account here?' }).waitFor();

describe('Amazon Cognito', () => {
  const of = (sub, more = {}) => ({
    sub, 'cognito:username': sub, 'cognito:groups': ['editors', 'eu-central-1_ExAmPle01_Google'], token_use: 'id',
    given_name: 'Ada', family_name: 'Example', email: `${sub}@example.com`, email_verified: true, ...more,
  });

  test('a person of the pool comes in, named by both names', async () => {
    await isIn(await comes(pool, 'pool', of('ada')), site, 'ada@example.com');
    const account = site.account('ada@example.com');
    assert.deepEqual([account.name, account.email_verified], ['Ada Example', true]);
  });

  test('sec_104 booleans as text count for what they say', async () => {
    for (const [word, is] of [['true', true], ['false', false]]) {
      const email = `says-${word}@example.com`;
      site.member(email, '--verified');
      // The ID token of a pool that passes no address on, and userinfo, where every value is text.
      const claims = of(`says-${word}`, { email: null, email_verified: null });
      const page = await comes(pool, 'pool', claims, { sub: claims.sub, email, email_verified: word });
      await (is ? isIn(page, site, email) : isAsked(page));
    }
  });

  test('sec_104 nobody behind Google is vouched for until the pool says so', async () => {
    site.member('bela@example.com', '--verified');
    const federated = of('bela', {
      'cognito:username': 'google_117865321905432109876', email_verified: false,
      identities: [{ userId: '117865321905432109876', providerName: 'Google', providerType: 'Google', primary: 'true' }],
    });
    await isAsked(await comes(pool, 'pool', federated, { sub: 'bela', email: federated.email, email_verified: 'true' }));
  });

  test('who is in no group stays out', async () => {
    for (const groups of [null, ['Editors', 'not-editors']]) {
      await isOut(await comes(pool, 'pool', of('carl', { 'cognito:groups': groups })), site, /members of certain/);
    }
  });

  test('sec_096 another pool, another app and an access token open nothing', async () => {
    const iss = `${pool.origin}/other`;
    const odd = [{ iss }, { aud: 'another app' }, { token_use: 'access', aud: null }, { nonce: null }];
    for (const more of odd) await isOut(await comes(pool, 'pool', of('dora', more)), site, /cannot be used/);
  });

  test('who signs out is sent to its own page for it', async () => {
    const page = await comes(pool, 'pool', of('emil'));
    await isIn(page, site, 'emil@example.com');
    await page.goto(`${site.url}/logout`);
    const asked = page.waitForRequest((it) => it.url().startsWith(`${pool.origin}/logout`));
    await page.getByRole('button', { name: 'Sign out' }).click();
    const { searchParams } = new URL((await asked).url());
    assert.deepEqual([...searchParams], [['client_id', 'postern'], ['logout_uri', `${site.url}/login`]]);
  });
});

describe('Microsoft Entra', () => {
  const of = (sub, more = {}, tid = TENANT) => ({
    iss: `${entra.origin}/${tid}/v2.0`, tid, sub, oid: '00000000-0000-4000-8000-00000000000a', ver: '2.0',
    name: 'Ada Example', preferred_username: `${sub}@example.onmicrosoft.example`, email: `${sub}@example.com`, ...more,
  });

  test('a person of a tenant that is named comes in, their address unproven and their user name no address', async () => {
    const page = await comes(entra, 'entra', of('fritz'));
    await isAsked(page);
    await page.getByRole('button', { name: 'I have none' }).click();
    await page.waitForURL(`${site.url}/login?*`);
    await isIn(await comes(entra, 'entra', of('fritz')), site, 'fritz@example.com');
    const account = site.account('fritz@example.com');
    assert.deepEqual([account.email_verified, account.username.includes('@')], [false, false]);
  });

  test('sec_099 no other tenant, and no issuer that is not the tenant', async () => {
    site.member('victim@example.com', '--verified');
    const nonsense = 'common/../11111111-2222-4333-8444-555555555555';
    const claims = [
      of('eve', { email: 'victim@example.com' }, OTHER_TENANT),
      of('eve', { iss: `${entra.origin}/${OTHER_TENANT}/v2.0` }),
      of('eve', { iss: `${entra.origin}/{tenantid}/v2.0` }),
      of('eve', { tid: null }),
      of('eve', {}, nonsense),
    ];
    for (const one of claims) await isOut(await comes(entra, 'entra', one), site, /did not sign you in/);
  });

  test('sec_104 an address that some administrator typed opens no account', async () => {
    site.member('gerd@example.com', '--verified');
    await isAsked(await comes(entra, 'entra', of('gerd')));
  });

  test('who has no address over there reads what to do', async () => {
    await isOut(await comes(entra, 'entra', of('hans', { email: null })), site, /needs an e-mail address/);
  });
});
