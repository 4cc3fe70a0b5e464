// LibreChat signs people in, with sessions of its own and on our tokens, by the block that `client add` prints.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { parseEnv } = require('node:util');
const jwt = require('jsonwebtoken');
const { startLibreChat } = require('./librechat');
const {
  ISSUER, launch, context, advance, freePort, told, person, member, postern, signInAt, fillSignIn, until,
} = require('./world');

let chromium;
let admin;
before(async () => {
  chromium = await launch();
  // The first account is the administrator's, and counts as confirmed.
  admin = await person();
});
after(() => chromium.close());

// Signs somebody in once more who is signed in here.
async function isGreeted(chat, page, words) {
  await page.goto(`${chat.url}/oauth/openid`);
  return (await greeting(page)) === words;
}

async function librechat(id, ...flags) {
  const url = `http://localhost:${await freePort()}`;
  // The block as it is printed, read as Node reads an .env.
  const block = postern('client', 'add', id, '--for', 'librechat', '--url', url, ...flags).toString();
  return startLibreChat(parseEnv(block));
}

const newPage = async () => (await context(chromium)).newPage();

// Signs somebody in at the chat in a fresh browser; answers the page.
async function enter(chat, who) {
  const page = await newPage();
  await signInAt(page, `${chat.url}/oauth/openid`, who);
  await page.waitForURL(`${chat.url}/`);
  return page;
}

// Signs out by the chat's button, and holds that the session here has ended too; answers what the chat said of itself.
async function signOut(chat, page) {
  const asked = page.waitForRequest((it) => it.url().startsWith(`${ISSUER}/oauth2/logout`));
  await page.evaluate(async () => {
    const answer = await fetch('/api/auth/logout', { method: 'POST' });
    window.location.replace((await answer.json()).redirect);
  });
  await page.waitForURL(`${chat.url}/login`);
  await page.goto(`${chat.url}/oauth/openid`);
  assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
  return [...new URL((await asked).url()).searchParams.keys()].sort();
}

// Somebody whose address is not confirmed is kept out by a page that says what to do, until it is confirmed.
async function keepsOut(chat) {
  const who = await person();
  const page = await newPage();
  await signInAt(page, `${chat.url}/oauth/openid`, who);
  await page.getByRole('heading', { name: 'Your e-mail address is not confirmed' }).waitFor();
  assert.match(await page.locator('body').innerText(), new RegExp(`postern user verify ${who.email}`));
  assert.ok(!chat.people.list.some((it) => it.email === who.email));
  told('user', 'verify', who.email);
  await until('the address is confirmed', async () => {
    await page.goto(`${chat.url}/oauth/openid`);
    return page.url() === `${chat.url}/`;
  });
  assert.equal(await greeting(page), `${who.name} is USER`);
  return { who, page };
}

const greeting = (page) => page.getByRole('heading').innerText();

