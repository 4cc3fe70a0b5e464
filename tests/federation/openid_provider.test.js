// npm oidc-provider, which is certified, behind Postern: the whole of a sign-in, and what goes wrong on the way.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { clientOf, startProvider, comeInThere } = require('./provider');
const { place, newPage, knock, isIn, isOut, launch, freePort, until, fillSignIn } = require('./world');

// One provider for each way of it; `openid` is set up by the chat's names, `late` is started by its test.
const WISHES = {
  openid: {},
  told: { idTokenClaims: true, method: 'client_secret_post' },
  turning: { idTokenClaims: true },
  late: {},
};
const label = (id) => `Continue with ${id}`;
// Operators paste what they find.
const pasted = { openid: '/.well-known/openid-configuration', told: '/', turning: '', late: '' };

let chromium;
let site;
const providers = {};

before(async () => {
  chromium = await launch();
  site = await place();
  const connectors = [];
  for (const [id, wishes] of Object.entries(WISHES)) {
    const port = await freePort();
    providers[id] = { ...wishes, id, port, postern: site.url };
    if (id !== 'late') await startProvider(providers[id]);
    const issuer = `http://127.0.0.1:${port}${pasted[id]}`;
    connectors.push({ id, kind: 'openid', issuer, ...clientOf(id), label: label(id) });
  }
  const [{ issuer: OPENID_ISSUER, label: OPENID_BUTTON_LABEL }, ...others] = connectors;
  const { client_id: OPENID_CLIENT_ID, client_secret: OPENID_CLIENT_SECRET } = clientOf('openid');
  await site.start(others, { OPENID_ISSUER, OPENID_BUTTON_LABEL, OPENID_CLIENT_ID, OPENID_CLIENT_SECRET });
});

after(async () => {
  await Promise.all(Object.values(providers).map((it) => it.stop?.()));
  await site.stop();
  await chromium.close();
});

// Signs `login` in through the provider in a fresh browser; answers its page.
async function enter(id, login) {
  const page = await newPage(chromium);
  await knock(page, site, label(id));
  await comeInThere(page, login);
  return page;
}

for (const [id, where] of [['openid', 'in userinfo alone'], ['told', 'in the ID token']]) {
  test(`somebody new comes in by claims ${where}, and comes back to the same account`, async () => {
    const email = `ada-${id}@example.com`;
    const page = await enter(id, `ada-${id}`);
    await isIn(page, site, email);
    const asked = providers[id].asked[0];
    assert.equal(asked.code_challenge_method, 'S256');
    assert.ok(asked.state && asked.nonce && asked.code_challenge);
    const account = site.account(email);
    assert.deepEqual(
      [account.name, account.username, account.email_verified], [`Ada-${id} Example`, `ada-${id}`, true]);
    // She is known over there, so that nobody asks her anything.
    await page.context().clearCookies({ domain: 'localhost' });
    await knock(page, site, label(id));
    await isIn(page, site, email);
    await isIn(await enter(id, `ada-${id}`), site, email);
    assert.deepEqual(site.account(email).id, account.id);
  });
}

test('sec_096 an answer that names another issuer or none lets nobody in', async () => {
  const provider = providers.told;
  for (const meddle of [(it) => it.delete('iss'), (it) => it.set('iss', providers.openid.issuer)]) {
    provider.meddle = meddle;
    const page = await enter('told', 'mixed-up');
    await isOut(page, site, /told did not sign you in/);
    provider.meddle = undefined;
  }
  assert.equal(site.account('mixed-up@example.com'), undefined);
});

test('sec_097 an answer is good once, and in the browser that asked', async () => {
  const provider = providers.openid;
  const answers = [];
  provider.meddle = (it) => answers.push(`${it}`);
  const page = await enter('openid', 'replayed');
  await isIn(page, site, 'replayed@example.com');
  provider.meddle = undefined;
  const callback = `${site.url}/oauth/openid/callback?${answers[0]}`;
  assert.match(callback, /[?&]code=/);
  for (const again of [await page.context().newPage(), await newPage(chromium)]) {
    assert.equal((await again.goto(callback)).status(), 400);
  }
});

test('keys are changed in between, and the next sign-in works', async () => {
  const provider = providers.turning;
  await isIn(await enter('turning', 'bela'), site, 'bela@example.com');
  await provider.stop();
  await startProvider(provider);
  await isIn(await enter('turning', 'bela'), site, 'bela@example.com');
});

test('a provider that is down at the start is a warning, and lets people in once it is up', async () => {
  await until('the warning', () => /WARN.*"?late"?/.test(site.log));
  const page = await newPage(chromium);
  await knock(page, site, label('late'));
  await isOut(page, site, /late does not answer right now/);
  await startProvider(providers.late);
  await until('it is asked again', async () => {
    await knock(page, site, label('late'));
    return page.url().startsWith(providers.late.issuer);
  });
  await comeInThere(page, 'carl');
  await isIn(page, site, 'carl@example.com');
});

test('who stops over there reads so on the sign-in page', async () => {
  const page = await newPage(chromium);
  await knock(page, site, label('openid'));
  await page.getByRole('link', { name: 'Cancel' }).click();
  await isOut(page, site, /The sign-in was stopped there/);
});

test('sec_104 an account opens where both sides have checked the address, else after the old way in', async () => {
  site.member('dora@example.com', '--verified');
  await isIn(await enter('openid', 'dora'), site, 'dora@example.com');

  const who = site.member('unproven-emil@example.com', '--verified');
  const page = await enter('openid', 'unproven-emil');
  await page.getByRole('heading', { name: 'Do you have an account here?' }).waitFor();
  await page.getByRole('link', { name: 'Sign in once and connect openid' }).click();
  await fillSignIn(page, who);
  await page.getByRole('button', { name: 'Connect openid' }).click();
  await isIn(page, site, who.email);
  await isIn(await enter('openid', 'unproven-emil'), site, who.email);
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with script' : 'without script';
  test(`the account page connects, and takes away again, ${how}`, async () => {
    const [owner, other] = javaScriptEnabled ? ['fritz', 'friend-of-fritz'] : ['frida', 'friend-of-frida'];
    const who = site.member(`${owner}@example.com`, '--verified');
    const page = await newPage(chromium, { javaScriptEnabled });
    await page.goto(`${site.url}/account/connections`);
    await fillSignIn(page, who);
    await page.getByRole('button', { name: 'Connect told' }).click();
    await comeInThere(page, other);
    await page.getByText('Connected.').waitFor();
    await isIn(await enter('told', other), site, who.email);
    await page.getByRole('button', { name: 'Remove told' }).click();
    await page.getByText('Removed.').waitFor();
    await isIn(await enter('told', other), site, `${other}@example.com`);
  });
}

test('who signs out over there is signed out here', async () => {
  const page = await enter('openid', 'gerd');
  await isIn(page, site, 'gerd@example.com');
  const away = await page.context().newPage();
  await away.goto(`${providers.openid.issuer}/session/end`);
  await away.getByRole('button', { name: 'Yes, sign me out' }).click();
  await until('the session has ended', async () => {
    await page.goto(`${site.url}/account`);
    return page.url().startsWith(`${site.url}/login`);
  });
});
