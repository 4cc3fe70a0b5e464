// A browser, people with accounts, and what every visit is watched for.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { chromium } = require('playwright-core');

const BASE = process.env.POSTERN_URL;
// The same program for another operator, with a logo and a colour, and a limit of one sign-in.
const BRANDED = process.env.BRANDED_URL;

// The flags keep Chromium from calling its maker; a root user has no sandbox.
const launch = (more = {}) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: process.getuid() !== 0,
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
    ...more,
  });

const stranger = () => ({
  name: 'Maren Olsen',
  email: `${randomBytes(6).toString('hex')}@example.com`,
  password: randomBytes(12).toString('base64url'),
});

async function person(more = {}) {
  const it = { ...stranger(), ...more };
  const answer = await fetch(`${BASE}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...it, confirm_password: it.password }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return it;
}

// A command beside the server.
const postern = (...args) => execFileSync(process.env.POSTERN, args, { cwd: process.env.FOLDER, stdio: 'pipe' });

// An app that registers itself; answers its id and where it wants people sent back to.
async function registered(name) {
  const redirect = 'https://stranger.harvest.example/callback';
  const answer = await fetch(`${BASE}/oauth2/register`, {
    method: 'POST',
    // A network of its own: one may register only so many.
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `203.0.113.${randomBytes(1)[0]}` },
    body: JSON.stringify({ client_name: name, redirect_uris: [redirect] }),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return [(await answer.json()).client_id, redirect];
}

// Where the browser is sent by one of the apps that tests/browser/run adds, or that registered itself.
function authorize(client, more = {}) {
  const [id, redirect] = Array.isArray(client) ? client : [client, `https://${client}.harvest.example/callback`];
  const asked = {
    client_id: id,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid profile email offline_access',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...more,
  };
  return `${BASE}/oauth2/authorize?${new URLSearchParams(asked)}`;
}

const post = (path, fields) => fetch(BASE + path, {
  method: 'POST',
  headers: { 'user-agent': 'fernwood-terminal/2.1' },
  body: new URLSearchParams({ client_id: 'terminal', ...fields }),
});

// A device that waits for its person; `poll` answers what it hears when it asks.
async function device() {
  const answer = await post('/oauth2/device_authorization', { scope: 'openid profile email offline_access' });
  assert.equal(answer.status, 200);
  const codes = await answer.json();
  const fields = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: codes.device_code };
  return { ...codes, poll: async () => (await post('/oauth2/token', fields)).json() };
}

async function typeCode(page, code) {
  await page.goto(`${BASE}/device`);
  await page.getByLabel('Code', { exact: true }).fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

// Brings a person who is not signed in to the question about a device.
async function askAboutDevice(page, who) {
  const it = await device();
  await signIn(page, who);
  await typeCode(page, it.user_code);
  await page.getByRole('heading', { name: 'Did you start this?' }).waitFor();
  return it;
}

// Comes back from the provider that tests/browser/run starts, as whom it calls `login`, or as nobody; answers the address
// where that ends. Its own pages are passed over: what they ask of others is none of our faults.
async function comeBack(page, login) {
  let answer = await page.request.get(`${BASE}/oauth/upstream?return_to=/account`);
  if (!login) return (await page.request.get(`${answer.url()}/abort`)).url();
  for (const form of [{ prompt: 'login', login, password: 'any' }, { prompt: 'consent' }]) {
    answer = await page.request.post(answer.url(), { form });
  }
  return answer.url();
}

// A page that notes what must not happen: calls to others, broken content policy, script errors, server errors.
async function watch(context) {
  const page = await context.newPage();
  page.faults = [];
  page.on('request', (it) => {
    if (![BASE, BRANDED].some((ours) => it.url().startsWith(`${ours}/`))) page.faults.push(`asked ${it.url()}`);
  });
  page.on('console', (it) => {
    // Chromium reports each 4xx of a page here too; those are answers, not faults.
    if (it.type() === 'error' && !it.text().startsWith('Failed to load resource')) page.faults.push(it.text());
  });
  page.on('pageerror', (it) => page.faults.push(`script: ${it.message}`));
  page.on('response', (it) => {
    if (it.status() >= 500) page.faults.push(`${it.status()} from ${it.url()}`);
  });
  return page;
}

const noFaults = (page) => assert.deepEqual(page.faults, []);

async function fillSignIn(page, { email, password }) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function signIn(page, who) {
  await page.goto(`${BASE}/login`);
  await fillSignIn(page, who);
  await page.waitForURL(`${BASE}/account`);
}

async function fillSignUp(page, { name, email, password }) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
}

async function signOut(page) {
  await page.goto(`${BASE}/logout`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
}

module.exports = {
  BASE, BRANDED, launch, stranger, person, postern, authorize, registered, device, typeCode, askAboutDevice, comeBack, watch,
  noFaults, fillSignIn, signIn, fillSignUp, signOut,
};