describe('with sessions of its own', () => {
  let chat;
  before(async () => (chat = await librechat('chat-own')));
  after(() => chat.stop());

  test('it refuses an issuer by plain http, on its own machine too', async () => {
    const settings = { ...chat.settings, OPENID_ISSUER: ISSUER.replace('https:', 'http:') };
    await assert.rejects(startLibreChat(settings), /HTTPS/);
  });

  test('it asks for what it needs, as it always does', async () => {
    const response = await fetch(`${chat.url}/oauth/openid`, { redirect: 'manual' });
    const asked = new URL(response.headers.get('location'));
    assert.equal(`${asked.origin}${asked.pathname}`, `${ISSUER}/oauth2/authorize`);
    const { state, code_challenge: challenge, ...rest } = Object.fromEntries(asked.searchParams);
    assert.ok(state && challenge);
    assert.deepEqual(rest, {
      client_id: 'chat-own',
      code_challenge_method: 'S256',
      redirect_uri: `${chat.url}/oauth/openid/callback`,
      response_type: 'code',
      scope: 'openid profile email roles',
    });
  });

  test('the first account comes in as administrator', async () => {
    const page = await enter(chat, admin);
    assert.equal(await greeting(page), `${admin.name} is ADMIN`);
    const code = chat.calls.find((it) => it.body.includes('authorization_code'));
    assert.match(code.body, /client_secret=pst_cs_/, 'its secret travels in the form');
    assert.equal(chat.calls.filter((it) => it.url.includes('.well-known')).length, 1, 'looked up once, at the start');
    assert.ok(chat.calls.some((it) => it.url.endsWith('/oauth2/userinfo')));
    const known = chat.people.list[0];
    assert.match(known.openidId, /^[0-9a-f]{24}$/);
    assert.deepEqual([known.email, known.name], [admin.email, admin.name]);
    assert.doesNotMatch(known.username, /@/);
  });

  test('a role is gained and lost at the next sign-in', async () => {
    const who = await member();
    const page = await enter(chat, who);
    assert.equal(await greeting(page), `${who.name} is USER`);
    for (const [roles, shown] of [[['user', 'admin'], 'ADMIN'], [['user'], 'USER']]) {
      told('user', 'set-role', who.email, ...roles);
      await until(`a sign-in makes them ${shown}`, () => isGreeted(chat, page, `${who.name} is ${shown}`));
    }
    assert.equal(chat.people.list.filter((it) => it.email === who.email).length, 1);
  });

  test('somebody who is signed in here comes in without a word', async () => {
    const who = await member();
    const page = await enter(chat, who);
    await page.goto(`${chat.url}/login`);
    await page.goto(`${chat.url}/oauth/openid`);
    assert.equal(page.url(), `${chat.url}/`);
  });

  test('an unconfirmed address is kept out with words, until it is confirmed', () => keepsOut(chat));

  test('people whom it knew by a password come in after the update that the block names', async () => {
    const who = await member();
    const local = { provider: 'local', email: who.email, name: 'As before', role: 'USER' };
    chat.people.list.push(local);
    const page = await newPage();
    await signInAt(page, `${chat.url}/oauth/openid`, who);
    await page.waitForURL(/\/login\?/);
    assert.equal(await greeting(page), 'auth_failed');
    local.provider = 'openid';
    await page.goto(`${chat.url}/oauth/openid`);
    assert.equal(await greeting(page), `${who.name} is USER`);
    assert.ok(local.openidId);
  });

  test('a sign-in page older than the chat allows begins anew at the chat', async () => {
    const who = await member();
    const page = await newPage();
    await page.goto(`${chat.url}/oauth/openid`);
    advance(16);
    const begun = page.waitForRequest((it) => it.url().startsWith(`${chat.url}/oauth/openid?iss=`));
    await fillSignIn(page, who);
    const { searchParams } = new URL((await begun).url());
    assert.deepEqual([...searchParams], [['iss', ISSUER]], 'nothing else: it would take that for an answer');
    await page.waitForURL(`${chat.url}/`);
  });

  test('its panel for administrators has a way in of its own', async () => {
    const page = await newPage();
    await signInAt(page, `${chat.url}/api/admin/oauth/openid`, admin);
    await page.waitForURL(`${chat.url}/admin`);
    assert.equal(await greeting(page), `${admin.name} is ADMIN`);
  });

  test('signing out of the chat signs out here, without a hint', async () => {
    const page = await enter(chat, await member());
    assert.deepEqual(await signOut(chat, page), ['client_id', 'post_logout_redirect_uri']);
  });
});

