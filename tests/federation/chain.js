// One chain, played by the libraries that LibreChat uses: chat, Postern, npm oidc-provider. One `sub`, and a sign-out that
// ends all three.

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, describe, test } = require('node:test');
const { parseEnv } = require('node:util');
const { startLibreChat } = require('../relying_parties/librechat');
const { startProvider, comeInThere } = require('./provider');
const { newPage, launch, until } = require('./world');
const { told } = require('../relying_parties/world');

const POSTERN = process.env.POSTERN_URL;
const BUTTON = 'Continue with OpenID';

let chromium;
const provider = { port: Number(process.env.UPSTREAM_PORT), postern: POSTERN, id: 'upstream' };
before(async () => {
  chromium = await launch();
  await startProvider(provider);
  // Postern was there first, and has found nobody yet.
  await until('Postern finds it', async () => {
    const answer = await fetch(`${POSTERN}/oauth/upstream?return_to=/`, { redirect: 'manual' });
    return answer.headers.get('location').startsWith(provider.issuer);
  });
});
after(async () => {
  await provider.stop();
  await chromium.close();
});

const greeting = (page) => page.getByRole('heading').innerText();

// Goes from the chat through Postern's sign-in page to the provider.
async function pass(page, chat) {
  await page.goto(`${chat.url}/oauth/openid`);
  assert.ok(page.url().startsWith(`${POSTERN}/login`), page.url());
  await page.getByRole('link', { name: BUTTON }).click();
}

// Comes in at the chat as `login` of the provider, in a fresh browser.
async function enter(chat, login) {
  const page = await newPage(chromium);
  await pass(page, chat);
  await comeInThere(page, login);
  await page.waitForURL(`${chat.url}/`);
  return page;
}

// Presses the chat's button for signing out, and follows where it leads, to the page of the provider that asks.
async function leave(page, chat) {
  await page.evaluate(async () => {
    const answer = await fetch('/api/auth/logout', { method: 'POST' });
    window.location.replace((await answer.json()).redirect);
  });
  await page.waitForURL(`${provider.issuer}/session/end*`);
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.waitForURL(`${chat.url}/login*`);
}

for (const id of ['chat-own', 'chat-reuse']) {
  describe(id, () => {
    let chat;
    before(async () => {
      chat = await startLibreChat(parseEnv(readFileSync(join(process.env.FOLDER, `${id}.env`), 'utf8')));
    });
    after(() => chat.stop());

    test('one sub for one person, whichever way they come back', async () => {
      const login = `ada-${id}`;
      const page = await enter(chat, login);
      assert.match(await greeting(page), / is USER$/);
      const [known] = chat.people.list;
      assert.equal(known.email, `${login}@example.com`);
      assert.equal(known.openidId, told('user', 'show', known.email).id);

      // Postern knows the browser.
      await page.goto(`${chat.url}/login`);
      await page.goto(`${chat.url}/oauth/openid`);
      assert.equal(page.url(), `${chat.url}/`);

      // Only the provider does.
      await page.context().clearCookies({ domain: 'localhost' });
      await pass(page, chat);
      await page.waitForURL(`${chat.url}/`);

      // Nobody does.
      await enter(chat, login);
      assert.equal(chat.people.list.length, 1);
      assert.equal(chat.people.list[0].openidId, known.openidId);
    });

    test('signing out of the chat ends all three', async () => {
      const page = await enter(chat, `bela-${id}`);
      const cookies = await page.context().cookies();
      const refresh = cookies.find((it) => it.name === 'refreshToken');
      await leave(page, chat);
      assert.equal(Boolean(refresh), id === 'chat-reuse');
      if (refresh) await assert.rejects(chat.redeem(decodeURIComponent(refresh.value)), { error: 'invalid_grant' });
      await page.goto(`${chat.url}/`);
      assert.equal(await greeting(page), 'Nobody is signed in');
      await pass(page, chat);
      await page.getByPlaceholder('Enter any login').waitFor();
    });

    test('signing out at the provider ends Postern, and what the chat lives on', async () => {
      const page = await enter(chat, `carl-${id}`);
      const refresh = (await page.context().cookies()).find((it) => it.name === 'refreshToken');
      const away = await page.context().newPage();
      await away.goto(`${provider.issuer}/session/end`);
      await away.getByRole('button', { name: 'Yes, sign me out' }).click();
      await until('Postern has heard', async () => {
        await away.goto(`${POSTERN}/account`);
        return away.url().startsWith(`${POSTERN}/login`);
      });
      if (refresh) await assert.rejects(chat.redeem(decodeURIComponent(refresh.value)), { error: 'invalid_grant' });
    });
  });
}
