// Every page, and every state of it that looks different. To add one: a line here.

const assert = require('node:assert/strict');
const {
  BASE, BRANDED, stranger, fillSignIn, fillSignUp, signIn, signOut, person, postern, authorize, registered, typeCode,
  askAboutDevice, comeBack,
} = require('./world');

const at = (path) => (page) => page.goto(BASE + path);

// Lets an operator's command do something to somebody new, who then signs in with the right password.
const afterCommand = (verb, ...more) => async (page) => {
  const who = await person();
  postern('user', verb, who.email, ...more);
  await page.goto(`${BASE}/login`);
  await fillSignIn(page, who);
  await page.waitForLoadState();
};

// Answers the question about a device by the button of this name.
const answerDevice = async (page, who, button) => {
  const device = await askAboutDevice(page, who);
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('heading', { name: /^The device/ }).waitFor();
  return device;
};

// Brings somebody whose address has an account to the page that says so; `vouched` by the provider, or not. Answers who.
const comeKnown = async (page, vouched) => {
  const [local] = stranger().email.split('@');
  const login = vouched ? local : `unproven-${local}`;
  const who = await person({ email: `${login}@example.com` });
  await page.goto(await comeBack(page, login));
  // Where nobody vouches for the address, the page is the same for everybody.
  const name = vouched ? 'You have an account already' : 'Do you have an account here?';
  await page.getByRole('heading', { name }).waitFor();
  return who;
};

// Networks of their own, for what one network may do only a few times.
let networks = 0;