describe('on our tokens', () => {
  let chat;
  before(async () => (chat = await librechat('chat-reuse', '--reuse-tokens')));
  after(() => chat.stop());

  const refresh = (page) =>
    page.evaluate(async () => {
      const answer = await fetch('/api/auth/refresh', { method: 'POST' });
      return answer.ok ? (await answer.json()).token : `${answer.status} ${await answer.text()}`;
    });

  const user = async (token) => {
    const answer = await fetch(`${chat.url}/api/user`, { headers: { authorization: `Bearer ${token}` } });
    return answer.ok ? (await answer.json()).email : answer.status;
  };

  const kid = (token) => jwt.decode(token, { complete: true }).header.kid;

  test('our ID token is its bearer, and each refresh brings a new one', async () => {
    const who = await member();
    const page = await enter(chat, who);
    const first = await refresh(page);
    const second = await refresh(page);
    for (const token of [first, second]) assert.equal(await user(token), who.email);
    const sent = chat.calls.findLast((it) => it.body.includes('grant_type=refresh_token')).body;
    assert.equal(new URLSearchParams(sent).get('scope'), 'openid profile email roles offline_access');
    assert.equal(jwt.decode(second).sub, jwt.decode(first).sub);
  });

  test('an unconfirmed address is kept out with words, and gets no token, until it is confirmed', async () => {
    const codes = () => chat.calls.filter((it) => it.body.includes('authorization_code')).length;
    const before = codes();
    const { who, page } = await keepsOut(chat);
    assert.equal(codes(), before + 1, 'nothing was exchanged while the address was not confirmed');
    assert.equal(await user(await refresh(page)), who.email);
  });

  test('six tabs refresh at once, again and again, while keys rotate', async () => {
    const who = await member();
    const page = await enter(chat, who);
    const tabs = await Promise.all(Array.from({ length: 6 }, async () => {
      const tab = await page.context().newPage();
      await tab.goto(`${chat.url}/`);
      return tab;
    }));
    for (let round = 0; round < 3; round += 1) {
      const tokens = await Promise.all(tabs.map(refresh));
      for (const token of tokens) assert.equal(await user(token), who.email, token);
      advance(11);
      postern('keys', 'rotate');
    }
  });

  test('a key rotates in between, and nobody notices', async () => {
    const who = await member();
    const page = await enter(chat, who);
    const before = await refresh(page);
    assert.equal(await user(before), who.email, 'the chat keeps the key set from here on');
    // By now every verifier has seen the next key.
    advance(11);
    const turn = told('keys', 'rotate').find((it) => it.algorithm === 'RS256' && it.state === 'current').kid;
    assert.notEqual(turn, kid(before));
    let token;
    await until('the new key signs', async () => kid((token = await refresh(page))) === turn);
    assert.equal(await user(token), who.email);
    assert.equal(await user(before), who.email, 'what the former key signed is good until it expires');
  });

  test('an ID token that has expired opens nothing, and a refresh goes on', async () => {
    const who = await member();
    const page = await enter(chat, who);
    const old = await refresh(page);
    advance(61);
    assert.equal(await user(old), 401);
    assert.equal(await user(await refresh(page)), who.email);
  });

  test('an administrator is one at the next sign-in, and none after it', async () => {
    const who = await member();
    const page = await enter(chat, who);
    for (const [roles, shown] of [[['admin'], 'ADMIN'], [['user'], 'USER']]) {
      told('user', 'set-role', who.email, ...roles);
      await until(`a sign-in makes them ${shown}`, () => isGreeted(chat, page, `${who.name} is ${shown}`));
      assert.deepEqual(jwt.decode(await refresh(page)).roles.includes('admin'), shown === 'ADMIN');
    }
  });

  test('signing out of the chat signs out here, with its ID token or, where that is too long, without it', async () => {
    const who = await member();
    const spoken = [['id_token_hint', 'post_logout_redirect_uri'], ['client_id', 'logout_hint', 'post_logout_redirect_uri']];
    for (const names of spoken) {
      const page = await enter(chat, who);
      const token = decodeURIComponent((await page.context().cookies()).find((it) => it.name === 'refreshToken').value);
      assert.deepEqual(await signOut(chat, page), names);
      await assert.rejects(chat.redeem(token), { error: 'invalid_grant' }, 'what the chat lived on has ended');
      chat.settings.OPENID_MAX_LOGOUT_URL_LENGTH = '500';
    }
  });

  test('a ban signs out at the next refresh', async () => {
    const who = await member();
    const page = await enter(chat, who);
    assert.equal(await user(await refresh(page)), who.email);
    postern('user', 'ban', who.email);
    await until('the ban is felt', async () => /^403 invalid_grant/.test(await refresh(page)));
    await page.goto(`${chat.url}/oauth/openid`);
    assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
  });
});
