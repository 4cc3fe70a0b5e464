// Postern with providers behind it, and a browser that goes between them.

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { freePort, launch, until } = require('../relying_parties/world');
const { fillSignIn } = require('../browser/world');
const { toml } = require('./connector');

// Where a Postern will be: its address is known before it runs, for providers have to know it first.
async function place() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'federation-'));
  const it = { url: `http://localhost:${port}`, folder, log: '' };
  const run = (args, more) => execFileSync(process.env.POSTERN, args, { cwd: folder, stdio: 'pipe', ...more });

  // A command beside the server.
  it.told = (...args) => JSON.parse(run([...args, '--json']));

  // Somebody with a password here, made by the operator.
  it.member = (email, ...flags) => {
    const who = { email, password: 'gravel tulip ferry nine' };
    const words = ['user', 'create', '--email', email, '--name', 'Known Before', '--password-stdin', ...flags];
    run(words, { input: who.password });
    return who;
  };

  // The account of this address, or nothing.
  it.account = (email) => it.told('user', 'list').find((user) => user.email === email);

  // Starts it with these connectors; `more` are settings.
  it.start = async (connectors, more = {}) => {
    const settings = {
      POSTERN_URL: it.url,
      POSTERN_LISTEN: `127.0.0.1:${port}`,
      POSTERN_ALLOW_PRIVATE_ADDRESSES: '127.0.0.1/32',
      POSTERN_CONNECTORS_FILE: 'connectors.toml',
      ALLOW_SOCIAL_LOGIN: true,
      ALLOW_SOCIAL_REGISTRATION: true,
      LOGIN_MAX: 100000,
      ...more,
    };
    writeFileSync(join(folder, '.env'), Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`).join(''));
    writeFileSync(join(folder, 'connectors.toml'), connectors.map(toml).join('\n'));
    const child = spawn(process.env.POSTERN, ['serve'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.on('data', (text) => (it.log += text));
    it.child = child;
    let said = '';
    child.stdout.on('data', (text) => (said += text));
    await until('it listens', () => {
      assert.equal(child.exitCode, null, it.log);
      return said.includes('listening on');
    });
    // Of all people the first becomes the administrator, and never by a provider's word.
    it.member('operator@example.com');
  };

  it.stop = async () => {
    if (it.child?.exitCode === null) {
      it.child.kill();
      await once(it.child, 'exit');
    }
    rmSync(folder, { recursive: true });
  };
  return it;
}

// The page of a fresh browser that reaches nothing but this machine.
async function newPage(chromium, more = {}) {
  const fresh = await chromium.newContext({ ignoreHTTPSErrors: true, ...more });
  const isElsewhere = (url) => !['localhost', '127.0.0.1'].includes(url.hostname);
  await fresh.route(isElsewhere, (route) => route.abort());
  return fresh.newPage();
}

// Begins a sign-in by the button of `connector`, its words being `label`.
async function knock(page, site, label) {
  await page.goto(`${site.url}/login`);
  const arrived = page.waitForEvent('framenavigated');
  await page.getByRole('link', { name: label, exact: true }).click();
  await arrived;
}

// Holds that the browser is signed in as this address.
async function isIn(page, site, email) {
  await page.waitForURL(`${site.url}/account`);
  assert.ok((await page.locator('main').innerText()).includes(email), email);
}

// Holds that nobody came in, and that the sign-in page says so in these words.
async function isOut(page, site, words) {
  await page.waitForURL(`${site.url}/login?*`);
  assert.match(await page.getByRole('alert').innerText(), words);
  await page.goto(`${site.url}/account`);
  assert.match(page.url(), /\/login\?/);
}

module.exports = { place, newPage, knock, isIn, isOut, launch, freePort, until, fillSignIn };