// `go` brings a fresh visitor to the page; `who` has an account and is not signed in yet.
const pages = {
  login: at('/login'),
  'login-wrong': async (page, who) => {
    await page.goto(`${BASE}/login`);
    await fillSignIn(page, { ...who, password: 'not this one' });
    await page.getByRole('alert').waitFor();
  },
  'login-first': async (page) => {
    await page.goto(`${BASE}/account/security`);
    await page.getByText('Sign in first').waitFor();
  },
  'login-banned': async (page) => {
    await afterCommand('ban', '--for', '2h', '--reason', 'A test')(page);
    await page.getByText(/You can sign in again/).waitFor();
  },
  'login-banned-for-good': async (page) => {
    await afterCommand('ban')(page);
    await page.getByText(/banned/i).first().waitFor();
  },
  'login-disabled': async (page) => {
    await afterCommand('disable')(page);
    await page.getByRole('heading', { name: 'This account is switched off' }).waitFor();
  },
  // Every try comes from one network: after the first visitor's the door is closed to all.
  'login-too-many': async (page, who) => {
    const refused = page.getByRole('heading', { name: /You can try again/ });
    do {
      await page.goto(`${BRANDED}/login`);
      await fillSignIn(page, { ...who, password: 'not this one' });
      await page.getByRole('alert').or(refused).waitFor();
    } while (!(await refused.isVisible()));
  },
  'login-cancelled': async (page) => {
    await page.goto(await comeBack(page));
    await page.getByText('The sign-in was stopped there').waitFor();
  },
  known: (page) => comeKnown(page, false),
  'known-claim': (page) => comeKnown(page, true),
  connect: async (page) => {
    const who = await comeKnown(page, false);
    await page.getByRole('link', { name: 'Sign in once and connect Harvest ID' }).click();
    await fillSignIn(page, who);
    await page.getByRole('heading', { name: 'Connect Harvest ID?' }).waitFor();
  },
  // It leads on by itself, where nothing keeps it.
  leaving: async (page) => {
    await signIn(page, await person());
    await page.goto(`${BASE}/account/connections`);
    await page.route('**/account/connections', async (route) => {
      const response = await route.fetch();
      const { refresh, ...headers } = response.headers();
      await route.fulfill({ response, headers });
    });
    await page.getByRole('button', { name: 'Connect GitHub' }).click();
    await page.getByRole('heading', { name: 'On to GitHub' }).waitFor();
  },
  'connections-none': async (page) => {
    await signIn(page, await person());
    await page.goto(`${BASE}/account/connections`);
    await page.getByText('None yet.').waitFor();
  },
  connections: async (page) => {
    const who = await comeKnown(page, false);
    await page.getByRole('link', { name: 'Sign in once and connect Harvest ID' }).click();
    await fillSignIn(page, who);
    await page.getByRole('button', { name: 'Connect Harvest ID' }).click();
    await page.waitForURL(`${BASE}/account`);
    await page.goto(`${BASE}/account/connections`);
    await page.getByRole('button', { name: 'Remove Harvest ID' }).waitFor();
  },
  'login-branded': (page) => page.goto(`${BRANDED}/login`),
  'register-branded': (page) => page.goto(`${BRANDED}/register`),
  register: at('/register'),
  'register-problems': async (page) => {
    await page.goto(`${BASE}/register`);
    // The browser would stop an address without a domain itself.
    await page.evaluate(() => document.querySelector('form').setAttribute('novalidate', ''));
    await fillSignUp(page, { name: 'Maren Olsen', email: 'maren@', password: 'password1' });
    await page.getByRole('alert').waitFor();
  },
  'register-done': async (page) => {
    await page.goto(`${BASE}/register`);
    await fillSignUp(page, stranger());
    await page.waitForURL(`${BASE}/login*`);
  },
  account: signIn,
  'account-menu': async (page, who) => {
    await signIn(page, who);
    await page.getByText(/: menu$/).locator('..').click();
  },
  'account-name': async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/name`);
  },
  'account-security': async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/security`);
  },
  'account-security-problems': async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/security`);
    await page.getByLabel('Current password', { exact: true }).fill('not this one');
    await page.getByLabel('New password', { exact: true }).fill('gravel tulip ferry nine');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByRole('alert').waitFor();
  },
  devices: async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/sessions`);
  },
  apps: async (page) => {
    const device = await answerDevice(page, await person(), 'Yes, let this device in');
    await device.poll();
    await page.goto(`${BASE}/account/apps`);
    await page.getByRole('heading', { name: 'Fernwood for the terminal' }).waitFor();
  },
  'apps-none': async (page) => {
    await signIn(page, await person());
    await page.goto(`${BASE}/account/apps`);
    await page.getByRole('heading', { name: 'None so far' }).waitFor();
  },
  consent: async (page, who) => {
    await signIn(page, who);
    await page.goto(authorize('notes'));
    await page.getByRole('heading', { name: 'Let Harvest Notes use your account?' }).waitFor();
  },
  'consent-self-made': async (page, who) => {
    await signIn(page, who);
    await page.goto(authorize(await registered('Harvest Notes')));
    await page.getByText('knows this app').waitFor();
  },
  // An app that nobody declared, by the document about it that tests/browser/run publishes.
  'consent-document': async (page, who) => {
    await signIn(page, who);
    await page.goto(authorize([process.env.DOCUMENT, 'https://quill.harvest.example/callback']));
    await page.getByText('knows this app').waitFor();
    await page.getByRole('link', { name: /^Privacy policy \(127\.0\.0\.1:/ }).waitFor();
  },
  // The app answers nothing, so that the page stays. It is the one call to others that a page of ours makes.
  'form-post': async (page) => {
    const { origin } = new URL('https://notes.harvest.example/');
    await page.route(`${origin}/**`, (route) => route.fulfill({ status: 204 }));
    await signIn(page, await person());
    const sent = page.waitForRequest(`${origin}/callback`);
    await page.goto(authorize('notes', { response_mode: 'form_post' }));
    await page.getByRole('button', { name: 'Allow' }).click();
    assert.match((await sent).postData(), /\bcode=pst_ac_/);
    await page.getByRole('button', { name: 'Go on' }).waitFor();
    assert.deepEqual(page.faults.splice(0), [`asked ${origin}/callback`]);
  },
  unverified: async (page) => {
    await signIn(page, await person());
    await page.goto(authorize('vault'));
    await page.getByRole('heading', { name: 'Your e-mail address is not confirmed' }).waitFor();
  },
  device: async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/device?user_code=wdjbmjht`);
  },
  'device-wrong': async (page) => {
    networks += 1;
    await page.setExtraHTTPHeaders({ 'x-forwarded-for': `198.51.100.${networks}` });
    await signIn(page, await person());
    await typeCode(page, 'BBBB-BBBB');
    await page.getByRole('alert').waitFor();
  },
  'device-confirm': askAboutDevice,
  'device-allowed': (page, who) => answerDevice(page, who, 'Yes, let this device in'),
  'device-denied': (page, who) => answerDevice(page, who, 'No, I did not start this'),
  logout: async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/logout`);
  },
  'logout-app': async (page, who) => {
    const id = `app-${stranger().email.split('@')[0]}`;
    const bye = 'https://chat.example.com/bye';
    postern('client', 'add', id, '--name', 'Fernwood Chat', '--redirect-uri', bye, '--post-logout-redirect-uri', bye);
    await signIn(page, who);
    await page.goto(`${BASE}/oauth2/logout?client_id=${id}&post_logout_redirect_uri=${encodeURIComponent(bye)}`);
    await page.getByText('Fernwood Chat sent you here').waitFor();
  },
  'signed-out': async (page, who) => {
    await signIn(page, who);
    await signOut(page);
  },
  'not-found': at('/no-such-page'),
  docs: at('/docs'),
  forged: async (page, who) => {
    await page.goto(`${BASE}/login`);
    await page.context().clearCookies();
    await fillSignIn(page, who);
    await page.waitForLoadState();
  },
};

module.exports = { pages };
