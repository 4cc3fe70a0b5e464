// What a person does: sign up, come back, sign out; with script, without, and by keyboard alone.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const {
  BASE, launch, stranger, person, authorize, device, watch, noFaults, fillSignIn, signIn, fillSignUp, signOut,
} = require('./world');

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with script' : 'without script';

  test(`sign up, second visit, sign out, ${how}`, async () => {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await watch(context);
    const who = stranger();

    await page.goto(`${BASE}/login`);
    await page.getByRole('link', { name: /sign up/i }).click();
    await page.waitForURL(`${BASE}/register*`);
    await fillSignUp(page, who);
    await page.waitForURL(`${BASE}/login*`);
    assert.equal(await page.getByLabel('E-mail').inputValue(), who.email);
    await fillSignIn(page, who);
    await page.waitForURL(`${BASE}/account`);
    assert.match(await page.locator('body').innerText(), new RegExp(who.email));

    // The second visit: another window of the same browser, after it was closed and opened again.
    const saved = await context.storageState();
    const later = await watch(await browser.newContext({ javaScriptEnabled, storageState: saved }));
    await later.goto(`${BASE}/account`);
    assert.equal(later.url(), `${BASE}/account`);
    await later.goto(`${BASE}/login`);
    assert.equal(later.url(), `${BASE}/account`, 'somebody who is signed in need not sign in');

    await signOut(page);
    for (const visit of [page, later]) {
      await visit.goto(`${BASE}/account`);
      assert.match(visit.url(), /\/login/, 'the session has ended in every window');
    }
    const thief = await watch(await browser.newContext({ javaScriptEnabled, storageState: saved }));
    await thief.goto(`${BASE}/account`);
    assert.match(thief.url(), /\/login/, 'the old cookie is dead');
    [page, later, thief].forEach(noFaults);
  });
}

for (const javaScriptEnabled of [true, false]) {
  test(`a device is let in by its link, ${javaScriptEnabled ? 'with script' : 'without script'}`, async () => {
    const page = await watch(await browser.newContext({ javaScriptEnabled }));
    const it = await device();
    await page.goto(it.verification_uri_complete);
    await fillSignIn(page, await person());
    await page.waitForURL(it.verification_uri_complete);
    assert.equal((await it.poll()).error, 'authorization_pending', 'a link lets nobody in');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Yes, let this device in' }).click();
    await page.getByRole('heading', { name: 'The device is let in' }).waitFor();
    assert.ok((await it.poll()).access_token);
    noFaults(page);
  });
}

test('an answer that travels as a form goes on by its button where there is no script', async () => {
  const page = await watch(await browser.newContext({ javaScriptEnabled: false }));
  const origin = 'https://notes.harvest.example';
  await page.route(`${origin}/**`, (route) => route.fulfill({ contentType: 'text/html', body: 'At the app' }));
  await signIn(page, await person());
  await page.goto(authorize('notes', { response_mode: 'form_post' }));
  await page.getByRole('button', { name: 'Allow' }).click();
  const button = page.getByRole('button', { name: 'Go on' });
  await button.waitFor();
  assert.deepEqual(page.faults, [], 'nothing leaves by itself');
  const sent = page.waitForRequest(`${origin}/callback`);
  await button.click();
  assert.match((await sent).postData(), /\bcode=pst_ac_/);
  await page.getByText('At the app').waitFor();
  assert.deepEqual(page.faults, [`asked ${origin}/callback`]);
});

test('the way back leads to where the person was going', async () => {
  const page = await watch(await browser.newContext());
  await page.goto(`${BASE}/account`);
  assert.match(page.url(), /\/login\?/);
  await fillSignIn(page, await person());
  await page.waitForURL(`${BASE}/account`);
  noFaults(page);
});

test('a wrong password keeps the address, empties the password and says so on top', async () => {
  const page = await watch(await browser.newContext());
  const who = await person();
  await page.goto(`${BASE}/login`);
  await fillSignIn(page, { ...who, password: 'not this one' });
  const summary = page.getByRole('alert');
  await summary.waitFor();
  assert.match(await summary.innerText(), /do not match an account/);
  assert.ok(await summary.evaluate((it) => it.contains(document.activeElement)), 'the summary has the focus');
  assert.equal(await page.getByLabel('E-mail').inputValue(), who.email);
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
  noFaults(page);
});

test('after sign-out the back button shows nothing private', async () => {
  const page = await watch(await browser.newContext());
  const who = await person();
  await signIn(page, who);
  await signOut(page);
  await page.goBack();
  await page.goBack();
  assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(who.email));
  noFaults(page);
});

// Moves on by Tab until the element with this accessible name has the focus, which must be seen.
async function tabTo(page, role, name) {
  const target = page.getByRole(role, { name, exact: true });
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    if (await target.evaluate((it) => it === document.activeElement)) {
      const seen = await target.evaluate((it) => {
        const look = getComputedStyle(it);
        return look.outlineStyle !== 'none' || look.boxShadow !== 'none';
      });
      assert.ok(seen, `the focus on ${name} cannot be seen`);
      return;
    }
  }
  assert.fail(`Tab never reached ${role} ${name}`);
}

// Moves on by Tab until the field of this label has the focus, then types.
async function typeInto(page, name, text) {
  const field = page.getByLabel(name, { exact: true });
  for (let presses = 0; !(await field.evaluate((it) => it === document.activeElement)); presses += 1) {
    assert.ok(presses < 30, `Tab never reached ${name}`);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

test('the whole way by keyboard alone', async () => {
  const page = await watch(await browser.newContext());
  const who = stranger();
  const type = (name, text) => typeInto(page, name, text);

  await page.goto(`${BASE}/register`);
  await type('Name', who.name);
  await type('E-mail', who.email);
  await type('Password', who.password);
  await tabTo(page, 'button', 'Create account');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${BASE}/login*`);
  await type('Password', who.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${BASE}/account`);
  await page.goto(`${BASE}/logout`);
  await tabTo(page, 'button', 'Sign out');
  await page.keyboard.press('Space');
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await page.goto(`${BASE}/account`);
  assert.match(page.url(), /\/login/);
  noFaults(page);
});

test('a device is let in and signed out by keyboard alone', async () => {
  const page = await watch(await browser.newContext());
  const it = await device();
  await signIn(page, await person());
  await page.goto(it.verification_uri);
  await typeInto(page, 'Code', it.user_code.toLowerCase());
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Did you start this?' }).waitFor();
  await tabTo(page, 'button', 'Yes, let this device in');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'The device is let in' }).waitFor();
  const tokens = await it.poll();
  assert.ok(tokens.refresh_token);
  await page.goto(`${BASE}/account/apps`);
  await tabTo(page, 'button', 'Sign out Fernwood for the terminal');
  await page.keyboard.press('Space');
  await page.getByText('Signed out.').waitFor();
  assert.equal((await it.poll()).error, 'invalid_grant');
  noFaults(page);
});
